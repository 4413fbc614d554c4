/**
 * Programs that a test starts: their output is kept, they can be waited for, killed and stopped, and they end with the
 * test that started them, also when it is killed.
 */
import { NeverError, patience, waitFor } from "./wait.ts";

export interface StartOptions {
  /** Added to this process's environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** Text for its standard input. @default none */
  input?: string;
  /** Gets the text of both streams as it comes, besides its being kept. */
  onOutput?: (text: string) => void;
}

export interface Exit {
  code: number;
  signal: Deno.Signal | null;
}

/** How a program ended, and all that it wrote. */
export interface Ended extends Exit {
  stdout: string;
  stderr: string;
}

const OUTPUT_CHARACTERS_MAX = 16 * 1024 * 1024;

/** A running program. `await using` stops it at the end of the block. */
export class Program implements AsyncDisposable {
  readonly pid: number;
  /** Resolves when it has ended and all its output is read. */
  readonly exit: Promise<Exit>;
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  #stdout = "";
  #stderr = "";
  #ended = false;

  constructor(name: string, child: Deno.ChildProcess, onOutput: (text: string) => void = () => {}) {
    this.#name = name;
    this.#child = child;
    this.pid = child.pid;
    this.exit = this.#run(onOutput);
  }

  /** What it has written so far; the first 16 Mi characters of each stream are kept. */
  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Waits for a whole line in either stream; throws when the program ends without one. */
  async waitForLine(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpMatchArray> {
    return await waitFor(`a line ${pattern} of ${this.#name}`, () => {
      const ended = this.#ended;
      // More may come of a line without an end, as long as it runs.
      const whole = (text: string) => text.split("\n").slice(0, ended ? undefined : -1);
      for (const line of [...whole(this.#stdout), ...whole(this.#stderr)]) {
        const match = line.match(pattern);
        if (match !== null) return match;
      }
      if (ended) {
        throw new NeverError(`${this.#name} ended without a line ${pattern}${this.tail()}`);
      }
      return undefined;
    }, { timeoutMs, detail: () => this.tail() });
  }

  /** The last 4000 characters of each stream, for a failure's text. */
  tail(): string {
    return `\nstdout: ${this.#stdout.slice(-4000)}\nstderr: ${this.#stderr.slice(-4000)}`;
  }

  signal(name: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#child.kill(name);
    } catch (error) {
      // It ended between the look and the call.
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Waits for its end. */
  async toEnd(): Promise<Ended> {
    const exit = await this.exit;
    return { ...exit, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** Ends it as a power cut would, and waits until it is gone. */
  async kill9(): Promise<Exit> {
    this.signal("SIGKILL");
    return await this.exit;
  }

  /** Asks it to end; after `deadlineMs`, times the patience of the run, it is killed, which the exit then shows. */
  async stop(deadlineMs = 15_000): Promise<Exit> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), deadlineMs * patience());
    try {
      return await this.exit;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(onOutput: (text: string) => void): Promise<Exit> {
    const [status] = await Promise.all([
      this.#child.status,
      read(this.#child.stdout, (text) => {
        this.#stdout = keep(this.#stdout, text);
        onOutput(text);
      }),
      read(this.#child.stderr, (text) => {
        this.#stderr = keep(this.#stderr, text);
        onOutput(text);
      }),
    ]);
    this.#ended = true;
    return { code: status.code, signal: status.signal };
  }
}

/**
 * Starts a program. The kernel kills it when this process ends, whatever ends it. Throws where the command is not
 * there.
 */
export function startProgram(
  command: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Program {
  const path = findCommand(command);
  if (path === undefined) throw new Error(`Cannot start ${command}: not found on the PATH`);
  const child = new Deno.Command("setpriv", {
    args: ["--pdeathsig", "KILL", "--", path, ...args],
    env: options.env,
    cwd: options.cwd,
    stdin: options.input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.input !== undefined) {
    const writer = child.stdin.getWriter();
    // A program that ends without reading its input is no fault of the test.
    writer.write(new TextEncoder().encode(options.input)).then(() => writer.close()).catch(
      () => {},
    );
  }
  return new Program(command.split("/").at(-1)!, child, options.onOutput);
}

/** Runs a program to its end and returns its standard output; throws with both streams where it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<string> {
  const program = startProgram(command, args, options);
  const { code, signal } = await program.exit;
  if (code !== 0) {
    const how = signal ?? `code ${code}`;
    throw new Error(`${command} ${args.join(" ").slice(0, 300)}: ended by ${how}${program.tail()}`);
  }
  return program.stdout;
}

/** The path of a command: itself where it has a slash, else as found on the PATH. */
export function findCommand(command: string): string | undefined {
  const folders = command.includes("/") ? [""] : (Deno.env.get("PATH") ?? "").split(":");
  for (const folder of folders) {
    const path = folder === "" ? command : `${folder}/${command}`;
    try {
      const stat = Deno.statSync(path);
      if (stat.isFile && ((stat.mode ?? 0) & 0o111) !== 0) return path;
    } catch {
      continue; // not there
    }
  }
  return undefined;
}

async function read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (text: string) => void) {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
}

function keep(before: string, text: string): string {
  return before.length >= OUTPUT_CHARACTERS_MAX ? before : before + text;
}
