/**
 * GET /metrics: the host, read at the time of the scrape, and this program's own registry, in the
 * text format or in OpenMetrics, as the scraper asks. `collect[]` names the collectors wanted, as
 * with node_exporter.
 */
import { gzipSync } from "node:zlib";
import type { Registry } from "prom-client";
import type { HostSample } from "../read/host_sample.ts";
import type { Sampler } from "../read/reader.ts";
import { Exposition, OPENMETRICS_TYPE, TEXT_TYPE } from "../../core/metrics/exposition.ts";
import { writeHost } from "./prometheus.ts";

export interface MetricsPageOptions {
  registry: Registry;
  /** Undefined where /metrics shows this program alone. */
  sampler: Sampler | undefined;
  collectors: ReadonlySet<string>;
  seriesMax: number;
}

export interface MetricsPage {
  text: string;
  contentType: string;
}

const OWN_SERIES_MAX = 10_000;

/** Makes pages, and counts what had to be left out. */
export class MetricsPages {
  #options: MetricsPageOptions;
  /** Series on the last page, and series left out since the start. */
  series = 0;
  dropped = 0;

  /** `before`: pages whose counts go on. */
  constructor(options: MetricsPageOptions, before?: MetricsPages) {
    this.#options = options;
    this.series = before?.series ?? 0;
    this.dropped = before?.dropped ?? 0;
  }

  /** A sample of now with the collectors of the page. Throws where the page shows no host. */
  sample(): Promise<HostSample> {
    const { sampler, collectors } = this.#options;
    if (sampler === undefined) throw new Error("prometheus.enabled is false");
    return sampler.sample(collectors);
  }

  /**
   * The page for a request's Accept header and the collectors that it names (none: all that are
   * set).
   */
  async page(accept: string, wanted: readonly string[] = []): Promise<MetricsPage> {
    const { registry, sampler, collectors, seriesMax } = this.#options;
    const openMetrics = /application\/openmetrics-text/.test(accept);
    const out = new Exposition(openMetrics, seriesMax);
    if (sampler !== undefined) {
      const names = wanted.length === 0
        ? collectors
        : new Set(wanted.filter((name) => collectors.has(name)));
      writeHost(out, only(await sampler.sample(names), names));
    }
    this.series = out.series;
    this.dropped += out.dropped;
    // Our own figures have room of their own: they say what had to be left out.
    const own = new Exposition(openMetrics, OWN_SERIES_MAX);
    await own.registry(registry);
    return { text: out.text(own), contentType: openMetrics ? OPENMETRICS_TYPE : TEXT_TYPE };
  }

  /** Answers GET /metrics. */
  async respond(request: Request): Promise<Response> {
    const wanted = new URL(request.url).searchParams.getAll("collect[]");
    const { text, contentType } = await this.page(request.headers.get("accept") ?? "", wanted);
    const headers: Record<string, string> = {
      "content-type": contentType,
      vary: "Accept-Encoding",
    };
    if (!takesGzip(request.headers.get("accept-encoding") ?? "")) {
      return new Response(text, { headers });
    }
    // Level 1 costs a fifth of what the HTTP server's own compression does, for a page a tenth
    // larger.
    headers["content-encoding"] = "gzip";
    return new Response(gzipSync(text, { level: 1 }), { headers });
  }
}

function takesGzip(accept: string): boolean {
  return accept.split(",").some((part) => /^\s*gzip\s*(;\s*q=(1|0\.\d*[1-9]).*)?$/i.test(part));
}

/**
 * A shared sample may have more collectors than this page is to show: `processes` is among the
 * other target's.
 */
function only(sample: HostSample, names: ReadonlySet<string>): HostSample {
  if (sample.collectors.every((result) => names.has(result.name))) return sample;
  const shown = { ...sample, collectors: sample.collectors.filter((r) => names.has(r.name)) };
  for (const result of sample.collectors) {
    if (!names.has(result.name)) { for (const key of GROUPS[result.name] ?? []) delete shown[key]; }
  }
  return shown;
}

/** What each collector puts into a sample. */
const GROUPS: Record<string, (keyof Omit<HostSample, "timeMs" | "reader" | "collectors">)[]> = {
  arp: ["arp"],
  bonding: ["bonds"],
  conntrack: ["conntrack"],
  containers: ["containers"],
  cpu: ["cpus", "cpuTotal", "physicalCpus"],
  cpufreq: ["frequencies"],
  diskstats: ["disks"],
  entropy: ["entropy"],
  filefd: ["files"],
  filesystem: ["filesystems"],
  hwmon: ["sensors"],
  interrupts: ["interrupts"],
  loadavg: ["load"],
  mdadm: ["raid"],
  meminfo: ["memory"],
  netclass: ["interfaces"],
  netdev: ["network"],
  netstat: ["protocols"],
  os: ["os"],
  powersupplyclass: ["powerSupplies"],
  pressure: ["pressure"],
  processes: ["processes"],
  schedstat: ["schedule"],
  sockstat: ["sockets"],
  softnet: ["softnet"],
  stat: ["kernel"],
  tcpstat: ["tcpStates"],
  textfile: ["textFiles"],
  thermal_zone: ["thermalZones", "coolingDevices"],
  time: ["clock", "uptimeSeconds"],
  timex: ["timex"],
  udp_queues: ["udpQueues"],
  uname: ["name"],
  users: ["users"],
  vmstat: ["vmstat"],
};
