/**
 * Runs simulated worlds of the whole chain: `npm run sim -- --seeds 5000 --from 1`, or one of them with its story:
 * `npm run sim -- --seed 17`. Ends with 1 where one failed, after the command that plays it again.
 */
import { parseArgs } from "node:util";
import { startLog } from "../../../core/log.ts";
import { runSeed } from "./run_seed.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
  },
});

const only = values.seed === undefined ? undefined : Number(values.seed);
const from = only ?? Number(values.from), count = only === undefined ? Number(values.seeds) : 1;
startLog({ level: "error", write: () => {} });
let lines = 0, faults = 0, failed = 0;
for (let seed = from; seed < from + count; seed++) {
  const { world, fault } = await runSeed(seed);
  lines += world.writers.reduce((sum, { written }) => sum + written.length, 0);
  faults += world.faults;
  if (only !== undefined) console.log(world.trace.join("\n"));
  if (fault !== undefined) {
    failed++;
    console.log(`seed ${seed} failed; play it again: npm run sim -- --seed ${seed}`);
    console.log(fault instanceof Error ? fault.message : fault);
  }
}
console.log(`${count} seeds from ${from}, ${lines} lines, ${faults} faults, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
