/**
 * Long work on the one thread: gives way to other work every few milliseconds, and ends when it is
 * told to.
 */
import { setImmediate } from "node:timers";

const SLICE_MS = 8;

export class Breaks {
  readonly #signal: AbortSignal;
  #sinceMs = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Pauses where the slice is used up. Rejects with the signal's reason once it aborted. */
  async maybe(): Promise<void> {
    this.#signal.throwIfAborted();
    if (performance.now() - this.#sinceMs < SLICE_MS) return;
    await new Promise<void>((resolve) => setImmediate(() => resolve()));
    this.#sinceMs = performance.now();
    this.#signal.throwIfAborted();
  }
}
