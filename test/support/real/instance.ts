/** A server of the tests: starts on its port and data, is ready by a condition, can be killed and started again. */
import { NeverError, waitFor } from "../wait.ts";
import { removeAll } from "../temp.ts";
import { GuardedProcess } from "./guard.ts";
import type { Say } from "./install.ts";

/** What every start of a server takes. */
export interface StartOptions {
  /** Gets the progress of an installation. @default standard error */
  say?: Say;
  /** Lets the server outlive this process; its folder goes when it ends. @default {false} */
  keep?: boolean;
}

export interface ServerPlan {
  name: string;
  /** host:port, or a URL. */
  address: string;
  /** Its run folder, made by runFolder(); removed by remove(). */
  folder: string;
  command: readonly string[];
  /** The whole environment. @default this process's without what servers read */
  env?: Record<string, string>;
  /** File for standard input. */
  input?: string;
  keep?: boolean;
  /** True when it answers; an error means not yet. */
  ready(log: string): boolean | Promise<boolean>;
  /** @default {60000} */
  readyTimeoutMs?: number;
  /** After this a stop becomes a kill. @default {15000} */
  stopTimeoutMs?: number;
}

/** One server. `await using` ends it and removes its folder. */
export class Server implements AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly #plan: ServerPlan;
  #process: GuardedProcess | undefined;

  constructor(plan: ServerPlan) {
    this.#plan = plan;
    this.name = plan.name;
    this.address = plan.address;
  }

  static async start(plan: ServerPlan): Promise<Server> {
    const server = new Server(plan);
    try {
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** Throws where it does not run. */
  get pid(): number {
    if (this.#process === undefined) throw new Error(`${this.name} is not running`);
    return this.#process.pid;
  }

  get folder(): string {
    return this.#plan.folder;
  }

  get logFile(): string {
    return `${this.#plan.folder}/server.log`;
  }

  /** Starts it, again on the same port and data after kill9() or stop(), and waits until it answers. */
  async start(): Promise<void> {
    if (this.#process?.alive) return;
    const { name, folder, command, input, keep, ready, readyTimeoutMs = 60_000 } = this.#plan;
    await Deno.writeTextFile(this.logFile, "");
    const started = await GuardedProcess.start({
      folder,
      log: this.logFile,
      command,
      input,
      keep,
      env: this.#plan.env ?? serverEnv(),
    });
    this.#process = started;
    await waitFor(`${name} at ${this.address}`, async () => {
      if (!started.alive) {
        throw new NeverError(`${name} ended at its start\n${await this.logTail()}`);
      }
      return await ready(await Deno.readTextFile(this.logFile));
    }, { timeoutMs: readyTimeoutMs, everyMs: 50, detail: () => this.logTail() });
  }

  /** Ends it as a power cut would; its data stays. */
  async kill9(): Promise<void> {
    this.#process?.signal("SIGKILL");
    await this.#process?.gone(10_000);
    this.#process = undefined;
  }

  /** Asks it to end, kills it after a bound; its data stays. */
  async stop(): Promise<void> {
    const running = this.#process;
    running?.signal("SIGTERM");
    try {
      await running?.gone(this.#plan.stopTimeoutMs ?? 15_000);
    } catch {
      await this.kill9(); // it has had its time
    }
    this.#process = undefined;
  }

  /** Kills it and removes its folder with the data. */
  async remove(): Promise<void> {
    await this.kill9();
    await removeAll(this.#plan.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }

  /** The last 30 lines of its log. */
  async logTail(): Promise<string> {
    const text = await Deno.readTextFile(this.logFile).catch(() => "");
    return `--- end of the log of ${this.name}\n${
      text.trimEnd().split("\n").slice(-30).join("\n")
    }`;
  }
}

/** Servers that form one whole: started side by side, since none is ready alone, and ended together. */
export class Cluster implements AsyncDisposable {
  readonly nodes: readonly Server[];

  private constructor(nodes: readonly Server[]) {
    this.nodes = nodes;
  }

  /** Where one node does not start the others are ended, and it throws what that one said. */
  static async start(plans: readonly ServerPlan[]): Promise<Cluster> {
    const cluster = new Cluster(plans.map((plan) => new Server(plan)));
    const results = await Promise.allSettled(cluster.nodes.map((node) => node.start()));
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined) return cluster;
    await cluster.remove();
    throw failed.reason;
  }

  /** The addresses of all nodes, joined by commas. */
  get address(): string {
    return this.nodes.map((node) => node.address).join(",");
  }

  /** Kills the nodes and removes their data. */
  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}

/** A new run folder of a server, which every user may enter. */
export async function runFolder(name: string): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: `weir-test-${name}-` });
  await Deno.chmod(path, 0o755);
  return path;
}

/** This process's environment without the variables by which servers are set. */
export function serverEnv(): Record<string, string> {
  const settings = /^(ETCD|KAFKA|ES|INFLUXD|INFLUX)_|^(JAVA_TOOL_OPTIONS|CLASSPATH)$/;
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => !settings.test(name)),
  );
}

/** True where a GET is answered with success; `authorization` is its header, where one is wanted. */
export async function answers(url: string, authorization?: string): Promise<boolean> {
  const headers: HeadersInit = authorization === undefined ? {} : { authorization };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(3000) });
  await answer.body?.cancel();
  return answer.ok;
}
