/** The verdict of a soak on what grows. */
import assert from "node:assert/strict";
import type { Sample } from "./soak.ts";
import { trendOf } from "./trend.ts";

function samples(valueAt: (second: number) => number): Sample[] {
  return Array.from({ length: 600 }, (_, seconds) => {
    return { seconds, rssBytes: valueAt(seconds) * 2 ** 20, handles: 30, threads: 5 };
  });
}

Deno.test("trendOf() finds a slow leak under a collector's saw teeth, and none without one", () => {
  const saw = (second: number) => 100 + second % 17 * 8;
  const memory = (all: Sample[]) => trendOf("p", "memory", all, ({ rssBytes }) => rssBytes);
  assert(memory(samples(saw)).isFlat);
  assert(memory(samples((second) => saw(second) + Math.max(0, 150 - second))).isFlat, "warms up");
  assert(!memory(samples((second) => saw(second) + second / 4)).isFlat);
});
