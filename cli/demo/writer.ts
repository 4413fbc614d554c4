/**
 * Writes the demo's lines into files: those of the last half hour at once, then each when its time comes. Promises: no
 * line is written twice or left out while it runs, files are rotated by rename, and the folder stays below 500 MB.
 */
import { dirname } from "node:path";
import { WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { FILES, linesOf, type TrafficOptions } from "./traffic.ts";

export interface WriterOptions extends TrafficOptions {
  folder: string;
  clock: Clock;
  /** Size at which a file is renamed to `.1` and begun anew. @default {32_000_000} */
  rotateBytes?: number;
}

const TICK_MS = 200;
const PIECE_CHARS = 1 << 20;

export class DemoWriter {
  readonly name = "demo";
  readonly #options: Required<WriterOptions>;
  readonly #ending = new AbortController();
  readonly #encoder = new TextEncoder();
  /** The first second that is not made yet. */
  #second = 0;
  #waiting: ReturnType<typeof linesOf> = [];
  #running: Promise<void> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = { rotateBytes: 32_000_000, ...options };
  }

  /** Writes everything up to now; returns how many lines, those of stack traces included. Throws DEMO_UNWRITABLE. */
  catchUp(): number {
    const { clock, startMs } = this.#options;
    const nowMs = clock.wallMs();
    const texts = new Map<string, string[]>();
    let lines = 0, chars = 0;
    const flush = () => {
      for (const [file, held] of texts) this.#append(file, held.join(""));
      texts.clear();
      chars = 0;
    };
    while (startMs + this.#second * 1000 <= nowMs || this.#waiting.length > 0) {
      if (startMs + this.#second * 1000 <= nowMs) {
        this.#waiting.push(...linesOf(this.#options, this.#second++));
      }
      const due = this.#waiting.filter((line) => line.timeMs <= nowMs);
      this.#waiting = this.#waiting.filter((line) => line.timeMs > nowMs);
      for (const { file, text } of due) {
        const held = texts.get(file);
        if (held === undefined) texts.set(file, [`${text}\n`]);
        else held.push(`${text}\n`);
        lines += text.split("\n").length;
        chars += text.length;
      }
      if (chars > PIECE_CHARS) flush();
      if (startMs + this.#second * 1000 > nowMs) break;
    }
    flush();
    return lines;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    try {
      while (!signal.aborted) {
        this.catchUp();
        await this.#options.clock.sleep(TICK_MS, signal);
      }
    } catch (error) {
      logOf("demo").error("No more lines are written", { reason: (error as Error).message });
    }
  }

  #append(file: string, text: string): void {
    const path = `${this.#options.folder}/${file}`;
    try {
      Deno.mkdirSync(dirname(path), { recursive: true });
      const bytes = this.#encoder.encode(text);
      if (sizeOf(path) + bytes.length > this.#options.rotateBytes && sizeOf(path) > 0) {
        Deno.renameSync(path, `${path}.1`);
      }
      Deno.writeFileSync(path, bytes, { append: true });
    } catch (error) {
      throw new WeirError("DEMO_UNWRITABLE", `Cannot write ${path}: ${(error as Error).message}`, {
        hint: "Make room there, or give another folder with --data.",
        cause: error,
      });
    }
  }
}

/** When the newest line in the folder was written, ms; undefined where there is none. */
export function lastWrittenMs(folder: string): number | undefined {
  let last: number | undefined;
  for (const file of Object.values(FILES)) {
    const mtimeMs = statOf(`${folder}/${file}`)?.mtime?.getTime();
    if (mtimeMs !== undefined && mtimeMs > (last ?? 0)) last = mtimeMs;
  }
  return last;
}

function sizeOf(path: string): number {
  return statOf(path)?.size ?? 0;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
