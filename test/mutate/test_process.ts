/** The other end of `mutant_process.ts`: starts it, gives it orders, and ends it where it takes too long. */
import type { Answer, Order, Start } from "./mutant_process.ts";

/** A mutant that fills the memory ends its process only. */
const HEAP_MB_MAX = 1024;
/** Of processor time: more than the tests of any module take. */
const USED_SECONDS_MAX = 600;
const LOOK_MS = 200;
/** A process that waits so long without any work waits for nothing. */
const IDLE_MS_MAX = 10_000;
const TICK_MS = 10;

export class TestProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;
  #text = "";

  /** @param folder the copy of the project, where the woven source is */
  constructor(folder: string, start: Start) {
    const script = `${folder}/test/mutate/mutant_process.ts`;
    const flags = ["-A", "--no-check", "--quiet", `--v8-flags=--max-old-space-size=${HEAP_MB_MAX}`];
    // The system ends what nobody is left to end.
    const limited = `ulimit -t ${USED_SECONDS_MAX} && exec "$@"`;
    const command = [Deno.execPath(), "run", ...flags, script, JSON.stringify(start)];
    this.#child = new Deno.Command("sh", {
      args: ["-c", limited, "sh", ...command],
      cwd: folder,
      env: { SEED: "1" }, // the same examples each time
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#orders = this.#child.stdin.getWriter();
    this.#answers = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Processor time that it has used so far, ms. */
  async usedMs(): Promise<number> {
    return (await usageOf(this.#child.pid))?.usedMs ?? 0;
  }

  /**
   * The answer; "time" where it used more than `limitMs` of processor time or waits for nothing, "ended" where the
   * process ended instead. The clock does not count: a busy machine kills no mutant.
   */
  async give(order: Order, limitMs: number): Promise<Answer | "time" | "ended"> {
    const done = new AbortController(), late = this.#late(limitMs, done.signal);
    try {
      return await Promise.race([this.#ask(order), late]);
    } finally {
      done.abort();
      await late; // its timer ends with it
    }
  }

  async #late(limitMs: number, done: AbortSignal): Promise<"time"> {
    const began = await this.usedMs();
    for (let last = began, looks = 0; !done.aborted; looks++) {
      await pause(LOOK_MS, done);
      // Where there is no /proc, the clock counts.
      const usage = await usageOf(this.#child.pid) ?? { usedMs: last, sleeps: true };
      if (usage.usedMs - began > limitMs) break;
      if (!usage.sleeps || usage.usedMs !== last) looks = 0;
      if (looks * LOOK_MS >= IDLE_MS_MAX) break;
      last = usage.usedMs;
    }
    return "time";
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

/** Resolves after so many ms, or at once when it is over. */
function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, ms);
    over.addEventListener("abort", end, { once: true });
  });
}

/** From Linux's /proc. */
async function usageOf(pid: number): Promise<{ usedMs: number; sleeps: boolean } | undefined> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return {
      usedMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
      sleeps: fields[0] === "S",
    };
  } catch {
    return undefined; // another system, or it has ended
  }
}
