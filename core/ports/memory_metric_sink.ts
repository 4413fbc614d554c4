/**
 * The in-memory adapter of MetricSink: keeps the newest points, delivers at once, never fails. For
 * `weir up` and for tests.
 */
import type { MetricSink, MetricSinkStats, Point } from "./metric_sink.ts";

export class MemoryMetricSink implements MetricSink {
  readonly name = "memory";
  #pointsMax: number;
  #points: Point[] = [];
  #written = 0;
  #dropped = 0;
  #closed = false;

  /** Keeps at most `pointsMax` points; older ones are forgotten and counted as dropped. */
  constructor(pointsMax = 100_000) {
    this.#pointsMax = pointsMax;
  }

  /** What is kept, in the order written. */
  get points(): readonly Point[] {
    return this.#points;
  }

  write(points: readonly Point[]): void {
    if (this.#closed) {
      this.#dropped += points.length;
      return;
    }
    this.#points.push(...points);
    this.#written += points.length;
    const over = this.#points.length - this.#pointsMax;
    if (over <= 0) return;
    this.#points.splice(0, over);
    // Forgotten points were never seen by anybody: they count as lost, not as written.
    this.#written -= over;
    this.#dropped += over;
  }

  async flush(_deadlineMs: number): Promise<void> {}

  stats(): MetricSinkStats {
    const { written, dropped } = { written: this.#written, dropped: this.#dropped };
    return { written, dropped, rejected: 0, buffered: 0, lastError: "", hint: "" };
  }

  async close(_deadlineMs: number): Promise<void> {
    this.#closed = true;
  }
}
