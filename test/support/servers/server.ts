/**
 * A server that a test started: a process with a log and a way to know that it is ready. It dies with the process that
 * started it, and nothing else is ever ended.
 */
import { onPath } from "./install.ts";

export interface ServerSpec {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  clearEnv?: boolean;
  cwd?: string;
  /** Log and data. */
  folder: string;
  /** Written to its standard input, which is closed then. */
  input?: Uint8Array;
  ready: () => Promise<boolean>;
  readyMs?: number;
}

export class Server {
  readonly #spec: ServerSpec;
  #child: Deno.ChildProcess | undefined;
  #copying: Promise<unknown> = Promise.resolve();

  constructor(spec: ServerSpec) {
    this.#spec = spec;
  }

  get pid(): number {
    if (this.#child === undefined) throw new Error(`${this.#spec.name} does not run`);
    return this.#child.pid;
  }

  get log(): string {
    return `${this.#spec.folder}/${this.#spec.name}.log`;
  }

  /** Starts it and waits until it is ready. Rejects with the end of its log. */
  async start(): Promise<void> {
    const { name, command, args, folder, input } = this.#spec;
    await Deno.mkdir(folder, { recursive: true });
    // The kernel ends it when this process ends, however that happens.
    const tied = await onPath("setpriv");
    const child = this.#child = new Deno.Command(tied ? "setpriv" : command, {
      args: tied ? ["--pdeathsig", "KILL", command, ...args] : args,
      env: this.#spec.env,
      clearEnv: this.#spec.clearEnv,
      cwd: this.#spec.cwd ?? folder,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const log = await Deno.open(this.log, { create: true, append: true });
    this.#copying = Promise.all([child.stdout, child.stderr].map(async (stream) => {
      for await (const bytes of stream) await log.write(bytes);
    })).finally(() => log.close());
    if (input !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(input);
      await writer.close();
    }
    let ended = false;
    child.status.then(() => ended = true);
    const end = performance.now() + (this.#spec.readyMs ?? 90_000);
    while (!(await this.#spec.ready().catch(() => false))) {
      if (ended || performance.now() > end) {
        const tail = (await Deno.readTextFile(this.log)).slice(-3000);
        await this.kill9();
        throw new Error(
          `${name} ${ended ? "ended at its start" : "was not ready in time"}:\n${tail}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** SIGTERM, and SIGKILL where it takes more than 15 s. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const timer = setTimeout(() => signal(child, "SIGKILL"), 15_000);
    signal(child, "SIGTERM");
    await child.status;
    clearTimeout(timer);
    await this.#copying;
    this.#child = undefined;
  }

  async kill9(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    signal(child, "SIGKILL");
    await child.status;
    await this.#copying;
    this.#child = undefined;
  }
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch {
    // it has ended already
  }
}

/** A port of loopback that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** True where something answers on the port. */
export async function answers(port: number): Promise<boolean> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.close();
  return true;
}

/** True where the address answers with success. */
export async function respondsOk(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await answer.body?.cancel();
  return answer.ok;
}
