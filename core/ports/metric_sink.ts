/**
 * Port: where points of host metrics go. Adapters: InfluxDB, memory, the simulator's.
 *
 * Promises: `write` takes the points at once and never blocks longer than it takes to copy them;
 * delivery follows in batches, in order, retried while the error is retriable. The buffer is
 * bounded: beyond it the oldest points are dropped and counted in `stats().dropped`. `flush`
 * resolves when everything taken before it is delivered or dropped. A point that the far side
 * refuses for good is counted in `rejected`.
 */
export interface MetricSink {
  readonly name: string;
  write(points: readonly Point[]): void;
  flush(deadlineMs: number): Promise<void>;
  stats(): MetricSinkStats;
  close(deadlineMs: number): Promise<void>;
}

export interface MetricSinkStats {
  written: number;
  dropped: number;
  rejected: number;
  buffered: number;
  /** Code and text of the last failure, "INFLUX_DENIED: Cannot write …"; empty after a success. */
  lastError: string;
  /** What the operator can do about it, empty where that is not known. */
  hint: string;
}

/** One point, Telegraf's shape: field types matter, an InfluxDB field never changes its type. */
export interface Point {
  measurement: string;
  tags: Readonly<Record<string, string>>;
  /** `int` fields are whole numbers and sent with the suffix i. */
  fields: Readonly<Record<string, { int: number } | { float: number } | { text: string }>>;
  /** Milliseconds since 1970, UTC. */
  timeMs: number;
}
