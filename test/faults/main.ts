/**
 * `npm run test:faults -- --faults 100 --lines 2000000 --seed N`: the fault suite on servers of its own, and the table
 * of its recoveries. Ends with 1 where a line is lost, doubled, damaged or out of order, or a recovery took longer than
 * its bound. `--runs 5`: so many runs, one after the other, with seeds from the first one on, and one table over them.
 * `--only TEXT`: faults with that in their name; `--at-once 2`: two at a time that have nothing to do with one another,
 * with the bounds of both; `--minutes N`: no more faults in a run after so long. Needs root, for a small disk; npm builds
 * the executables first.
 */
import { type Outcome, runFaults } from "./run_faults.ts";
import { faultsFound, lateOf, tableText } from "./table.ts";

function option(name: string, initial: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? initial : Number(Deno.args[at + 1]);
}

const only = Deno.args.indexOf("--only");
const first = option("--seed", Date.now() % 1_000_000), outcomes: Outcome[] = [];
for (let run = 0; run < option("--runs", 1); run++) {
  outcomes.push(
    await runFaults({
      lines: option("--lines", 200_000),
      faults: option("--faults", 10),
      seed: first + run,
      minutes: option("--minutes", Infinity),
      atOnce: option("--at-once", 1) === 2 ? 2 : 1,
      only: only < 0 ? undefined : Deno.args[only + 1],
    }),
  );
  console.log(tableText(outcomes)); // of all so far: a later run may be interrupted
}
const isGood = outcomes.every((one) => faultsFound(one) === 0 && lateOf(one).length === 0);
Deno.exit(isGood ? 0 : 1);
