/**
 * What the monitor's tests need: a monitor from source or as executable, real servers beside it,
 * and questions to them. Everything that is started here ends with `close`.
 */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { type Exit, type Program, startProgram } from "../support/process.ts";
import { type InfluxAccess, servers } from "../support/servers.ts";
import { freePort, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

export class Site {
  readonly folder: string;
  #closing: (() => Promise<void>)[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Site> {
    const folder = await tempDir("weir-monitor-test-");
    const site = new Site(folder.path);
    site.#closing.push(() => folder.remove());
    return site;
  }

  /** Ends everything that was started, newest first. */
  async close(): Promise<void> {
    for (const end of this.#closing.reverse()) await end();
  }

  onClose(end: () => Promise<void>): void {
    this.#closing.push(end);
  }

  /** Starts a program that ends with this site at the latest. */
  start(command: string, args: readonly string[]): Program {
    const program = startProgram(command, args, { cwd: ROOT });
    this.onClose(async () => void await program.kill9());
    return program;
  }

  /**
   * Starts weir-monitor and waits until it answers. Listens on a free port. `within`: a command that
   * runs it, such as unshare with its arguments.
   */
  async monitor(
    settings: Record<string, unknown>,
    executable?: string,
    within: readonly string[] = [],
  ): Promise<RunningMonitor> {
    const port = freePort();
    const file = `${this.folder}/monitor-${port}.yaml`;
    const given = { listen: `127.0.0.1:${port}`, ...settings };
    await Deno.writeTextFile(file, stringify(given));
    const run = executable === undefined
      ? [Deno.execPath(), "run", "-A", "--quiet", "monitor/main.ts"]
      : [executable];
    const [command, ...args] = [...within, ...run, "--config", file];
    const program = this.start(command, args);
    const url = `http://127.0.0.1:${port}`;
    await waitFor("the monitor's /healthz", async () => {
      const answer = await fetch(`${url}/healthz`);
      await answer.body?.cancel();
      return answer.ok;
    }, { detail: () => program.tail() });
    return { program, url, address: `127.0.0.1:${port}`, stop: () => program.stop() };
  }

  /** A bucket of this test in the real InfluxDB. */
  async bucket(): Promise<Bucket> {
    const { influxdb: access } = await servers("influxdb");
    const name = `wm${crypto.randomUUID().slice(0, 8)}`;
    const bucket = new Bucket(access, name);
    await bucket.create();
    this.#closing.push(() => bucket.remove());
    const tokenFile = `${this.folder}/${name}.token`;
    await Deno.writeTextFile(tokenFile, `${access.token}\n`);
    bucket.tokenFile = tokenFile;
    return bucket;
  }
}

export interface RunningMonitor {
  program: Program;
  url: string;
  /** HOST:PORT. */
  address: string;
  /** Asks it to end. */
  stop(): Promise<Exit>;
}

/** One bucket, and questions to it. */
export class Bucket {
  readonly access: InfluxAccess;
  readonly name: string;
  tokenFile = "";
  #id = "";

  constructor(access: InfluxAccess, name: string) {
    this.access = access;
    this.name = name;
  }

  /** Settings of the monitor's target. */
  settings(): Record<string, unknown> {
    const { url, org } = this.access;
    return { enabled: true, url, org, bucket: this.name, tokenFile: this.tokenFile };
  }

  async create(): Promise<void> {
    const { orgs } = await this.#json("GET", `/api/v2/orgs?org=${this.access.org}`);
    const body = { orgID: orgs[0].id, name: this.name, retentionRules: [] };
    this.#id = (await this.#json("POST", "/api/v2/buckets", body)).id;
  }

  async remove(): Promise<void> {
    await this.#call("DELETE", `/api/v2/buckets/${this.#id}`);
  }

  /**
   * Rows of a Flux query, as Grafana's data source would get them: annotated CSV, values as text.
   */
  async flux(query: string): Promise<FluxRow[]> {
    const answer = await this.#call("POST", `/api/v2/query?org=${this.access.org}`, {
      query,
      dialect: { annotations: ["datatype"] },
    });
    return parseFluxCsv(answer);
  }

  async #json(method: string, path: string, body?: unknown): Promise<any> {
    return JSON.parse(await this.#call(method, path, body));
  }

  async #call(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await fetch(`${this.access.url}${path}`, {
      method,
      headers: {
        authorization: `Token ${this.access.token}`,
        "content-type": "application/json",
        accept: "application/csv, application/json",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text;
  }
}

/** Column → text, and column → type ("long", "double", "string", …). */
export interface FluxRow {
  values: Record<string, string>;
  types: Record<string, string>;
}

/** Reads annotated CSV; a table may follow another with other columns. */
export function parseFluxCsv(text: string): FluxRow[] {
  const rows: FluxRow[] = [];
  let types: string[] = [], names: string[] = [];
  for (const line of text.split("\r\n")) {
    if (line === "") {
      types = [];
      names = [];
      continue;
    }
    const cells = csvCells(line);
    if (cells[0] === "#datatype") {
      types = cells;
      names = [];
    } else if (names.length === 0) {
      names = cells;
    } else {
      const row: FluxRow = { values: {}, types: {} };
      for (let i = 1; i < names.length; i++) {
        row.values[names[i]] = cells[i] ?? "";
        row.types[names[i]] = types[i] ?? "";
      }
      rows.push(row);
    }
  }
  return rows;
}

function csvCells(line: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at <= line.length;) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(line.slice(at));
    const comma = line.indexOf(",", quoted === null ? at : at + quoted[0].length);
    const end = comma === -1 ? line.length : comma;
    cells.push(quoted === null ? line.slice(at, end) : quoted[1].replaceAll('""', '"'));
    at = end + 1;
  }
  return cells;
}

/** The executable, if it has been built. */
export function builtMonitor(): string | undefined {
  const path = `${ROOT}dist/weir-monitor`;
  try {
    Deno.statSync(path);
    return path;
  } catch {
    return undefined;
  }
}
