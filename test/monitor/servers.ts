/**
 * The real servers of the monitor's tests: InfluxDB of the test run, Prometheus and node_exporter
 * of their own on free ports.
 */
import { freePort, type Site, until } from "./site.ts";

export interface InfluxAccess {
  url: string;
  org: string;
  /** May make and remove buckets. */
  token: string;
}

/** Where InfluxDB 2 is. */
export function influxdbAccess(): Promise<InfluxAccess> {
  const url = Deno.env.get("WEIR_TEST_INFLUXDB");
  if (url === undefined) return Promise.reject(new Error("WEIR_TEST_INFLUXDB is not set"));
  return Promise.resolve({
    url,
    org: Deno.env.get("WEIR_TEST_INFLUXDB_ORG") ?? "lab",
    token: Deno.env.get("WEIR_TEST_INFLUXDB_TOKEN") ?? "lab-token",
  });
}

/** A Prometheus that scrapes `targets` every second under the job "node". */
export class Prometheus {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(site: Site, targets: string[]): Promise<Prometheus> {
    const port = freePort();
    const file = `${site.folder}/prometheus.yml`;
    await Deno.writeTextFile(
      file,
      JSON.stringify({
        global: { scrape_interval: "1s", scrape_timeout: "1s" },
        scrape_configs: [{ job_name: "node", static_configs: [{ targets }] }],
      }),
    );
    const running = await site.start("prometheus", "prometheus", [
      `--config.file=${file}`,
      `--storage.tsdb.path=${site.folder}/prometheus`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`);
    await until("Prometheus", async () => {
      const answer = await fetch(`${prometheus.url}/-/ready`);
      await answer.body?.cancel();
      return answer.ok || undefined;
    }).catch(async (error) => {
      throw new Error(`${error.message}\n${await running.output()}`);
    });
    return prometheus;
  }

  /** Series of an instant query. */
  async query(expression: string): Promise<PromSeries[]> {
    const body = new URLSearchParams({ query: expression });
    const answer = await fetch(`${this.url}/api/v1/query`, { method: "POST", body });
    const { status, data, error } = await answer.json();
    if (status !== "success") throw new Error(`${expression}: ${error}`);
    return data.resultType === "scalar" ? [{ metric: {}, value: data.result }] : data.result;
  }
}

export interface PromSeries {
  metric: Record<string, string>;
  value: [number, string];
}

/**
 * Starts Debian's node_exporter with further arguments; resolves with the address of its /metrics.
 */
export async function startNodeExporter(
  site: Site,
  args: string[],
): Promise<{ url: string; pid: number }> {
  const port = freePort();
  const listen = `--web.listen-address=127.0.0.1:${port}`;
  const running = await site.start("node_exporter", "prometheus-node-exporter", [listen, ...args]);
  const url = `http://127.0.0.1:${port}/metrics`;
  await until("node_exporter", async () => {
    const answer = await fetch(url);
    await answer.body?.cancel();
    return answer.ok || undefined;
  }).catch(async (error) => {
    throw new Error(`${error.message}\n${await running.output()}`);
  });
  return { url, pid: running.pid };
}

/** Runs `promtool check metrics` on a page; resolves with its complaints. */
export async function promtoolComplaints(page: string): Promise<string[]> {
  const child = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(page));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return `${text.decode(stdout)}\n${text.decode(stderr)}`.split("\n").filter((line) => line !== "");
}
