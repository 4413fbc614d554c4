/**
 * The simulated MetricSink: the real queue of the InfluxDB adapter over a far side that fails,
 * delays, answers late and refuses by seed, on a clock that leaps to the next thing due. A thousand
 * seconds of outages pass in milliseconds, and the same seed gives the same run.
 */
import { setImmediate } from "node:timers";
import { WeirError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { Point } from "../../core/ports/metric_sink.ts";
import { BufferedSink } from "../../monitor/write/buffered_sink.ts";
import { randomOf } from "../support/random.ts";

/** Time that leaps: whenever nothing else can run, the earliest sleeper wakes. */
export class LeapClock implements Clock {
  #now = Date.UTC(2026, 10, 21);
  #sleepers: { at: number; wake: () => void }[] = [];
  #ticking = false;

  wallMs(): number {
    return this.#now;
  }
  monotonicMs(): number {
    return this.#now;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { at: this.#now + Math.max(0, ms), wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      }, { once: true });
      this.#tick();
    });
  }
  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    // A turn of the event loop: every promise that can go on has gone on.
    setImmediate(() => {
      this.#ticking = false;
      const next = this.#sleepers.sort((a, b) => a.at - b.at).shift();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      if (this.#sleepers.length > 0) this.#tick();
    });
  }
}

export interface SimSinkOptions {
  seed: number;
  /** Share of sends that fail, and share of the failed ones that had arrived all the same. */
  failRate: number;
  lostAnswerRate: number;
  bufferPointsMax: number;
  batchPointsMax: number;
}

/** A sink and its far side. Points of the measurement "refused" are refused for good. */
export class SimMetricSink {
  readonly sink: BufferedSink<Point>;
  readonly clock = new LeapClock();
  down = false;
  sends = 0;
  #arrived = new Map<string, Point>();

  constructor(options: SimSinkOptions) {
    const random = randomOf(options.seed);
    this.sink = new BufferedSink<Point>({
      name: "simulated",
      clock: this.clock,
      encode: (point) => point,
      batchPointsMax: options.batchPointsMax,
      bufferPointsMax: options.bufferPointsMax,
      retryMinMs: 50,
      retryMaxMs: 5000,
      send: async (batch) => {
        this.sends++;
        await this.clock.sleep(1 + random() * 40);
        const unavailable = () =>
          new WeirError("SIM_DOWN", "Far side is away", { retriable: true });
        if (this.down) throw unavailable();
        const fails = random() < options.failRate;
        if (fails && random() >= options.lostAnswerRate) throw unavailable();
        if (batch.some((point) => point.measurement === "refused")) {
          throw new WeirError("SIM_REFUSED", "Far side refuses the points");
        }
        for (const point of batch) {
          // As in InfluxDB: the same series and time is the same point.
          const key = JSON.stringify([point.measurement, point.tags, point.timeMs]);
          this.#arrived.set(key, point);
        }
        if (fails) throw unavailable();
      },
    });
  }

  /** Points of a measurement, by time. */
  arrived(measurement: string): Point[] {
    return [...this.#arrived.values()]
      .filter((point) => point.measurement === measurement)
      .sort((a, b) => a.timeMs - b.timeMs);
  }
}
