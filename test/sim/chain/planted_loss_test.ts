/** Lines taken out of the index behind everybody's back: the audit of a simulated world names exactly these. */
import assert from "node:assert/strict";
import { startLog } from "../../../core/log.ts";
import { Random } from "../../support/random.ts";
import { united } from "../../../cli/audit/compare.ts";
import type { ChainWorld } from "./chain_world.ts";
import { runSeed } from "./run_seed.ts";
import { shortOf } from "./sim_ledger.ts";

startLog({ level: "error", write: () => {} });

/** Takes documents away; returns the ranges of their files, as the audit names them. */
function takeAway(world: ChainWorld, random: Random): string[] {
  const gone = new Map<string, { start: number; end: number }[]>();
  for (const documents of world.index.indices.values()) {
    for (const [id, source] of documents) {
      if (!random.chance(0.02)) continue;
      documents.delete(id);
      const start = source["log.offset"], generation = source["log.file.generation"];
      const ranges = gone.get(generation) ?? [];
      gone.set(generation, [...ranges, { start, end: start + source["log.length"] }]);
    }
  }
  return [...gone].flatMap(([generation, ranges]) =>
    united(ranges).map(({ start, end }) => `${generation}:${start}-${end}`)
  ).sort();
}

Deno.test("chain simulation: the audit names the lines that were taken out of the index, and no other", async () => {
  let taken = 0;
  for (let seed = 1; seed <= 5; seed++) {
    let gone: string[] = [];
    const { world, fault } = await runSeed(seed, {
      plain: true,
      beforeAudit: (world) => gone = takeAway(world, new Random(seed)),
    });
    assert(fault !== undefined || gone.length === 0, `seed ${seed}: nothing was found`);
    const { missing, ...rest } = shortOf(world, world.audited!);
    assert.deepEqual(missing.toSorted(), gone, `seed ${seed}`);
    assert.deepEqual(rest, { doubled: [], unsealed: [], unknown: [] }, `seed ${seed}`);
    taken += gone.length;
  }
  assert(taken > 20, `${taken} ranges were taken away`);
});
