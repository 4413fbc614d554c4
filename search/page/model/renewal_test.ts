import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Renewal, type Timing } from "./renewal.ts";

/** Lets what a reading waits for go on. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A time that goes on when told, and what was done at which. */
function played(everyMs: () => number, read: () => Promise<void> = () => Promise.resolve()) {
  let nowMs = 0;
  const planned: { atMs: number; run: () => void }[] = [], ran: number[] = [];
  const timing: Timing = {
    now: () => nowMs,
    later: (waitMs, run) => void planned.push({ atMs: nowMs + waitMs, run }),
  };
  const run = () => {
    ran.push(nowMs);
    return read();
  };
  const renewal = new Renewal(run, 1000, everyMs, timing);
  const goTo = async (atMs: number) => {
    for (;;) {
      const due = planned.findIndex((one) => one.atMs <= atMs);
      if (due < 0) break;
      const [{ atMs: dueMs, run }] = planned.splice(due, 1);
      nowMs = dueMs;
      run();
      await turn();
    }
    nowMs = atMs;
  };
  return { renewal, goTo, ran };
}

Deno.test("Renewal reads soon after the first lines, and once behind the last", async () => {
  const { renewal, goTo, ran } = played(() => 20_000);
  for (let atMs = 0; atMs <= 4000; atMs += 500) {
    await goTo(atMs);
    renewal.soon();
  }
  await goTo(100_000);
  assert.deepEqual(ran, [1000, 21_000]);
});

Deno.test("Renewal reads seldom while lines go on, and as often as it is told now", async () => {
  let everyMs = 3000;
  const { renewal, goTo, ran } = played(() => everyMs);
  for (let atMs = 0; atMs < 10_000; atMs += 100) {
    if (atMs === 5000) everyMs = 20_000;
    await goTo(atMs);
    renewal.soon();
  }
  await goTo(100_000);
  assert.deepEqual(ran, [1000, 4000, 7000, 27_000]);
});

Deno.test("Renewal reads one at a time, and again where lines came meanwhile", async () => {
  const readings: (() => void)[] = [];
  const { renewal, goTo, ran } = played(
    () => 3000,
    () => new Promise((resolve) => void readings.push(resolve)),
  );
  renewal.soon();
  await goTo(20_000);
  renewal.soon();
  renewal.soon();
  await goTo(30_000);
  assert.deepEqual(ran, [1000], "the first has not ended");
  readings[0]();
  await turn();
  await goTo(60_000);
  assert.deepEqual(ran, [1000, 31_000]);
  readings[1]();
  await turn();
  await goTo(100_000);
  assert.deepEqual(ran, [1000, 31_000], "nothing came behind it");
});
