/**
 * How much is sent at once: as many requests as help, one at a time while the writer as a whole fails, and smaller ones
 * where they were not answered in time. It knows nothing of lines; times are monotonic ms.
 */

/** Requests that are open at once before it is known how many help. */
const FIRST_LIMIT = 4;
/**
 * A request that takes so many times as long for a document as the best one did waits for others:
 * more at once would only make all of them slower.
 */
const CROWDED = 3;

/** The code with which a writer says that it has too much to do. */
export const THROTTLED = "ES_THROTTLED";
/**
 * The code of a request that was not answered in time. Sent again as it is it would take as long again, beside what
 * the index still does for the first: requests get half as large, down to this part of a full one, and grow by it
 * again with each that is answered.
 */
const TIMED_OUT = "ES_TIMEOUT";
const SHARE_MIN = 1 / 64;

export interface PaceOptions {
  /** Documents of a full request. */
  documentsMax: number;
  /** Requests that may be open at once, at most. */
  workers: number;
  /** Longest pause before something is tried again. */
  retryMaxMs: number;
}

export class Pace {
  readonly #options: PaceOptions;
  #limit: number;
  #throttledMs = -Infinity;
  #failures = 0;
  #share = 1;
  /** Of the quickest full request, forgotten slowly; ms a document. */
  #bestMs = Infinity;
  #closedUntilMs = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#limit = Math.min(FIRST_LIMIT, options.workers);
  }

  /** Requests that may be open at once, 1 to `workers`. */
  get limit(): number {
    return this.#failures > 0 ? 1 : Math.floor(this.#limit);
  }

  /** Consecutive failures of the writer as a whole. */
  get failures(): number {
    return this.#failures;
  }

  /** Part of a full request that is asked for at once. */
  get share(): number {
    return this.#share;
  }

  /** Nothing is sent before this time. */
  get closedUntilMs(): number {
    return this.#closedUntilMs;
  }

  /** A request was answered, whatever was said of its documents. */
  answered(): void {
    this.#failures = 0;
    this.#closedUntilMs = 0;
    this.#share = Math.min(1, this.#share + SHARE_MIN);
  }

  /** Only full requests can be compared: a small one takes longer for each document. */
  isCrowded(documents: number, ms: number): boolean {
    if (documents * 2 < this.#options.documentsMax) return false;
    const each = ms / documents;
    this.#bestMs = Math.min(this.#bestMs * 1.005, each);
    return each > CROWDED * this.#bestMs;
  }

  /** A little more at once. */
  more(): void {
    this.#limit = Math.min(this.#options.workers, this.#limit + 1 / this.#limit);
  }

  /** A little less at once. */
  less(): void {
    this.#limit = Math.max(1, this.#limit - 1 / this.#limit);
  }

  /** The writer said that it has too much to do: half as many, once a second at most. */
  throttle(now: number): void {
    if (now - this.#throttledMs < 1000) return;
    this.#throttledMs = now;
    this.#limit = Math.max(1, this.#limit / 2);
  }

  /** A request failed as a whole: nothing is sent for a while. */
  failed(code: string, now: number): void {
    // Requests that were open together fail together: that counts once.
    if (now < this.#closedUntilMs) return;
    if (code === THROTTLED || code === TIMED_OUT) this.throttle(now);
    if (code === TIMED_OUT) this.#share = Math.max(SHARE_MIN, this.#share / 2);
    this.#failures++;
    this.#closedUntilMs = now + this.backoff(this.#failures);
  }

  /** Doubling from 200 ms, with jitter so that transfers do not try in step. */
  backoff(attempt: number): number {
    const full = Math.min(this.#options.retryMaxMs, 100 * 2 ** Math.min(attempt, 20));
    return full * (0.75 + Math.random() / 2);
  }
}
