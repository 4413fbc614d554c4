/** The agent's metrics; Labels are topics and configured things, never what a line says. */
import {
  boundedLabel,
  Counter,
  Gauge,
  Histogram,
  type Registry,
} from "../core/metrics/registry.ts";
import { logOf } from "../core/log.ts";
import type { TailSetEvents } from "./tail/tail_context.ts";
import { DeliveryRate } from "./tail/tail_report.ts";
import type { TailSet } from "./tail/tail_set.ts";

const TOPICS_MAX = 500;

export class AgentMetrics {
  readonly #label = boundedLabel(TOPICS_MAX);
  readonly #lines: Counter<"topic">;
  readonly #bytes: Counter<"topic">;
  readonly #files: Counter<"event">;
  readonly #cut: Counter;
  readonly #dropped: Counter<"rule">;
  readonly #masked: Counter<"mask">;
  readonly #odd: Counter<"what">;
  readonly #unread: Counter;
  readonly #broken: Counter;
  readonly #batchSeconds: Histogram;
  readonly #batchBytes: Counter<"topic">;
  readonly #failures: Counter<"code">;
  readonly #cutByBroker: Counter<"topic">;
  readonly #topicsMade: Counter<"replicas">;
  readonly #reloads: Counter<"result">;

  constructor(
    registry: Registry,
    set: () => TailSet | undefined,
    checkpoint: () => { savedMs: number; saves: number },
  ) {
    const registers = [registry];
    this.#lines = new Counter({
      name: "weir_agent_acknowledged_lines_total",
      help: "Lines that the sink acknowledged.",
      labelNames: ["topic"],
      registers,
    });
    this.#bytes = new Counter({
      name: "weir_agent_acknowledged_bytes_total",
      help: "File bytes that the sink acknowledged.",
      labelNames: ["topic"],
      registers,
    });
    this.#files = new Counter({
      name: "weir_agent_file_events_total",
      help: "Files that were added, resumed, rotated, truncated, removed.",
      labelNames: ["event"],
      registers,
    });
    for (const event of ["added", "resumed", "rotated", "truncated", "removed"]) {
      this.#files.inc({ event }, 0);
    }
    this.#cut = new Counter({
      name: "weir_agent_lines_cut_total",
      help: "Lines longer than tail.lineBytesMax, cut.",
      registers,
    });
    this.#dropped = new Counter({
      name: "weir_agent_lines_dropped_total",
      help: "Lines that a rule of an entry dropped on purpose, by the rule's name.",
      labelNames: ["rule"],
      registers,
    });
    this.#masked = new Counter({
      name: "weir_agent_lines_masked_total",
      help: "Lines in which a mask replaced something, by the mask's name.",
      labelNames: ["mask"],
      registers,
    });
    this.#odd = new Counter({
      name: "weir_agent_odd_input_total",
      help:
        "What was not as it should be: over-long lines skipped, NUL bytes left out, characters that are none in the file's encoding.",
      labelNames: ["what"],
      registers,
    });
    for (const what of ["skipped", "nul", "invalid"]) this.#odd.inc({ what }, 0);
    this.#unread = new Counter({
      name: "weir_agent_unread_bytes_total",
      help: "Bytes of files that were gone before they were delivered: a loss.",
      registers,
    });
    this.#broken = new Counter({
      name: "weir_agent_unpack_failures_total",
      help: "Packed files that are broken or cut short; what could be unpacked is delivered.",
      registers,
    });
    this.#batchSeconds = new Histogram({
      name: "weir_agent_request_duration_seconds",
      help: "From sending a batch to its acknowledgement.",
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    });
    this.#batchBytes = new Counter({
      name: "weir_agent_sent_bytes_total",
      help: "Bytes of acknowledged batches as sent, compressed.",
      labelNames: ["topic"],
      registers,
    });
    this.#failures = new Counter({
      name: "weir_agent_send_failures_total",
      help: "Failed deliveries by code; each is tried again.",
      labelNames: ["code"],
      registers,
    });
    this.#cutByBroker = new Counter({
      name: "weir_agent_broker_cuts_total",
      help: "Times that a line was cut in half because the broker took none so long.",
      labelNames: ["topic"],
      registers,
    });
    this.#topicsMade = new Counter({
      name: "weir_agent_topics_made_total",
      help: "Topics that were missing and were made, by replicas; fewer than 3 can lose lines.",
      labelNames: ["replicas"],
      registers,
    });
    this.#reloads = new Counter({
      name: "weir_agent_config_reloads_total",
      help: "Changes of what to tail, by result.",
      labelNames: ["result"],
      registers,
    });
    for (const result of ["applied", "refused", "kept"]) this.#reloads.inc({ result }, 0);
    new Gauge({
      name: "weir_agent_files_waiting",
      help: "Files with something to read that wait to be opened: tail.openMax are open already.",
      registers,
      collect() {
        this.set(set()?.waitingFiles ?? 0);
      },
    });
    new Gauge({
      name: "weir_agent_files_open",
      help: "Files that are open.",
      registers,
      collect() {
        this.set(set()?.openFiles ?? 0);
      },
    });
    new Gauge({
      name: "weir_agent_unreadable_paths",
      help: "Files and folders that are wanted and cannot be read now, by code; 1000 at most.",
      labelNames: ["code"],
      registers,
      collect() {
        this.reset();
        for (const { code } of set()?.problems ?? []) this.inc({ code });
      },
    });
    new Gauge({
      name: "weir_agent_in_flight_bytes",
      help: "Bytes read and not yet acknowledged.",
      registers,
      collect() {
        this.set(set()?.inFlightBytes ?? 0);
      },
    });
    new Gauge({
      name: "weir_agent_lag_bytes",
      help: "Bytes in files behind the acknowledged offset, by topic.",
      labelNames: ["topic"],
      registers,
      collect: () => {},
    });
    new Gauge({
      name: "weir_agent_checkpoint_age_seconds",
      help: "Since the last checkpoint that was written; 0 before the first.",
      registers,
      collect() {
        const { savedMs } = checkpoint();
        this.set(savedMs === 0 ? 0 : Math.max(0, (Date.now() - savedMs) / 1000));
      },
    });
    new Gauge({
      name: "weir_agent_rotated_unread_bytes",
      help:
        "Bytes of files that were renamed or removed and are not delivered: lost where the next rotation, or for a removed file the end of the agent, comes first.",
      labelNames: ["state"],
      registers,
      collect() {
        for (const state of ["renamed", "removed"]) this.set({ state }, 0);
        for (const row of set()?.status(100_000) ?? []) {
          if (row.rotated !== "") this.inc({ state: row.rotated }, row.lagBytes);
        }
      },
    });
    const rate = new DeliveryRate(performance.now());
    const acknowledged = () => this.bytesAcknowledged;
    new Gauge({
      name: "weir_agent_catch_up_seconds",
      help:
        "Time until all that is in the files is delivered, at the rate of the last minutes; 86400: a day or more.",
      registers,
      collect() {
        rate.sample(acknowledged(), performance.now());
        const rows = set()?.status(100_000) ?? [];
        this.set(rate.secondsFor(rows.reduce((sum, row) => sum + row.lagBytes, 0)));
      },
    });
    const lag = registry.getSingleMetric("weir_agent_lag_bytes") as Gauge<"topic">;
    (lag as unknown as { collect: () => void }).collect = () => {
      lag.reset();
      for (const row of set()?.status(100_000) ?? []) {
        lag.inc({ topic: this.#label(row.topic) }, row.lagBytes);
      }
    };
  }

  /** Since the start, over all topics. */
  linesAcknowledged = 0;
  bytesAcknowledged = 0;

  readonly tailEvents: TailSetEvents = {
    added: () => this.#files.inc({ event: "added" }),
    resumed: () => this.#files.inc({ event: "resumed" }),
    rotated: () => this.#files.inc({ event: "rotated" }),
    truncated: () => this.#files.inc({ event: "truncated" }),
    removed: (_path, unreadBytes) => {
      this.#files.inc({ event: "removed" });
      this.#unread.inc(unreadBytes);
    },
    broken: (path, reason) => {
      this.#broken.inc();
      logOf("agent.tail").error("Cannot unpack a file to its end, what could be unpacked is read", {
        path,
        reason,
      });
    },
    cut: (lines) => this.#cut.inc(lines),
    counted: (what, name, number) => {
      if (what === "cut") this.#cut.inc(number);
      else if (what === "dropped") this.#dropped.inc({ rule: this.#label(name) }, number);
      else if (what === "masked") this.#masked.inc({ mask: this.#label(name) }, number);
      else this.#odd.inc({ what }, number);
    },
    acknowledged: (topic, lines, bytes) => {
      this.linesAcknowledged += lines;
      this.bytesAcknowledged += bytes;
      this.#lines.inc({ topic: this.#label(topic) }, lines);
      this.#bytes.inc({ topic: this.#label(topic) }, bytes);
    },
  };

  batch(topic: string, bytes: number, ms: number): void {
    this.#batchSeconds.observe(ms / 1000);
    this.#batchBytes.inc({ topic: this.#label(topic) }, bytes);
  }
  failure(code: string): void {
    this.#failures.inc({ code });
  }
  cutByBroker(topic: string): void {
    this.#cutByBroker.inc({ topic: this.#label(topic) });
  }
  topicMade(replicas: number): void {
    this.#topicsMade.inc({ replicas: String(replicas) });
  }
  reload(result: "applied" | "refused" | "kept"): void {
    this.#reloads.inc({ result });
  }
}
