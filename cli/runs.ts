/**
 * When `weir up` ran over this data folder: a time in which it did not is told on the page, so that silence there is
 * never taken for quiet. Kept in runs.json, written anew every ten seconds, so a run that was killed ends there at most
 * ten seconds too early. Promises: bounded (500 runs); a file that cannot be read or written is logged and begins anew,
 * it never keeps Weir from running; a clock that jumps or a machine that slept ends one run and begins another.
 */
import { messageOf } from "../core/errors.ts";
import type { Part } from "../core/lifecycle.ts";
import { logOf } from "../core/log.ts";
import type { Clock } from "../core/ports/clock.ts";

/** Wall times in ms. */
export interface Run {
  fromMs: number;
  toMs: number;
}

const RUNS_MAX = 500;
const BEAT_MS = 10_000;
/** A beat so late means that the machine slept or its clock was set. */
const LATE_MS = 45_000;

export class Runs implements Part {
  readonly name = "runs";
  readonly #path: string;
  readonly #clock: Clock;
  #runs: Run[] = [];
  #end = new AbortController();
  #loop: Promise<void> | undefined;
  #failing = false;

  /** @param path the file; its folder exists when the part starts */
  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Oldest first; the last one goes on. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  async start(): Promise<void> {
    this.#runs = await this.#read();
    const nowMs = this.#clock.wallMs();
    // Runs in what is now the future were written by a clock that was wrong.
    this.#runs = this.#runs.filter(({ fromMs }) => fromMs <= nowMs);
    this.#runs.push({ fromMs: nowMs, toMs: nowMs });
    await this.#write();
    this.#loop = this.#beat();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
    this.#extend();
    await this.#write();
  }

  async #beat(): Promise<void> {
    const { signal } = this.#end;
    for (;;) {
      await this.#clock.sleep(BEAT_MS, signal);
      if (signal.aborted) return;
      this.#extend();
      await this.#write();
    }
  }

  #extend(): void {
    const nowMs = this.#clock.wallMs();
    const run = this.#runs[this.#runs.length - 1];
    if (nowMs >= run.toMs && nowMs - run.toMs <= LATE_MS) run.toMs = nowMs;
    else this.#runs.push({ fromMs: nowMs, toMs: nowMs });
    this.#runs = this.#runs.slice(-RUNS_MAX);
  }

  async #read(): Promise<Run[]> {
    try {
      return runsOf(await Deno.readTextFile(this.#path));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#say("read", error);
      return [];
    }
  }

  /** By another name first: a file that is half written is never read. */
  async #write(): Promise<void> {
    try {
      await Deno.writeTextFile(`${this.#path}.new`, JSON.stringify(this.#runs));
      await Deno.rename(`${this.#path}.new`, this.#path);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#say("write", error);
      this.#failing = true;
    }
  }

  #say(what: string, error: unknown): void {
    logOf("runs").warn(`Cannot ${what} the list of runs`, {
      path: this.#path,
      reason: messageOf(error),
    });
  }
}

/** Reads the file's text, oldest run first; whatever is no run is left out. Throws where it is no JSON. */
export function runsOf(text: string): Run[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return [];
  return value.flatMap((one) => {
    const { fromMs, toMs } = (one ?? {}) as Partial<Run>;
    const fits = Number.isFinite(fromMs) && Number.isFinite(toMs) && fromMs! <= toMs!;
    return fits ? [{ fromMs: fromMs!, toMs: toMs! }] : [];
  }).sort((a, b) => a.fromMs - b.fromMs).slice(-RUNS_MAX);
}
