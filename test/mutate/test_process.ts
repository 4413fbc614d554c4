/** The other end of `mutant_process.ts`: starts it, gives it orders, and ends it where it takes too long. */
import type { Answer, Order, Start } from "./mutant_process.ts";

/** A mutant that fills the memory ends its process only. */
const HEAP_MB_MAX = 1024;

export class TestProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;
  #text = "";

  /** @param folder the copy of the project, where the woven source is */
  constructor(folder: string, start: Start) {
    const script = `${folder}/test/mutate/mutant_process.ts`;
    const flags = ["-A", "--no-check", "--quiet", `--v8-flags=--max-old-space-size=${HEAP_MB_MAX}`];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...flags, script, JSON.stringify(start)],
      cwd: folder,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#orders = this.#child.stdin.getWriter();
    this.#answers = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The answer; "time" where it took longer than `limitMs`, "ended" where the process ended instead. */
  async give(order: Order, limitMs: number): Promise<Answer | "time" | "ended"> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"time">((resolve) => {
      timer = setTimeout(resolve, limitMs, "time");
    });
    try {
      return await Promise.race([this.#ask(order), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(order: Order): Promise<Answer | "ended"> {
    try {
      await this.#orders.write(new TextEncoder().encode(JSON.stringify(order) + "\n"));
    } catch {
      return "ended"; // its input is closed
    }
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#answers.read();
      if (done) return "ended";
      this.#text += value;
    }
    const [line] = this.#text.split("\n", 1);
    this.#text = this.#text.slice(line.length + 1);
    return JSON.parse(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.#child.status;
    // Both streams end with it.
    await this.#orders.abort().catch(() => {});
    await this.#answers.cancel().catch(() => {});
  }
}
