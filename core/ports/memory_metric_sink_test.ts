import assert from "node:assert/strict";
import { MemoryMetricSink } from "./memory_metric_sink.ts";
import { metricSinkConformance, numbered } from "./metric_sink_conformance.ts";

metricSinkConformance("MemoryMetricSink", { fails: false, refuses: false }, () => {
  const sink = new MemoryMetricSink();
  return {
    sink,
    arrived: (measurement) =>
      Promise.resolve(sink.points.filter((point) => point.measurement === measurement)),
    end: () => Promise.resolve(),
  };
});

Deno.test("MemoryMetricSink forgets the oldest beyond its bound and counts them", () => {
  const sink = new MemoryMetricSink(3);
  sink.write([0, 1, 2, 3, 4].map((n) => numbered("m", n)));
  assert.deepEqual(
    sink.points.map((point) => point.timeMs),
    [2, 3, 4].map((n) => numbered("m", n).timeMs),
  );
  assert.equal(sink.stats().dropped, 2);
  assert.equal(sink.stats().written, 3);
});
