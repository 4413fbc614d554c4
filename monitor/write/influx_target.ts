/**
 * Takes a sample every interval and hands its points to a MetricSink. Samples lie on whole
 * multiples of the interval.
 */
import { messageOf } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { MetricSink } from "../../core/ports/metric_sink.ts";
import type { Sampler } from "../read/reader.ts";
import type { PointWriter } from "./influx_points.ts";

export interface SinkTargetOptions {
  name: string;
  sink: MetricSink;
  sampler: Sampler;
  points: PointWriter;
  collectors: ReadonlySet<string>;
  intervalMs: number;
  clock: Clock;
}

/** Starts at once: the first sample is only the base of the shares that the second one gives. */
export class SinkTarget {
  readonly sink: MetricSink;
  #options: SinkTargetOptions;
  #end = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: SinkTargetOptions) {
    this.#options = options;
    this.sink = options.sink;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Takes no further sample; the sink stays open. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const log = logOf("monitor.influx");
    const { sink, sampler, points, collectors, intervalMs, clock } = this.#options;
    const { signal } = this.#end;
    let failing = "";
    while (!signal.aborted) {
      try {
        sink.write(points.points(await sampler.sample(collectors)));
      } catch (error) {
        // A bug of ours, not of the host: readers never reject. The next interval goes on.
        log.error("Sample could not be taken", { reason: messageOf(error) });
      }
      const { lastError, hint, buffered, dropped } = sink.stats();
      if (lastError !== "" && failing === "") {
        log.warn("Points cannot be delivered", { reason: lastError, hint, buffered });
      } else if (lastError === "" && failing !== "") {
        log.info("Points are delivered again", { dropped });
      }
      failing = lastError;
      await clock.sleep(intervalMs - clock.wallMs() % intervalMs, signal);
    }
  }
}
