/** Figures of the monitor itself; the host's never go through the registry. */
import { Counter, Gauge, type Registry } from "../core/metrics/registry.ts";
import type { Works } from "./works.ts";

export type ReloadResult = "applied" | "refused" | "kept";

/** What became of changes of the settings. */
export class Reloads {
  readonly counts: Record<ReloadResult, number> = { applied: 0, refused: 0, kept: 0 };
  /** When settings were taken last, wall milliseconds. */
  appliedAtMs: number;
  /** Why the newest change was refused; "" where it was not. */
  error = "";

  constructor(nowMs: number) {
    this.appliedAtMs = nowMs;
  }
}

/** Registers weir_monitor_*; values are read from what runs at the time of the scrape. */
export function registerOwn(registry: Registry, works: () => Works, reloads: Reloads): void {
  const registers = [registry];
  new Gauge({
    name: "weir_monitor_reader_info",
    help: "Which reader of the host is in use; always 1.",
    labelNames: ["reader"],
    registers,
    collect() {
      this.reset();
      this.set({ reader: works().reader.kind }, 1);
    },
  });
  new Gauge({
    name: "weir_monitor_series",
    help: "Host series on the last page.",
    registers,
    collect() {
      this.set(works().pages.series);
    },
  });
  new Gauge({
    name: "weir_monitor_sink_buffered_points",
    help: "Points that wait for a sink.",
    labelNames: ["sink"],
    registers,
    collect() {
      this.reset();
      for (const sink of works().sinks) this.set({ sink: sink.name }, sink.stats().buffered);
    },
  });
  new Gauge({
    name: "weir_monitor_config_last_reload_success_timestamp_seconds",
    help: "When settings were taken last, unix seconds.",
    registers,
    collect() {
      this.set(reloads.appliedAtMs / 1000);
    },
  });
  following(
    registry,
    "weir_monitor_series_dropped_total",
    "Series left out by seriesMax.",
    [],
    () => [[{}, works().pages.dropped]],
  );
  following(
    registry,
    "weir_monitor_config_reloads_total",
    "Changes of the settings, by result.",
    ["result"],
    () => Object.entries(reloads.counts).map(([result, count]) => [{ result }, count]),
  );
  following(
    registry,
    "weir_monitor_sink_points_total",
    "Points by what became of them.",
    ["sink", "result"],
    () =>
      works().sinks.flatMap((sink) => {
        const stats = sink.stats();
        return (["written", "dropped", "rejected"] as const)
          .map((result): Row => [{ sink: sink.name, result }, stats[result]]);
      }),
  );
}

type Row = [labels: Record<string, string>, value: number];

/** A counter whose values are kept elsewhere. */
function following(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  rows: () => Row[],
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of rows()) this.inc(labels, value);
    },
  });
}
