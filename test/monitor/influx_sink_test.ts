/**
 * The MetricSink promises, kept by the InfluxDB adapter against a real InfluxDB, through a proxy
 * that can be taken away.
 */
import assert from "node:assert/strict";
import type { MetricSink, Point } from "../../core/ports/metric_sink.ts";
import { metricSinkConformance, numbered } from "../../core/ports/metric_sink_conformance.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { createInfluxSink } from "../../monitor/write/influx.ts";
import { type Bucket, Site } from "./site.ts";

const BUFFER_POINTS_MAX = 300;

function sinkTo(url: string, bucket: Bucket): MetricSink {
  return createInfluxSink({
    url,
    api: "v2",
    org: bucket.access.org,
    bucket: bucket.name,
    database: "",
    retentionPolicy: "",
    username: "",
    secret: () => bucket.access.token,
    timeoutMs: 5000,
    gzipBytesMin: 1000,
    batchPointsMax: 40,
    bufferPointsMax: BUFFER_POINTS_MAX,
    retryMinMs: 20,
    retryMaxMs: 200,
  }, systemClock);
}

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
    breakDown: () => void (gate.open = false),
    heal: () => void (gate.open = true),
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

/** A way to the server that answers 503 while it is shut. */
class Gate {
  open = true;
  /** Content encodings seen. */
  readonly encodings = new Set<string>();
  readonly url: string;
  #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(target: string) {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, async (request) => {
      const body = await request.arrayBuffer();
      this.encodings.add(request.headers.get("content-encoding") ?? "none");
      if (!this.open) return new Response("shut", { status: 503 });
      const { pathname, search } = new URL(request.url);
      const headers = new Headers(request.headers);
      headers.delete("host");
      const answer = await fetch(`${target}${pathname}${search}`, {
        method: request.method,
        headers,
        body,
      });
      return new Response(answer.status === 204 ? null : await answer.text(), {
        status: answer.status,
        headers: { "content-type": answer.headers.get("content-type") ?? "text/plain" },
      });
    });
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  close(): Promise<void> {
    return this.#server.shutdown();
  }
}

/** Points as they lie in the bucket: fields of one series and time put together again. */
async function pointsOf(bucket: Bucket, measurement: string): Promise<Point[]> {
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
