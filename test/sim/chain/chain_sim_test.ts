/** The whole chain in simulated worlds: chain_world.ts says what happens in them, chain_check.ts what must hold. */
import assert from "node:assert/strict";
import { startLog } from "../../../core/log.ts";
import { seedsToRun } from "../../support/random.ts";
import { markOf, runSeed } from "./run_seed.ts";

startLog({ level: "error", write: () => {} });

Deno.test("chain simulation: each line once in the index, in order, and all of them in the end", async () => {
  const seeds = seedsToRun(200);
  const failed: number[] = [];
  let lines = 0, joined = 0, faults = 0, first: unknown;
  for (const seed of seeds) {
    const { world, fault } = await runSeed(seed);
    lines += world.writers.reduce((sum, { written }) => sum + written.length, 0);
    faults += world.faults;
    for (const documents of world.index.indices.values()) {
      for (const { message } of documents.values()) if (message.includes("\n")) joined++;
    }
    if (fault === undefined) continue;
    failed.push(seed);
    first ??= fault;
    console.error(`seed ${seed} failed; play it again: npm run sim -- --seed ${seed}`);
  }
  const what = `${lines} lines, ${joined} joined records, ${faults} faults`;
  console.log(`${seeds.length} seeds from ${seeds[0]}, ${what}`);
  if (failed.length > 0) throw first;
  assert(joined > 0 || seeds.length < 20, "some records are of many lines");
});

Deno.test("chain simulation: a seed is one world, whenever it is run", async () => {
  const [first, second] = [await runSeed(7), await runSeed(7)];
  assert.equal(markOf(first.world), markOf(second.world));
  assert.notEqual(markOf(first.world), markOf((await runSeed(8)).world));
});
