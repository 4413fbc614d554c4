import assert from "node:assert/strict";
import { metricSinkConformance, numbered } from "../../core/ports/metric_sink_conformance.ts";
import { randomOf } from "../support/random.ts";
import { SimMetricSink } from "./sim_metric_sink.ts";

metricSinkConformance("simulated MetricSink", { fails: true, refuses: true }, () => {
  const sim = new SimMetricSink({
    seed: 1,
    failRate: 0.2,
    lostAnswerRate: 0.5,
    bufferPointsMax: 250,
    batchPointsMax: 25,
  });
  return {
    sink: sim.sink,
    arrived: (measurement) => Promise.resolve(sim.arrived(measurement)),
    breakDown: () => void (sim.down = true),
    heal: () => void (sim.down = false),
    bufferPointsMax: 250,
    unacceptable: () => ({ ...numbered("refused", 1), measurement: "refused" }),
    end: () => Promise.resolve(),
  };
});

const FIRST_SEED = Number(Deno.env.get("SEED") ?? 1);

Deno.test("BufferedSink accounts for every point through outages, lost answers and refusals", async () => {
  const runs = Deno.env.has("SEED") ? 1 : 150;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + runs; seed++) {
    try {
      await accountsForEveryPoint(seed);
    } catch (error) {
      throw new Error(
        `seed ${seed}; replay: SEED=${seed} deno test -A test/sim/sim_metric_sink_test.ts`,
        { cause: error },
      );
    }
  }
});

async function accountsForEveryPoint(seed: number): Promise<void> {
  const random = randomOf(seed * 7919);
  const bufferPointsMax = 20 + Math.floor(random() * 200);
  const sim = new SimMetricSink({
    seed,
    failRate: random() * 0.6,
    lostAnswerRate: random(),
    bufferPointsMax,
    batchPointsMax: 1 + Math.floor(random() * 50),
  });
  let offered = 0, refused = 0;
  for (let step = 0; step < 60; step++) {
    sim.down = random() < 0.3;
    const points = Array.from(
      { length: Math.floor(random() * 12) },
      () => numbered("m", offered++),
    );
    if (random() < 0.1) {
      points.push({ ...numbered("refused", offered), measurement: "refused" });
      refused++;
    }
    sim.sink.write(points);
    assert(sim.sink.stats().buffered <= bufferPointsMax, "the bound holds at every moment");
    await sim.clock.sleep(random() * 400);
  }
  sim.down = false;
  await sim.sink.flush(1e7);
  const stats = sim.sink.stats();
  assert.equal(stats.buffered, 0, "progress once the faults end");
  assert.equal(stats.written + stats.dropped + stats.rejected, offered + refused);
  const arrived = sim.arrived("m").length;
  // A point may have arrived although its answer was lost and it was dropped later: never fewer
  // than said.
  assert(arrived >= stats.written, `${arrived} arrived, ${stats.written} written`);
  if (stats.dropped === 0) {
    assert.equal(arrived, offered);
    assert.equal(stats.rejected, refused);
  }
  await sim.sink.close(1000);
}
