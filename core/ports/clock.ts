/**
 * Port: time. Whatever waits or stamps takes a Clock, so that a test or the simulator owns the time.
 *
 * Promises: `wallMs` may jump (NTP, an operator); `monotonicMs` never goes back, and intervals are
 * measured with it alone. `sleep` resolves no earlier than asked, and at once when its signal aborts
 * (it resolves, it does not reject: the caller looks at the signal).
 */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start. */
  monotonicMs(): number;
  /** Waits `ms` (0 or more) milliseconds, or until `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener("abort", done, { once: true });
    });
  },
};

/** A clock that moves only when told: the in-memory adapter, for unit tests. */
export class ManualClock implements Clock {
  #now: number;
  #waiting: { at: number; wake: () => void }[] = [];

  constructor(startMs = Date.UTC(2026, 10, 21)) {
    this.#now = startMs;
  }
  wallMs(): number {
    return this.#now;
  }
  monotonicMs(): number {
    return this.#now;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const entry = { at: this.#now + Math.max(0, ms), wake: resolve };
      this.#waiting.push(entry);
      signal?.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        resolve();
      }, { once: true });
    });
  }
  /** Moves time forward, waking sleepers in the order of their times. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#waiting.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== due);
      this.#now = Math.max(this.#now, due.at);
      due.wake();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
    this.#now = end;
  }
}
