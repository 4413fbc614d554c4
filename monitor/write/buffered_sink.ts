/**
 * What every MetricSink over a network needs: a bounded queue, batches in order, retries with
 * growing waits, and an account of each point. `send` does the talking. A batch that is refused for
 * good is halved until the refused points stand alone, so that one bad point costs itself only;
 * sending the good ones twice does no harm, because a point is identified by series and time.
 */
import { isRetriable, messageOf, WeirError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { MetricSink, MetricSinkStats, Point } from "../../core/ports/metric_sink.ts";

export interface BufferedSinkOptions<T> {
  name: string;
  clock: Clock;
  /** The form in which a point waits. May throw: the point is then rejected. */
  encode(point: Point): T;
  /**
   * Delivers a batch. Rejects with a retriable WeirError where it should be tried again, with any
   * other error where the batch is refused for good. `retryAfterMs` on the error is waited for.
   */
  send(batch: readonly T[], signal: AbortSignal): Promise<void>;
  /** Most points in one batch. */
  batchPointsMax: number;
  /**
   * Most points that wait. A batch under way may be held beyond it: whether it was lost is known
   * only when it ends.
   */
  bufferPointsMax: number;
  /** First and longest wait between two tries; doubled each time. */
  retryMinMs: number;
  retryMaxMs: number;
}

export class BufferedSink<T> implements MetricSink {
  readonly name: string;
  #options: BufferedSinkOptions<T>;
  #queue: T[] = [];
  /** Number of the first point in the queue, and of the next point to be taken. */
  #queueStart = 0;
  #taken = 0;
  /** The batch under way; its first `doomed` points are beyond the bound, and go if it fails. */
  #inFlight: { start: number; batch: T[]; doomed: number } | undefined;
  #stats = { written: 0, dropped: 0, rejected: 0, lastError: "", hint: "" };
  #closed = false;
  /** From the begin of close() on: one failure more is the last. */
  #closing = false;
  #pump: Promise<void> | undefined;
  #wake = new AbortController();
  #cancel = new AbortController();
  #watchers = new Set<() => void>();

  constructor(options: BufferedSinkOptions<T>) {
    this.name = options.name;
    this.#options = options;
  }

  write(points: readonly Point[]): void {
    if (this.#closed) {
      this.#stats.dropped += points.length;
      return;
    }
    for (const point of points) {
      try {
        this.#queue.push(this.#options.encode(point));
        this.#taken++;
      } catch (error) {
        this.#stats.rejected++;
        this.#failed(error);
      }
    }
    this.#trim();
    this.#run();
  }

  /**
   * Resolves when everything taken before it is delivered, dropped or rejected, or when the
   * deadline passes.
   */
  async flush(deadlineMs: number): Promise<void> {
    const target = this.#taken;
    this.#wake.abort();
    const end = new AbortController();
    const late = this.#options.clock.sleep(deadlineMs, end.signal).then(() => true);
    while (this.#oldestPending() < target) {
      let watcher = () => {};
      const settled = new Promise<boolean>((resolve) => watcher = () => resolve(false));
      this.#watchers.add(watcher);
      const over = await Promise.race([settled, late]);
      this.#watchers.delete(watcher);
      if (over) break;
    }
    end.abort();
  }

  stats(): MetricSinkStats {
    const flight = this.#inFlight;
    const underWay = flight === undefined ? 0 : flight.batch.length - flight.doomed;
    return { ...this.#stats, buffered: this.#queue.length + underWay };
  }

  /**
   * Tries once more to deliver, within the deadline; what is left then is dropped and counted. A
   * far side that is away is not waited for.
   */
  async close(deadlineMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closing = true;
    await this.flush(deadlineMs);
    this.#closed = true;
    this.#cancel.abort();
    this.#wake.abort();
    await this.#pump;
    this.#stats.dropped += this.#queue.length;
    this.#queue = [];
    this.#queueStart = this.#taken;
  }

  #oldestPending(): number {
    return this.#inFlight?.start ?? (this.#queue.length > 0 ? this.#queueStart : this.#taken);
  }

  /**
   * Drops the oldest beyond the bound. Those of the batch under way are only marked: they may
   * arrive yet.
   */
  #trim(): void {
    const flight = this.#inFlight;
    const waiting = flight === undefined ? 0 : flight.batch.length - flight.doomed;
    let over = waiting + this.#queue.length - this.#options.bufferPointsMax;
    if (over <= 0) return;
    if (flight !== undefined) {
      const marked = Math.min(over, waiting);
      flight.doomed += marked;
      over -= marked;
    }
    if (over <= 0) return;
    this.#queue.splice(0, over);
    this.#queueStart += over;
    this.#stats.dropped += over;
    this.#settled();
  }

  #settled(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #run(): void {
    if (this.#pump !== undefined || this.#queue.length === 0) return;
    this.#pump = this.#drain().finally(() => {
      this.#pump = undefined;
      if (!this.#closed) this.#run();
    });
  }

  async #drain(): Promise<void> {
    let waitMs = this.#options.retryMinMs;
    while (this.#queue.length > 0 && !this.#closed) {
      const batch = this.#queue.splice(0, this.#options.batchPointsMax);
      this.#inFlight = { start: this.#queueStart, batch, doomed: 0 };
      this.#queueStart += batch.length;
      try {
        await this.#deliver(batch);
        this.#inFlight = undefined;
        this.#stats.lastError = this.#stats.hint = "";
        waitMs = this.#options.retryMinMs;
      } catch (error) {
        this.#putBack();
        this.#failed(error);
        if (this.#closing) return this.#giveUp();
        const asked = (error as { retryAfterMs?: number }).retryAfterMs ?? 0;
        await this.#wait(Math.min(Math.max(waitMs, asked), this.#options.retryMaxMs));
        waitMs = Math.min(waitMs * 2, this.#options.retryMaxMs);
      }
      this.#settled();
    }
  }

  #failed(error: unknown): void {
    const known = error instanceof WeirError ? error : undefined;
    this.#stats.lastError = `${known === undefined ? "" : `${known.code}: `}${messageOf(error)}`;
    this.#stats.hint = known?.hint ?? "";
  }

  /**
   * What of the batch is not settled yet goes to the front again; the bound may then cost the
   * oldest.
   */
  #putBack(): void {
    const { start, batch, doomed } = this.#inFlight!;
    this.#inFlight = undefined;
    this.#queue.unshift(...batch.slice(doomed));
    this.#queueStart = start + doomed;
    this.#stats.dropped += doomed;
    this.#trim();
  }

  /** Drops what waits: close() is under way, and the far side is away. */
  #giveUp(): void {
    this.#closed = true;
    this.#stats.dropped += this.#queue.length;
    this.#queue = [];
    this.#queueStart = this.#taken;
    this.#settled();
  }

  async #wait(ms: number): Promise<void> {
    if (this.#closed || this.#closing) return;
    this.#wake = new AbortController();
    await this.#options.clock.sleep(ms, this.#wake.signal);
  }

  /**
   * Delivers a batch, halving it where it is refused. Rejects where the far side cannot be reached.
   */
  async #deliver(batch: T[]): Promise<void> {
    const open = [batch];
    for (let part = open.shift(); part !== undefined; part = open.shift()) {
      try {
        await this.#options.send(part, this.#cancel.signal);
        this.#settle(part.length);
        this.#stats.written += part.length;
      } catch (error) {
        if (isRetriable(error)) throw error;
        if (part.length > 1) {
          const middle = part.length >> 1;
          open.unshift(part.slice(0, middle), part.slice(middle));
          continue;
        }
        this.#settle(1);
        this.#stats.rejected++;
        this.#failed(error);
      }
    }
  }

  /** Takes the first points off the batch under way: they need no second try. */
  #settle(count: number): void {
    const flight = this.#inFlight!;
    flight.batch = flight.batch.slice(count);
    flight.start += count;
    flight.doomed = Math.max(0, flight.doomed - count);
  }
}
