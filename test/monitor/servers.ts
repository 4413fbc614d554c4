/** The real servers that the monitor's tests start for themselves, and questions to them. */
import { needCommand, sayOnStderr, unpackedCommand } from "../support/real/install.ts";
import type { Program } from "../support/process.ts";
import { startPrometheus } from "../support/servers.ts";
import { freePort } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import type { Site } from "./site.ts";

/** A Prometheus that scrapes `targets` every second. */
export class Prometheus {
  /** The job of every target. */
  static readonly JOB = "test";
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(
    site: Site,
    targets: string[],
    jobs: Readonly<Record<string, readonly string[]>> = {},
  ): Promise<Prometheus> {
    const server = await startPrometheus({ targets, jobs });
    site.onClose(() => server.remove());
    return new Prometheus(server.address);
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
 * `within`: a command that runs it.
 */
export async function startNodeExporter(
  site: Site,
  args: string[],
  within: readonly string[] = [],
): Promise<{ url: string; pid: number }> {
  const name = "prometheus-node-exporter";
  const command = await unpackedCommand(name, name, sayOnStderr);
  const port = freePort();
  const [first, ...rest] = [...within, command, `--web.listen-address=127.0.0.1:${port}`, ...args];
  const program = site.start(first, rest);
  const url = `http://127.0.0.1:${port}/metrics`;
  await waitFor("node_exporter", async () => {
    const answer = await fetch(url);
    await answer.body?.cancel();
    return answer.ok;
  }, { detail: () => program.tail() });
  return { url, pid: program.pid };
}

/** Keeps CPU, memory, a disk and pipes busy with stress-ng until the site closes. */
export async function startLoad(site: Site): Promise<Program> {
  const command = await needCommand("stress-ng", "stress-ng", sayOnStderr);
  const work = { cpu: "1", vm: "1", "vm-bytes": "32M", hdd: "1", "hdd-bytes": "16M", pipe: "1" };
  const program = site.start(command, [
    ...Object.entries(work).flatMap(([name, value]) => [`--${name}`, value]),
    ...["--temp-path", site.folder, "--timeout", "120s"],
  ]);
  // Asked to end, it ends its own children first.
  site.onClose(async () => void await program.stop());
  await program.waitForLine(/dispatching hogs/);
  return program;
}

/** Runs `promtool check metrics` on a page; resolves with its complaints. */
export async function promtoolComplaints(page: string): Promise<string[]> {
  const promtool = await unpackedCommand("promtool", "prometheus", sayOnStderr);
  const child = new Deno.Command(promtool, {
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
