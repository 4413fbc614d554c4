import assert from "node:assert/strict";
import { Watchdog } from "./watchdog.ts";

Deno.test("Watchdog: no answer of a broker, and nothing read of what is there, ask for a new start", () => {
  const watchdog = new Watchdog(1000);
  assert.equal(watchdog.faultOf(999, 999), undefined);
  const silent = watchdog.faultOf(1000, 0), idle = watchdog.faultOf(0, 1000);
  assert.deepEqual([silent?.code, silent?.retriable], ["KAFKA_STUCK", true]);
  assert.match(silent!.message, /^No broker answered/);
  assert.match(idle!.message, /^Nothing was read/);
});

Deno.test("Watchdog: a start that helps nothing is waited for twice as long, up to 64 times", () => {
  const watchdog = new Watchdog(1000);
  for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000]) {
    assert.equal(watchdog.faultOf(0, waitMs - 1), undefined, `${waitMs} ms`);
    assert.notEqual(watchdog.faultOf(0, waitMs), undefined, `${waitMs} ms`);
  }
  assert.equal(watchdog.faultOf(0, 0), undefined); // something was read
  assert.notEqual(watchdog.faultOf(0, 1000), undefined);
});
