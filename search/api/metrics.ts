/** Figures of the search server. Labels are paths and classes of ours, never something a client sent. */
import { Counter, Gauge, Histogram, type Registry } from "../../core/metrics/registry.ts";

export class SearchMetrics {
  readonly #requests;
  readonly #seconds;

  constructor(registry: Registry, active: () => number, tails: () => number) {
    const registers = [registry];
    this.#requests = new Counter({
      name: "weir_search_requests_total",
      help: "Requests answered, by path and class of status.",
      labelNames: ["path", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "weir_search_request_duration_seconds",
      help: "Time until an answer began.",
      labelNames: ["path"],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
      registers,
    });
    new Gauge({
      name: "weir_search_active",
      help: "Queries running now.",
      registers,
      collect() {
        this.set(active());
      },
    });
    new Gauge({
      name: "weir_search_tails",
      help: "Live tails open now, those that wait for their client included.",
      registers,
      collect() {
        this.set(tails());
      },
    });
  }

  answered(path: string, status: number, seconds: number): void {
    this.#requests.inc({ path, status: `${Math.floor(status / 100)}xx` });
    this.#seconds.observe({ path }, seconds);
  }
}
