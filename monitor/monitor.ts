/**
 * weir-monitor put together: a reader of the host, the targets that it feeds, the status server.
 * `weir up` takes the same parts and mounts `respond` and `latest` into its own pages.
 */
import { Counter, Gauge, newRegistry, type Registry } from "../core/metrics/registry.ts";
import { listen, type Listening, statusApp } from "../core/http/status_server.ts";
import type { Part } from "../core/lifecycle.ts";
import { logOf } from "../core/log.ts";
import { type Clock, systemClock } from "../core/ports/clock.ts";
import { readSecret } from "../core/secrets.ts";
import type { MetricSink, MetricSinkStats } from "../core/ports/metric_sink.ts";
import { checkSettings, type MonitorSettings, parseTags, pattern } from "./config.ts";
import { HISTORY_COLLECTORS, type HostHistory } from "./history.ts";
import { hostFiles } from "./read/host_files.ts";
import type { HostSample } from "./read/host_sample.ts";
import { createPortableReader } from "./read/portable.ts";
import { createProcReader } from "./read/proc_reader.ts";
import { type HostReader, Sampler } from "./read/reader.ts";
import { systemClockState } from "./read/timex.ts";
import { createInfluxSink } from "./write/influx.ts";
import { PointWriter } from "./write/influx_points.ts";
import { sinkTarget } from "./write/influx_target.ts";
import { MetricsPages } from "./write/metrics_page.ts";

export interface MonitorOptions {
  clock?: Clock;
  /** Where this program's own figures go; without one it makes its own. */
  registry?: Registry;
  /** False where another program serves `respond`. @default {true} */
  statusServer?: boolean;
  /** A further target, such as the store of `weir up`, fed at the same interval. */
  sink?: MetricSink;
  /** Fed with a sample every ten seconds. */
  history?: HostHistory;
}

export interface MonitorStatus {
  reader: string;
  /** ISO 8601; null before the first sample. */
  sampledAt: string | null;
  failing: { name: string; reason: string }[];
  sinks: ({ name: string } & MetricSinkStats)[];
}

const HISTORY_MS = 10_000;

export interface Monitor {
  /** To be started in this order. */
  parts: Part[];
  registry: Registry;
  /** The newest sample of any target; undefined before the first. */
  latest(): HostSample | undefined;
  /** A sample of now with the collectors of the scrape. */
  sample(): Promise<HostSample>;
  /** Answers GET /metrics with the host's and this program's metrics. */
  respond(request: Request): Promise<Response>;
  /** State for /api/status. */
  status(): MonitorStatus;
  /** Address in use; undefined before the start, or without status server. */
  address(): string | undefined;
}

/** Builds the monitor; nothing is read or opened before its parts start. Throws CONFIG_INVALID. */
export function createMonitor(settings: MonitorSettings, options: MonitorOptions = {}): Monitor {
  checkSettings(settings);
  const clock = options.clock ?? systemClock;
  const registry = options.registry ?? newRegistry("weir-monitor");
  const reader = createReader(settings, clock);
  const sampler = new Sampler(reader, clock, settings.sharedFor);
  const known = new Set(reader.collectors);
  const pages = new MetricsPages({
    registry,
    sampler: settings.prometheus.enabled ? sampler : undefined,
    collectors: pick(settings.prometheus.collectors, known, "prometheus.collectors"),
    seriesMax: settings.prometheus.seriesMax,
  });
  const sinks: MetricSink[] = [];
  if (settings.influx.enabled) sinks.push(influxSink(settings, clock));
  if (options.sink !== undefined) sinks.push(options.sink);
  registerOwn(registry, reader, pages, sinks);
  const parts = sinks.map((sink) =>
    sinkTarget({
      name: sink.name,
      sink,
      sampler,
      points: pointWriter(settings),
      collectors: pick(settings.influx.collectors, known, "influx.collectors"),
      intervalMs: settings.influx.interval,
      clock,
    })
  );
  const state = () => statusOf(reader, sampler, sinks);
  if (options.history !== undefined) {
    const collectors = new Set(HISTORY_COLLECTORS.filter((name) => known.has(name)));
    parts.push(historyPart(options.history, sampler, collectors, clock));
  }
  let listening: Listening | undefined;
  if (options.statusServer !== false) {
    parts.push(statusPart(settings, registry, pages, state, (now) => listening = now));
  }
  return {
    parts,
    registry,
    latest: () => sampler.latest,
    sample: () =>
      sampler.sample(new Set(settings.prometheus.collectors.filter((c) => known.has(c)))),
    respond: (request) => pages.respond(request),
    status: state,
    address: () => listening?.address,
  };
}

/** The reader that the settings ask for. */
export function createReader(settings: MonitorSettings, clock: Clock): HostReader {
  const kind = settings.reader === "auto"
    ? (Deno.build.os === "linux" ? "procfs" : "systeminformation")
    : settings.reader;
  if (kind === "systeminformation") return createPortableReader(clock, settings.collectorTimeout);
  const never = /(?!)/;
  const { filters } = settings;
  return createProcReader({
    files: hostFiles(settings),
    clock,
    askClock: systemClockState(),
    threadStates: settings.prometheus.collectors.includes("processes"),
    ignore: {
      mountPoints: pattern("filters.mountPointsIgnore", filters.mountPointsIgnore) ?? never,
      fsTypes: pattern("filters.fsTypesIgnore", filters.fsTypesIgnore) ?? never,
      disks: pattern("filters.disksIgnore", filters.disksIgnore) ?? never,
      netDevices: pattern("filters.netDevicesIgnore", filters.netDevicesIgnore),
    },
    mountLimitMs: settings.mountTimeout,
    collectorLimitMs: settings.collectorTimeout,
  });
}

function pick(names: readonly string[], known: ReadonlySet<string>, key: string): Set<string> {
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    // Not an error: one settings file may serve hosts of several systems.
    logOf("monitor").info("Collectors that this reader does not have", {
      setting: key,
      names: unknown.join(" "),
    });
  }
  return new Set(names.filter((name) => known.has(name)));
}

function pointWriter(settings: MonitorSettings): PointWriter {
  const host = settings.host === "" ? Deno.hostname() : settings.host;
  return new PointWriter({
    tags: { ...parseTags(settings.tags), host },
    ignoreFsTypes: new Set(settings.influx.fsTypesIgnore),
  });
}

function influxSink({ influx }: MonitorSettings, clock: Clock): MetricSink {
  return createInfluxSink({
    ...influx,
    secret: () => influx.tokenFile === "" ? "" : readSecret(influx.tokenFile),
    timeoutMs: influx.timeout,
    gzipBytesMin: influx.gzipFrom,
    retryMinMs: influx.retryMin,
    retryMaxMs: influx.retryMax,
  }, clock);
}

/** The second sample follows soon: rates need two. */
function historyPart(
  history: HostHistory,
  sampler: Sampler,
  collectors: ReadonlySet<string>,
  clock: Clock,
): Part {
  const end = new AbortController();
  let loop: Promise<void> | undefined;
  const run = async () => {
    history.add(await sampler.sample(collectors));
    await clock.sleep(HISTORY_MS / 5, end.signal);
    while (!end.signal.aborted) {
      history.add(await sampler.sample(collectors));
      await clock.sleep(HISTORY_MS - clock.wallMs() % HISTORY_MS, end.signal);
    }
  };
  return {
    name: "host history",
    start() {
      loop = run();
    },
    async stop() {
      end.abort();
      await loop;
    },
  };
}

function statusPart(
  settings: MonitorSettings,
  registry: Registry,
  pages: MetricsPages,
  status: () => unknown,
  opened: (listening: Listening | undefined) => void,
): Part {
  let listening: Listening | undefined;
  const app = statusApp({ registry, status, notReady: () => [] });
  return {
    name: "status server",
    start() {
      listening = listen(settings.listen, (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/metrics" && request.method === "GET") return pages.respond(request);
        return app.fetch(request);
      }, settings.listenNames);
      opened(listening);
      logOf("monitor").info("Listening", { url: `${listening.url}metrics` });
    },
    async stop() {
      await listening?.close();
      opened(undefined);
    },
  };
}

function statusOf(
  reader: HostReader,
  sampler: Sampler,
  sinks: readonly MetricSink[],
): MonitorStatus {
  const sample = sampler.latest;
  return {
    reader: reader.kind,
    sampledAt: sample === undefined ? null : new Date(sample.timeMs).toISOString(),
    failing: (sample?.collectors ?? []).filter((result) => !result.ok)
      .map(({ name, reason }) => ({ name, reason })),
    sinks: sinks.map((sink) => ({ name: sink.name, ...sink.stats() })),
  };
}

/** Figures of the monitor itself; the host's never go through the registry. */
function registerOwn(
  registry: Registry,
  reader: HostReader,
  pages: MetricsPages,
  sinks: readonly MetricSink[],
): void {
  const registers = [registry];
  new Gauge({
    name: "weir_monitor_reader_info",
    help: "Which reader of the host is in use; always 1.",
    labelNames: ["reader"],
    registers,
  }).set({ reader: reader.kind }, 1);
  new Gauge({
    name: "weir_monitor_series",
    help: "Host series on the last page.",
    registers,
    collect() {
      this.set(pages.series);
    },
  });
  following("weir_monitor_series_dropped_total", "Series left out by seriesMax.", registry, [], [
    [{}, () => pages.dropped],
  ]);
  if (sinks.length === 0) return;
  new Gauge({
    name: "weir_monitor_sink_buffered_points",
    help: "Points that wait for a sink.",
    labelNames: ["sink"],
    registers,
    collect() {
      for (const sink of sinks) this.set({ sink: sink.name }, sink.stats().buffered);
    },
  });
  following(
    "weir_monitor_sink_points_total",
    "Points by what became of them.",
    registry,
    ["sink", "result"],
    sinks.flatMap((sink) =>
      (["written", "dropped", "rejected"] as const).map((result): Followed => [
        { sink: sink.name, result },
        () => sink.stats()[result],
      ])
    ),
  );
}

type Followed = [labels: Record<string, string>, value: () => number];

/** A counter whose value is kept elsewhere. */
function following(
  name: string,
  help: string,
  registry: Registry,
  labelNames: string[],
  rows: Followed[],
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of rows) this.inc(labels, value());
    },
  });
}
