/**
 * MetricSink over InfluxDB: version 2 by its write API (1.8 and later speak it too), older ones by
 * `/write?db=`. Points wait as line protocol. What the server refuses for good is rejected; a
 * server that is away, busy, or does not let us in is tried again until the buffer is full.
 */
import { HttpError, InfluxDB, Point as InfluxPoint } from "@influxdata/influxdb-client";
import { messageOf, WeirError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { MetricSink, Point } from "../../core/ports/metric_sink.ts";
import { BufferedSink } from "./buffered_sink.ts";
import { InfluxTransport } from "./influx_transport.ts";

export interface InfluxOptions {
  url: string;
  /** Which way of writing the server understands. */
  api: "v2" | "v1";
  /** v2. */
  org: string;
  bucket: string;
  /** v1: database, and retention policy, "" for the default one. */
  database: string;
  retentionPolicy: string;
  /** v1: user; "" for none. */
  username: string;
  /** The token (v2) or password (v1) of the moment; "" for none. */
  secret: () => string;
  timeoutMs: number;
  gzipBytesMin: number;
  batchPointsMax: number;
  bufferPointsMax: number;
  retryMinMs: number;
  retryMaxMs: number;
}

/** A sink that writes to InfluxDB. Nothing is sent before the first `write`. */
export function createInfluxSink(options: InfluxOptions, clock: Clock): MetricSink {
  const url = options.url.replace(/\/+$/, "");
  const transport = new InfluxTransport({
    url,
    authorization: () => authorization(options),
    timeoutMs: options.timeoutMs,
    gzipBytesMin: options.gzipBytesMin,
    writePath: options.api === "v1" ? v1Path(options) : undefined,
  });
  const client = new InfluxDB({ url, transport });
  return new BufferedSink<string>({
    name: "influxdb",
    clock,
    encode: lineOf,
    batchPointsMax: options.batchPointsMax,
    bufferPointsMax: options.bufferPointsMax,
    retryMinMs: options.retryMinMs,
    retryMaxMs: options.retryMaxMs,
    async send(batch, signal) {
      transport.signal = signal;
      // Batches, retries and bounds are the buffer's: the client writes this batch once, and says
      // how it went.
      const api = client.getWriteApi(options.org, options.bucket, "ms", {
        batchSize: batch.length + 1,
        flushInterval: 0,
        maxRetries: 0,
        writeFailed: (error) => Promise.reject(error),
      });
      try {
        api.writeRecords(batch as string[]);
        await api.flush();
      } catch (error) {
        throw classify(error);
      } finally {
        // Nothing is left in it; closing stops its timers.
        await api.close();
      }
    },
  });
}

function authorization(options: InfluxOptions): string {
  const secret = options.secret();
  if (options.api === "v2") return secret === "" ? "" : `Token ${secret}`;
  return options.username === "" ? "" : `Basic ${btoa(`${options.username}:${secret}`)}`;
}

function v1Path(options: InfluxOptions): string {
  const query = new URLSearchParams({ db: options.database, precision: "ms" });
  if (options.retentionPolicy !== "") query.set("rp", options.retentionPolicy);
  return `/write?${query}`;
}

/** Line protocol of a point, milliseconds. Throws where a field is not a finite number. */
export function lineOf(point: Point): string {
  const line = new InfluxPoint(point.measurement).timestamp(String(point.timeMs));
  for (const [name, value] of Object.entries(point.tags)) line.tag(name, value);
  for (const [name, value] of Object.entries(point.fields)) {
    if ("int" in value) line.intField(name, value.int);
    else if ("float" in value) line.floatField(name, value.float);
    else line.stringField(name, value.text);
  }
  const text = line.toLineProtocol();
  if (text === undefined) throw new Error(`Cannot write a point of ${point.measurement}: no field`);
  return text;
}

/**
 * Answers that are about these very points; every other failure is about us or the server, and may
 * pass.
 */
const REFUSED = [400, 413, 422];

/** Our error for what the client threw. Retriable unless the points themselves were refused. */
export function classify(error: unknown): WeirError {
  if (error instanceof HttpError && REFUSED.includes(error.statusCode)) {
    return new WeirError("INFLUX_REJECTED", `InfluxDB refused points: ${messageOf(error)}`, {
      hint: "A field that was once written with another type is the usual cause.",
      cause: error,
    });
  }
  const status = error instanceof HttpError ? error.statusCode : 0;
  const denied = status === 401 || status === 403 || status === 404;
  const result = new WeirError(
    denied ? "INFLUX_DENIED" : "INFLUX_UNAVAILABLE",
    `Cannot write to InfluxDB: ${messageOf(error)}`,
    {
      hint: denied
        ? "Check token, organisation and bucket; points wait until they are right."
        : "Points wait, up to influx.bufferPointsMax.",
      retriable: true,
      cause: error,
    },
  );
  const seconds = error instanceof HttpError ? error.retryAfter() : 0;
  return Object.assign(result, { retryAfterMs: seconds * 1000 });
}
