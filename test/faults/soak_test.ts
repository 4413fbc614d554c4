/** A short soak of the whole chain, and its verdict on what grows. */
import assert from "node:assert/strict";
import { type Sample, soak, soakFaults } from "./soak.ts";
import { trendOf } from "./soak_trend.ts";

const MINUTES = 4, RATE = 200, GAIN_MAX = 40;

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

Deno.test({
  name: `soak of ${MINUTES} minutes with bursts: every line there once, nothing that grows`,
  ignore: Deno.uid() !== 0,
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const seed = Number(Deno.env.get("WEIR_SEED") ?? Date.now() % 1_000_000);
    console.log(
      `play it again: npm run soak -- --minutes ${MINUTES} --rate ${RATE} --seed ${seed}`,
    );
    const outcome = await soak({ minutes: MINUTES, rate: RATE, seed });
    for (const { text } of outcome.trends) console.log(text);
    assert(outcome.lines > MINUTES * 60 * RATE);
    assert.equal(outcome.trends.length, 6);
    assert.deepEqual(soakFaults({ ...outcome, trends: [] }), []);
    // Four minutes are short for a verdict on memory, which the command gives; a leak of handles shows.
    const grown = outcome.trends.filter(({ what, gain }) => what !== "memory" && gain > GAIN_MAX);
    assert.deepEqual(grown, []);
    assert.match(outcome.svg, /<polyline/);
  },
});
