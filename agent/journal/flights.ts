/**
 * What was sent and is not yet acknowledged, in the order of sending. The cursor moves over the contiguous prefix of
 * what is acknowledged, and stops for good before the first that was refused.
 */
interface Flight {
  cursor: string;
  bytes: number;
  done: boolean;
}

export class Flights {
  /** Everything up to this entry is acknowledged; empty: nothing yet. */
  cursor: string;
  #bytes = 0;
  #failed = false;
  readonly #queue: Flight[] = [];
  #changed: () => void = () => {};

  constructor(cursor: string) {
    this.cursor = cursor;
  }

  /**
   * @param cursor of the last entry in it
   * @param sent settles when it is acknowledged or refused
   * @param onRefused called when it is refused
   */
  add(cursor: string, bytes: number, sent: Promise<unknown>, onRefused: () => void): void {
    const flight: Flight = { cursor, bytes, done: false };
    this.#queue.push(flight);
    this.#bytes += bytes;
    sent.then(() => {
      flight.done = true;
      this.#settle();
    }, () => {
      this.#failed = true;
      this.#changed();
      onRefused();
    });
  }

  #settle(): void {
    while (!this.#failed && this.#queue.length > 0 && this.#queue[0].done) {
      const { cursor, bytes } = this.#queue.shift()!;
      this.cursor = cursor;
      this.#bytes -= bytes;
    }
    this.#changed();
  }

  /** Resolves when at most `bytes` are in flight, when something was refused, or when the signal aborts. */
  async below(bytes: number, signal: AbortSignal): Promise<void> {
    const wake = () => this.#changed();
    signal.addEventListener("abort", wake);
    while (this.#bytes > bytes && !this.#failed && !signal.aborted) {
      await new Promise<void>((resolve) => this.#changed = resolve);
    }
    signal.removeEventListener("abort", wake);
  }
}
