/** Each planted bug of mutants.ts and joining_mutants.ts is found by the simulator within 200 seeds. */
import assert from "node:assert/strict";
import { startLog } from "../../../core/log.ts";
import { JOINING_MUTANTS } from "./joining_mutants.ts";
import { MUTANTS } from "./mutants.ts";
import { runSeed } from "./run_seed.ts";

startLog({ level: "error", write: () => {} });

const SEEDS = 200;

for (
  const { name, seams, shows, seed: known = 1 } of [
    ...MUTANTS,
    ...JOINING_MUTANTS,
  ]
) {
  Deno.test(`chain simulation finds: ${name}`, async () => {
    assert(known <= SEEDS);
    for (const seed of new Set([known, ...Array.from({ length: SEEDS }, (_, i) => i + 1)])) {
      const { fault } = await runSeed(seed, seams());
      const seen = whatIsWrong(fault).filter((what) => shows.includes(what));
      if (seen.length === 0) continue;
      console.log(`seed ${seed}: ${seen.join(", ")}`);
      return;
    }
    assert.fail(`not found in ${SEEDS} seeds`);
  });
}

/** The names of what chain_check.ts found not as it should be. */
function whatIsWrong(fault: unknown): string[] {
  if (fault === undefined) return [];
  if (!(fault instanceof assert.AssertionError)) throw fault;
  const { audit, repaired, ...rest } = fault.actual as Record<string, object>;
  const named = (all: object, by: string): [string, unknown][] =>
    Object.entries(all ?? {}).map(([name, value]) => [`${by}: ${name}`, value]);
  return [...Object.entries(rest), ...named(audit, "audit"), ...named(repaired, "repaired")]
    .filter(([, value]) => Array.isArray(value) ? value.length > 0 : value !== 0 && value !== true)
    .map(([name]) => name);
}
