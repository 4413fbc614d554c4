import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { WeirError } from "../../core/errors.ts";
import { ManualClock } from "../../core/ports/clock.ts";
import type { Point } from "../../core/ports/metric_sink.ts";
import { BufferedSink } from "./buffered_sink.ts";

/** Lets what waits for no time go on. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const POINT: Point = { measurement: "m", tags: {}, fields: { n: { int: 1 } }, timeMs: 0 };

Deno.test("BufferedSink.close() does not wait for a far side that is away: one try, then counted", async () => {
  let tries = 0;
  const sink = new BufferedSink<Point>({
    name: "away",
    clock: new ManualClock(),
    encode: (point) => point,
    send() {
      tries++;
      return Promise.reject(new WeirError("AWAY", "nobody there", { hint: "", retriable: true }));
    },
    batchPointsMax: 2,
    bufferPointsMax: 100,
    retryMinMs: 1000,
    retryMaxMs: 60_000,
  });
  sink.write([POINT, POINT, POINT]);
  // The clock stands still, so only a close that does not wait comes back.
  await sink.close(3_600_000);
  assert.deepEqual([sink.stats().dropped, sink.stats().written, sink.stats().buffered], [3, 0, 0]);
  assert(tries <= 2, `${tries} tries`);
});

Deno.test("BufferedSink says code, reason and hint of its last failure, and nothing after a success", async () => {
  let denied = true;
  const clock = new ManualClock();
  const sink = new BufferedSink<Point>({
    name: "denied",
    clock,
    encode(point) {
      if (point.measurement === "bad") throw new TypeError("no field");
      return point;
    },
    send: () =>
      denied
        ? Promise.reject(
          new WeirError("INFLUX_DENIED", "Cannot write to InfluxDB: unauthorized", {
            hint: "Check the token.",
            retriable: true,
          }),
        )
        : Promise.resolve(),
    batchPointsMax: 2,
    bufferPointsMax: 100,
    retryMinMs: 1000,
    retryMaxMs: 1000,
  });
  sink.write([POINT]);
  await turn();
  const { lastError, hint } = sink.stats();
  assert.deepEqual(
    [lastError, hint],
    ["INFLUX_DENIED: Cannot write to InfluxDB: unauthorized", "Check the token."],
  );
  denied = false;
  await clock.advance(2000);
  await turn();
  assert.deepEqual([sink.stats().lastError, sink.stats().hint], ["", ""]);
  sink.write([{ ...POINT, measurement: "bad" }]);
  assert.deepEqual([sink.stats().lastError, sink.stats().hint], ["no field", ""]);
  await sink.close(0);
});
