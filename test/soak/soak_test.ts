/**
 * Ten minutes of `npm run soak`, with the chart of them left in dist/: what is written arrives once, memory, handles
 * and threads of agent and transfer do not grow. Other folders of tests run beside it: it uses little of
 * the machine.
 */
import assert from "node:assert/strict";
import { soak, soakFaults } from "./soak.ts";

const MINUTES = 10, RATE = 150, SEED = 62;

Deno.test({
  name: `${MINUTES} minutes of ${RATE} lines a second with bursts: all there once, nothing grows`,
  ignore: Deno.uid() !== 0,
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const outcome = await soak({ minutes: MINUTES, rate: RATE, seed: SEED });
    await Deno.mkdir("dist", { recursive: true });
    await Deno.writeTextFile("dist/soak.svg", outcome.svg);
    for (const { text } of outcome.trends) console.log(text);
    console.log(`${outcome.lines} lines`);
    assert.deepEqual(soakFaults(outcome), []);
    assert(outcome.lines >= MINUTES * 60 * RATE, `${outcome.lines} lines`);
    const measured = new Set(outcome.trends.map(({ program, what }) => `${program} ${what}`));
    assert(measured.has("weir-agent memory") && measured.has("weir-transfer handles"));
  },
});

if (Deno.uid() !== 0) console.log("skipped: a small disk is mounted as root alone");
