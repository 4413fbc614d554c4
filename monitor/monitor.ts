/**
 * weir-monitor put together: a reader of the host, the targets that it feeds, the status server.
 * `weir up` takes the same parts and mounts `respond` and `latest` into its own pages. New settings
 * are taken while it runs; settings that do not fit change nothing.
 */
import { WeirError } from "../core/errors.ts";
import { listen, type Listening, statusApp } from "../core/http/status_server.ts";
import type { Part } from "../core/lifecycle.ts";
import { logOf } from "../core/log.ts";
import { newRegistry, type Registry } from "../core/metrics/registry.ts";
import { type Clock, systemClock } from "../core/ports/clock.ts";
import type { MetricSink, MetricSinkStats } from "../core/ports/metric_sink.ts";
import { checkSettings, type MonitorSettings } from "./config.ts";
import { HISTORY_COLLECTORS, type HostHistory } from "./history.ts";
import { registerOwn, Reloads } from "./own_metrics.ts";
import type { HostSample } from "./read/host_sample.ts";
import { makeWorks, type Works } from "./works.ts";

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
  /** What became of changes of the settings; `error`: why the newest was not taken, "" where it was. */
  settings: { appliedAt: string; error: string } & Reloads["counts"];
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
  /**
   * Takes these settings. Rejects with CONFIG_INVALID, and then nothing has changed, where they do
   * not fit or change what only a restart can.
   */
  apply(settings: MonitorSettings): Promise<void>;
  /** What became of changes of the settings, for metrics and status; whoever tries them says. */
  reloads: Reloads;
}

/** Settings that are read at the start alone. */
const FIXED = ["listen", "listenNames", "log", "shutdown", "etcd", "fleet"] as const;

/** Builds the monitor; nothing is read or opened before its parts start. Throws CONFIG_INVALID. */
export function createMonitor(settings: MonitorSettings, options: MonitorOptions = {}): Monitor {
  checkSettings(settings);
  const clock = options.clock ?? systemClock;
  const registry = options.registry ?? newRegistry("weir-monitor");
  const others = options.sink === undefined ? [] : [options.sink];
  const runner = new Runner((next, old) => makeWorks(next, { clock, registry, others }, old));
  runner.works = runner.make(settings);
  const reloads = new Reloads(clock.wallMs());
  registerOwn(registry, () => runner.works, reloads);
  const parts: Part[] = [runner];
  const status = () => statusOf(runner.works, reloads);
  if (options.history !== undefined) {
    parts.push(historyPart(options.history, () => runner.works, clock));
  }
  const respond = (request: Request) => runner.works.pages.respond(request);
  let listening: Listening | undefined;
  if (options.statusServer !== false) {
    parts.push(
      statusPart(settings, registry, respond, status, (now) => listening = now),
    );
  }
  return {
    parts,
    registry,
    latest: () => runner.works.sampler.latest,
    sample: () => runner.works.pages.sample(),
    respond,
    status,
    address: () => listening?.address,
    apply: (next) => runner.apply(next),
    reloads,
  };
}

/** The part that runs the targets, and changes them. */
class Runner implements Part {
  readonly name = "targets";
  readonly make: (settings: MonitorSettings, old?: Works) => Works;
  works!: Works;
  #running = false;
  #changing: Promise<void> = Promise.resolve();

  constructor(make: Runner["make"]) {
    this.make = make;
  }

  start(): void {
    this.#running = true;
    for (const target of this.works.targets) target.start();
  }

  async stop(deadlineMs: number): Promise<void> {
    await this.#changing;
    this.#running = false;
    const { targets, sinks, reader } = this.works;
    await Promise.all(targets.map((target) => target.stop()));
    await Promise.all(sinks.map((sink) => closeSink(sink, deadlineMs)));
    reader.close();
  }

  /** One change after the other. */
  apply(settings: MonitorSettings): Promise<void> {
    const change = this.#changing.then(() => this.#apply(settings));
    this.#changing = change.catch(() => {}); // the caller is told; the next change goes on
    return change;
  }

  async #apply(settings: MonitorSettings): Promise<void> {
    checkSettings(settings);
    const old = this.works;
    for (const name of FIXED) {
      if (JSON.stringify(old.settings[name]) === JSON.stringify(settings[name])) continue;
      throw new WeirError("CONFIG_INVALID", `${name} cannot be changed while the program runs`, {
        hint: "Restart it, or set the old value again.",
      });
    }
    const next = this.make(settings, old);
    await Promise.all(old.targets.map((target) => target.stop()));
    this.works = next;
    if (this.#running) { for (const target of next.targets) target.start(); }
    const gone = old.sinks.filter((sink) => !next.sinks.includes(sink));
    await Promise.all(gone.map((sink) => closeSink(sink, settings.shutdown)));
    if (next.reader !== old.reader) old.reader.close();
  }
}

/** Nobody can ask for the counters of a sink that is closed: what it lost then is told here. */
async function closeSink(sink: MetricSink, deadlineMs: number): Promise<void> {
  const before = sink.stats().dropped;
  await sink.close(deadlineMs);
  const { dropped, lastError } = sink.stats();
  if (dropped === before) return;
  logOf("monitor").warn("Points are lost: they could not be delivered before the end", {
    sink: sink.name,
    points: dropped - before,
    reason: lastError,
  });
}

/** The second sample follows soon: rates need two. */
function historyPart(history: HostHistory, works: () => Works, clock: Clock): Part {
  const end = new AbortController();
  let loop: Promise<void> | undefined;
  const add = async () => {
    const { reader, sampler } = works();
    const names = HISTORY_COLLECTORS.filter((name) => reader.collectors.includes(name));
    history.add(await sampler.sample(new Set(names)));
  };
  const run = async () => {
    await add();
    await clock.sleep(HISTORY_MS / 5, end.signal);
    while (!end.signal.aborted) {
      await add();
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
  settings: Pick<MonitorSettings, "listen" | "listenNames">,
  registry: Registry,
  respond: (request: Request) => Promise<Response>,
  status: () => MonitorStatus,
  opened: (listening: Listening | undefined) => void,
): Part {
  let listening: Listening | undefined;
  const app = statusApp({ registry, status, notReady: () => [] });
  return {
    name: "status server",
    start() {
      listening = listen(settings.listen, (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/metrics" && request.method === "GET") return respond(request);
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

function statusOf({ reader, sampler, sinks }: Works, reloads: Reloads): MonitorStatus {
  const sample = sampler.latest;
  return {
    reader: reader.kind,
    sampledAt: sample === undefined ? null : new Date(sample.timeMs).toISOString(),
    failing: [
      ...(sample?.collectors ?? []).filter((result) => !result.ok)
        .map(({ name, reason }) => ({ name, reason })),
      ...(sample?.textFiles?.faults ?? []).map((reason) => ({ name: "textfile", reason })),
    ],
    sinks: sinks.map((sink) => ({ name: sink.name, ...sink.stats() })),
    settings: {
      appliedAt: new Date(reloads.appliedAtMs).toISOString(),
      error: reloads.error,
      ...reloads.counts,
    },
  };
}
