/** Sinks to a bucket of the real InfluxDB, small enough for a test to fill, and what lies in it. */
import { systemClock } from "../../core/ports/clock.ts";
import type { MetricSink, Point } from "../../core/ports/metric_sink.ts";
import { createInfluxSink } from "../../monitor/write/influx.ts";
import type { Bucket } from "./site.ts";

export const BUFFER_POINTS_MAX = 300;
/** A server that asks for more than this gets no more than this. */
export const RETRY_MAX_MS = 200;

/** A sink whose way to the bucket is `url`. */
export function sinkTo(url: string, bucket: Bucket, timeoutMs = 5000): MetricSink {
  return createInfluxSink({
    url,
    api: "v2",
    org: bucket.access.org,
    bucket: bucket.name,
    database: "",
    retentionPolicy: "",
    username: "",
    secret: () => bucket.access.token,
    timeoutMs,
    gzipBytesMin: 1000,
    batchPointsMax: 40,
    bufferPointsMax: BUFFER_POINTS_MAX,
    retryMinMs: 20,
    retryMaxMs: RETRY_MAX_MS,
  }, systemClock);
}

/** Points as they lie in the bucket: fields of one series and time put together again. */
export async function pointsOf(bucket: Bucket, measurement: string): Promise<Point[]> {
  const rows = await bucket.flux(
    `from(bucket: "${bucket.name}") |> range(start: 0, stop: 2100-01-01T00:00:00Z) ` +
      `|> filter(fn: (r) => r._measurement == "${measurement}")`,
  );
  const points = new Map<string, Point>();
  for (const { values, types } of rows) {
    const tags = { host: values.host, n: values.n };
    const timeMs = Date.parse(values._time);
    const key = JSON.stringify([tags, timeMs]);
    const point = points.get(key) ?? { measurement, tags, fields: {}, timeMs };
    const fields = point.fields as Record<string, Point["fields"][string]>;
    const type = types._value;
    fields[values._field] = type === "long"
      ? { int: Number(values._value) }
      : type === "double"
      ? { float: Number(values._value) }
      : { text: values._value };
    points.set(key, point);
  }
  return [...points.values()].sort((a, b) => a.timeMs - b.timeMs);
}
