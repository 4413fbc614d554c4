import assert from "node:assert/strict";
import { eachMinute, encodeMinutes, MINUTE_MS, minutesWithin } from "./minutes.ts";

const MINUTE = 29_000_000;
const at = (minute: number, ms: number) => (MINUTE + minute) * MINUTE_MS + ms;

Deno.test("encodeMinutes() counts by minute and level, whatever the order of the lines", () => {
  const times = Float64Array.from([at(0, 5), at(9, 1), at(0, 59_999), at(-4, 0), at(0, 7)]);
  const levels = Uint8Array.from([3, 5, 3, 0, 0x80 | 5]);
  const found: number[][] = [];
  eachMinute(encodeMinutes(times, levels, 5), (ms, level, count) => {
    found.push([ms / MINUTE_MS - MINUTE, level, count]);
  });
  assert.deepEqual(found, [[-4, 0, 1], [0, 3, 2], [0, 5, 1], [9, 5, 1]]);
});

Deno.test("minutesWithin() tells a range that holds some of the minutes, and one that cuts one", () => {
  const bytes = encodeMinutes(Float64Array.from([at(0, 5), at(9, 1)]), new Uint8Array(2), 2);
  const within = (fromMs: number, toMs: number) => {
    const { some, cut } = minutesWithin(bytes, fromMs, toMs);
    return `${some} ${cut}`;
  };
  assert.equal(within(at(0, 0), at(10, 0)), "true false");
  assert.equal(within(at(1, 0), at(9, 0)), "false false");
  assert.equal(within(at(1, 0), at(9, 1)), "true true");
  assert.equal(within(at(0, 1), at(5, 0)), "true true");
  assert.equal(within(at(9, 0), at(10, 0)), "true false");
});
