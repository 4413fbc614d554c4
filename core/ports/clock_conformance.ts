/** What every Clock must do, as tests that any adapter runs. */
import assert from "node:assert/strict";
import type { Clock } from "./clock.ts";

/** Registers the tests for one adapter; `pass` lets time go on where it does not by itself. */
export function clockConformance(
  name: string,
  clock: Clock,
  pass: (ms: number) => Promise<void>,
): void {
  Deno.test(`Clock, ${name}: monotonic time never goes back`, async () => {
    let last = clock.monotonicMs();
    for (let i = 0; i < 5; i++) {
      await pass(1);
      const now = clock.monotonicMs();
      assert(now >= last);
      last = now;
    }
  });

  Deno.test(`Clock, ${name}: sleep takes no less than was asked`, async () => {
    const since = clock.monotonicMs();
    const sleeping = clock.sleep(20);
    await pass(25);
    await sleeping;
    assert(clock.monotonicMs() - since >= 19.5);
  });

  Deno.test(`Clock, ${name}: an abort ends a sleep at once, and one before it as well`, async () => {
    const end = new AbortController();
    const sleeping = clock.sleep(3_600_000, end.signal);
    end.abort();
    await sleeping;
    await clock.sleep(3_600_000, end.signal);
  });

  Deno.test(`Clock, ${name}: a sleep of nothing ends`, async () => {
    const sleeping = clock.sleep(0);
    await pass(1);
    await sleeping;
  });
}
