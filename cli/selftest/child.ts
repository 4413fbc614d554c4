/** A program of our own that a self-test starts, kills, stops for a while and starts again. */
import { WeirError } from "../../core/errors.ts";

const OUTPUT_CHARACTERS_MAX = 100_000;

export class Child {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #onOutput: (text: string) => void;
  #process: Deno.ChildProcess | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #output = "";
  #ended = false;
  /** Most memory seen. */
  rssBytesMax = 0;

  /** @param args behind `weir` */
  constructor(name: string, args: readonly string[], onOutput: (text: string) => void = () => {}) {
    this.name = name;
    this.#args = args;
    this.#onOutput = onOutput;
  }

  start(): void {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...ownArguments(), ...this.#args],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#process = child;
    this.#ended = false;
    this.#reading = Promise.all([this.#read(child.stdout), this.#read(child.stderr)]);
    child.status.then(() => this.#ended = true);
  }

  /** Throws SELFTEST_CHILD, with its last words, where it ended by itself. */
  assertAlive(): void {
    if (this.#process === undefined || !this.#ended) return;
    throw new WeirError("SELFTEST_CHILD", `${this.name} ended: ${this.#output.slice(-1500)}`, {
      hint: "What it said last tells why; `weir doctor` looks at the servers.",
    });
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#process?.kill("SIGKILL"), 20_000);
    await this.#end("SIGTERM");
    clearTimeout(timer);
  }

  /** It does nothing until `wake`, and its connections stay open. */
  sleep(): void {
    this.#process?.kill("SIGSTOP");
  }

  wake(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Looks at its memory, where the system has /proc. */
  measure(): void {
    if (this.#process === undefined) return;
    try {
      const status = Deno.readTextFileSync(`/proc/${this.#process.pid}/status`);
      const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      this.rssBytesMax = Math.max(this.rssBytesMax, kilobytes * 1024);
    } catch {
      // gone, or another system
    }
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    try {
      child.kill(signal);
    } catch {
      // it has ended by itself
    }
    await child.status;
    await this.#reading;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#output = (this.#output + text).slice(-OUTPUT_CHARACTERS_MAX);
      this.#onOutput(text);
    }
  }
}

/** What makes this very program start again: nothing for an executable, else its source. */
function ownArguments(): string[] {
  if (Deno.build.standalone) return [];
  return ["run", "-A", "--quiet", "--no-check", new URL("../main.ts", import.meta.url).pathname];
}
