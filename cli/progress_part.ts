/** Shows progress while `weir up` catches up with what was there, as a part that ends with the program. */
import type { Part } from "../core/lifecycle.ts";
import type { Clock } from "../core/ports/clock.ts";
import { CatchUp, type Progress, progressText, type Standing } from "./progress.ts";

const LOOK_MS = 500;
/** Nothing is said of what is done sooner. */
const SILENT_MS = 2000;
/** Between two lines where they are not written over. */
const LINE_MS = 10_000;

export interface ProgressOptions {
  clock: Clock;
  standing: () => Standing;
  /** The line may be written over. */
  terminal: boolean;
  write: (text: string) => void;
}

export class ProgressPart implements Part {
  readonly name = "progress";
  readonly #options: ProgressOptions;
  readonly #catchUp = new CatchUp();
  readonly #end = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  get progress(): Progress {
    return this.#catchUp.progress;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async #run(): Promise<void> {
    const { clock, standing, terminal, write } = this.#options;
    const since = clock.monotonicMs();
    let saidMs = -Infinity;
    for (;;) {
      const now = clock.monotonicMs();
      const told = standing();
      const progress = this.#catchUp.tell(told, now);
      const said = saidMs > -Infinity;
      if (progress.caughtUp) {
        if (said) write(`${clear(terminal)}${doneText(told.lines, (now - since) / 1000)}\n`);
        return;
      }
      if (now - since >= SILENT_MS && (terminal || now - saidMs >= LINE_MS)) {
        saidMs = now;
        write(`${clear(terminal)}${progressText(progress)}${terminal ? "" : "\n"}`);
      }
      await clock.sleep(LOOK_MS, this.#end.signal);
      if (this.#end.signal.aborted) {
        if (said && terminal) write("\n");
        return;
      }
    }
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
  }
}

function clear(terminal: boolean): string {
  return terminal ? "\r\x1b[K" : "";
}

function doneText(lines: number, seconds: number): string {
  return `  Caught up after ${Math.round(seconds)} s: ${lines.toLocaleString("en")} lines.`;
}
