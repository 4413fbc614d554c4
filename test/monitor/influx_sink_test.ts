/**
 * The MetricSink promises, kept by the InfluxDB adapter against a real InfluxDB, through a proxy
 * that can be taken away.
 */
import assert from "node:assert/strict";
import { metricSinkConformance, numbered } from "../../core/ports/metric_sink_conformance.ts";
import { Gate } from "./gate.ts";
import { BUFFER_POINTS_MAX, pointsOf, sinkTo } from "./influx_sink.ts";
import { Site } from "./site.ts";

Deno.test("InfluxDB gets small bodies as they are and larger ones as gzip", async () => {
  const site = await Site.open();
  const bucket = await site.bucket();
  const gate = new Gate(bucket.access.url);
  const sink = sinkTo(gate.url, bucket);
  sink.write([numbered("small", 0)]);
  await sink.flush(10_000);
  assert.deepEqual([...gate.encodings], ["none"]);
  sink.write(Array.from({ length: 40 }, (_, n) => numbered("large", n)));
  await sink.flush(10_000);
  assert.deepEqual([...gate.encodings], ["none", "gzip"]);
  assert.equal((await pointsOf(bucket, "large")).length, 40);
  await sink.close(1000);
  await gate.close();
  await site.close();
});

metricSinkConformance("InfluxDB", { fails: true, refuses: true }, async () => {
  const site = await Site.open();
  const bucket = await site.bucket();
  const gate = new Gate(bucket.access.url);
  const make = () => sinkTo(gate.url, bucket);
  return {
    sink: make(),
    arrived: (measurement) => pointsOf(bucket, measurement),
    breakDown: () => void (gate.state = "shut"),
    heal: () => void (gate.state = "open"),
    bufferPointsMax: BUFFER_POINTS_MAX,
    unacceptable: async () => {
      // The field is text in this bucket from now on, so an integer is refused.
      const first = make();
      first.write([{ ...numbered("typed", 0), fields: { count: { text: "a" } } }]);
      await first.close(5000);
      return { ...numbered("typed", 0), fields: { count: { int: 5 } } };
    },
    end: async () => {
      await gate.close();
      await site.close();
    },
  };
});
