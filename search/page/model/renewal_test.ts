import assert from "node:assert/strict";
import { Renewal, type Timing } from "./renewal.ts";

/** A time that goes on when told, and what was done at which. */
function played(everyMs: () => number) {
  let nowMs = 0;
  const planned: { atMs: number; run: () => void }[] = [], ran: number[] = [];
  const timing: Timing = {
    now: () => nowMs,
    later: (waitMs, run) => void planned.push({ atMs: nowMs + waitMs, run }),
  };
  const renewal = new Renewal(() => ran.push(nowMs), 1000, everyMs, timing);
  const goTo = (atMs: number) => {
    for (;;) {
      const due = planned.findIndex((one) => one.atMs <= atMs);
      if (due < 0) break;
      const [{ atMs: dueMs, run }] = planned.splice(due, 1);
      nowMs = dueMs;
      run();
    }
    nowMs = atMs;
  };
  return { renewal, goTo, ran };
}

Deno.test("Renewal reads soon after the first lines, and once behind the last", () => {
  const { renewal, goTo, ran } = played(() => 20_000);
  for (let atMs = 0; atMs <= 4000; atMs += 500) {
    goTo(atMs);
    renewal.soon();
  }
  goTo(100_000);
  assert.deepEqual(ran, [1000, 21_000]);
});

Deno.test("Renewal reads seldom while lines go on, and as often as it is told now", () => {
  let everyMs = 3000;
  const { renewal, goTo, ran } = played(() => everyMs);
  for (let atMs = 0; atMs < 10_000; atMs += 100) {
    if (atMs === 5000) everyMs = 20_000;
    goTo(atMs);
    renewal.soon();
  }
  goTo(100_000);
  assert.deepEqual(ran, [1000, 4000, 7000, 27_000]);
});
