/**
 * What the settings decide: reader, sampler, page and targets. On a change only what depends on
 * the changed settings is made anew; a sink that stays keeps its points, and counters go on.
 */
import { logOf } from "../core/log.ts";
import type { Registry } from "../core/metrics/registry.ts";
import type { Clock } from "../core/ports/clock.ts";
import type { MetricSink } from "../core/ports/metric_sink.ts";
import { readSecret } from "../core/secrets.ts";
import { type MonitorSettings, parseTags, pattern } from "./config.ts";
import { hostFiles } from "./read/host_files.ts";
import { createPortableReader } from "./read/portable.ts";
import { createProcReader } from "./read/proc_reader.ts";
import { type HostReader, Sampler } from "./read/reader.ts";
import { textFolder } from "./read/text_files.ts";
import { systemClockState } from "./read/timex.ts";
import { createInfluxSink } from "./write/influx.ts";
import { PointWriter } from "./write/influx_points.ts";
import { SinkTarget } from "./write/influx_target.ts";
import { MetricsPages } from "./write/metrics_page.ts";

export interface Works {
  readonly settings: MonitorSettings;
  readonly reader: HostReader;
  readonly sampler: Sampler;
  readonly pages: MetricsPages;
  readonly points: PointWriter;
  /** Further targets come behind InfluxDB, which is first where it is enabled. */
  readonly sinks: readonly MetricSink[];
  readonly influx: MetricSink | undefined;
  readonly targets: readonly SinkTarget[];
}

export interface WorksOptions {
  clock: Clock;
  registry: Registry;
  /** Sinks that no setting decides about. */
  others: readonly MetricSink[];
}

/** Makes everything for these settings, with what of `old` still fits. Nothing is started. */
export function makeWorks(settings: MonitorSettings, options: WorksOptions, old?: Works): Works {
  const { clock } = options;
  const same = (of: (settings: MonitorSettings) => unknown) =>
    old !== undefined && JSON.stringify(of(old.settings)) === JSON.stringify(of(settings));
  const reader = same(readerSettings) ? old!.reader : createReader(settings, clock);
  const sampler = reader === old?.reader && same(({ sharedFor }) => sharedFor)
    ? old.sampler
    : new Sampler(reader, clock, settings.sharedFor);
  const known = new Set(reader.collectors);
  const pages = new MetricsPages({
    registry: options.registry,
    sampler: settings.prometheus.enabled ? sampler : undefined,
    collectors: pick(settings.prometheus.collectors, known, "prometheus.collectors"),
    seriesMax: settings.prometheus.seriesMax,
  }, old?.pages);
  const points = same(pointSettings) ? old!.points : pointWriter(settings);
  const influx = same(sinkSettings) ? old!.influx : influxSink(settings, clock);
  const sinks = [...(influx === undefined ? [] : [influx]), ...options.others];
  const targets = sinks.map((sink) =>
    new SinkTarget({
      name: sink.name,
      sink,
      sampler,
      points,
      collectors: pick(settings.influx.collectors, known, "influx.collectors"),
      intervalMs: settings.influx.interval,
      clock,
    })
  );
  return { settings, reader, sampler, pages, points, sinks, influx, targets };
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
      cgroups: pattern("filters.cgroupsIgnore", filters.cgroupsIgnore),
    },
    cgroupsMax: settings.prometheus.cgroupsMax,
    textFolder: settings.textfileDir === "" ? undefined : textFolder(settings.textfileDir),
    mountLimitMs: settings.mountTimeout,
    collectorLimitMs: settings.collectorTimeout,
  });
}

/** What a reader depends on, as `createReader` has it. */
function readerSettings(settings: MonitorSettings): unknown {
  const { reader, filters, procDir, sysDir, rootDir, mountTimeout, collectorTimeout } = settings;
  const { textfileDir } = settings;
  const threads = settings.prometheus.collectors.includes("processes");
  const { cgroupsMax } = settings.prometheus;
  return {
    reader,
    filters,
    procDir,
    sysDir,
    rootDir,
    mountTimeout,
    collectorTimeout,
    threads,
    cgroupsMax,
    textfileDir,
  };
}

function pointSettings({ host, tags, influx }: MonitorSettings): unknown {
  return { host, tags, fsTypesIgnore: influx.fsTypesIgnore };
}

/** Interval and collectors are the target's, not the sink's. */
function sinkSettings({ influx }: MonitorSettings): unknown {
  return { ...influx, interval: 0, collectors: [], fsTypesIgnore: [] };
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

function influxSink({ influx }: MonitorSettings, clock: Clock): MetricSink | undefined {
  if (!influx.enabled) return undefined;
  return createInfluxSink({
    ...influx,
    secret: () => influx.tokenFile === "" ? "" : readSecret(influx.tokenFile),
    timeoutMs: influx.timeout,
    gzipBytesMin: influx.gzipFrom,
    retryMinMs: influx.retryMin,
    retryMaxMs: influx.retryMax,
  }, clock);
}
