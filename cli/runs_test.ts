import assert from "node:assert/strict";
import { ManualClock } from "../core/ports/clock.ts";
import { Runs, runsOf } from "./runs.ts";

const START_MS = Date.UTC(2026, 10, 21, 8);

async function inFolder(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "weir-runs-" });
  try {
    await run(`${folder}/runs.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("runs: each start begins one, the end is noted, the file holds both", () =>
  inFolder(async (path) => {
    const first = new Runs(path, new ManualClock(START_MS));
    await first.start();
    await first.stop();
    const clock = new ManualClock(START_MS + 60_000);
    const second = new Runs(path, clock);
    await second.start();
    assert.deepEqual(second.runs, [
      { fromMs: START_MS, toMs: START_MS },
      { fromMs: START_MS + 60_000, toMs: START_MS + 60_000 },
    ]);
    await second.stop();
    assert.deepEqual(runsOf(await Deno.readTextFile(path)), second.runs);
  }));

Deno.test("runs: a machine that slept ends one run and begins another", () =>
  inFolder(async (path) => {
    let nowMs = START_MS, wake = () => {};
    const runs = new Runs(path, {
      wallMs: () => nowMs,
      monotonicMs: () => 0,
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          wake = resolve;
          signal?.addEventListener("abort", () => resolve(), { once: true });
        }),
    });
    await runs.start();
    nowMs += 3_600_000;
    wake();
    await runs.stop();
    assert.deepEqual(runs.runs, [
      { fromMs: START_MS, toMs: START_MS },
      { fromMs: nowMs, toMs: nowMs },
    ]);
  }));

Deno.test("runs: what is no run is left out, the future too; broken text begins anew", () =>
  inFolder(async (path) => {
    assert.deepEqual(runsOf('[{"fromMs":2,"toMs":1},null,{"fromMs":1,"toMs":2},{"fromMs":"a"}]'), [
      { fromMs: 1, toMs: 2 },
    ]);
    for (const text of ["{", JSON.stringify([{ fromMs: START_MS + 1, toMs: START_MS + 2 }])]) {
      await Deno.writeTextFile(path, text);
      const runs = new Runs(path, new ManualClock(START_MS));
      await runs.start();
      assert.deepEqual(runs.runs, [{ fromMs: START_MS, toMs: START_MS }]);
      await runs.stop();
    }
  }));
