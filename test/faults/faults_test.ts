/**
 * A sample of `npm run test:faults`: ten faults while 200,000 lines are written. The same ten each time, so that a change
 * is judged by what it changes; WEIR_SEED plays others.
 */
import assert from "node:assert/strict";
import { plan, runFaults } from "./run_faults.ts";
import { faultsFound, tableText } from "./table.ts";

const LINES = 200_000, FAULTS_PLAYED = 10, SEED = 11;

Deno.test({
  name: `${FAULTS_PLAYED} faults under ${LINES} lines: each line is in the index once, in order`,
  ignore: Deno.uid() !== 0,
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const seed = Number(Deno.env.get("WEIR_SEED") ?? SEED);
    const options = { lines: LINES, faults: FAULTS_PLAYED, seed, giveUpMs: 480_000 };
    console.log(
      `play it again: npm run test:faults -- --faults ${FAULTS_PLAYED} --lines ${LINES} --seed ${seed}`,
    );
    const outcome = await runFaults(options);
    console.log(tableText(outcome));
    assert.equal(outcome.lines, LINES);
    assert.equal(outcome.played.length, FAULTS_PLAYED);
    assert.equal(faultsFound(outcome), 0, tableText(outcome));
  },
});

if (Deno.uid() !== 0) console.log("skipped: a small disk is mounted as root alone");

Deno.test("a seed gives the same faults each time, and no kind twice before all were there", () => {
  const names = (seed: number) => plan({ lines: 1, faults: 15, seed }).map(({ name }) => name);
  assert.deepEqual(names(7), names(7));
  assert.notDeepEqual(names(7), names(8));
  assert.equal(new Set(names(7)).size, 15);
});
