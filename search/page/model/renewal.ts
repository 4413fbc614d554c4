/**
 * When counts beside the list are read again while lines come in: soon after the first ones, seldom while they go on,
 * and once behind the last ones, so that they never stay older than the list. One reading at a time.
 */

export interface Timing {
  /** ms */
  now(): number;
  later(waitMs: number, run: () => void): void;
}

const browserTiming: Timing = {
  now: () => performance.now(),
  later: (waitMs, run) => void setTimeout(run, waitMs),
};

export class Renewal {
  readonly #run: () => Promise<void>;
  readonly #waitMs: number;
  readonly #everyMs: () => number;
  readonly #timing: Timing;
  #ranMs = -Infinity;
  #isPlanned = false;
  #isRunning = false;
  /** Lines came while counts were read. */
  #again = false;

  /**
   * @param run never rejects
   * @param waitMs from lines to the reading of counts, in which the next lines may come
   * @param everyMs between two readings at least
   */
  constructor(
    run: () => Promise<void>,
    waitMs: number,
    everyMs: () => number,
    timing = browserTiming,
  ) {
    this.#run = run;
    this.#waitMs = waitMs;
    this.#everyMs = everyMs;
    this.#timing = timing;
  }

  /** Lines came. */
  soon(): void {
    if (this.#isRunning) this.#again = true;
    if (this.#isRunning || this.#isPlanned) return;
    this.#isPlanned = true;
    const now = this.#timing.now();
    this.#timing.later(Math.max(this.#waitMs, this.#ranMs + this.#everyMs() - now), () => {
      this.#isPlanned = false;
      this.#ranMs = this.#timing.now();
      void this.#read();
    });
  }

  async #read(): Promise<void> {
    this.#isRunning = true;
    await this.#run();
    this.#isRunning = false;
    if (!this.#again) return;
    this.#again = false;
    this.soon();
  }
}
