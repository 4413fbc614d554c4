/** Says when a consumer is to be started again: no broker answers it, or it reads nothing of what is there. */
import { WeirError } from "../../core/errors.ts";

export class Watchdog {
  readonly #stuckAfterMs: number;
  /** Grows with each start that helped nothing. */
  #patience = 1;

  constructor(stuckAfterMs: number) {
    this.#stuckAfterMs = stuckAfterMs;
  }

  /**
   * KAFKA_STUCK (retriable), or undefined while all is well.
   * @param silentMs since the last answer of a broker
   * @param idleMs for how long nothing was read although there is something
   */
  faultOf(silentMs: number, idleMs: number): WeirError | undefined {
    const stuckAfterMs = this.#stuckAfterMs;
    const silent = silentMs >= stuckAfterMs;
    // An open transaction looks like this as well: each time is waited for twice as long.
    const idle = idleMs >= stuckAfterMs * this.#patience;
    if (idleMs === 0) this.#patience = 1;
    if (!silent && !idle) return undefined;
    if (idle) this.#patience = Math.min(64, this.#patience * 2);
    const what = silent ? "No broker answered" : "Nothing was read of what is there";
    return new WeirError("KAFKA_STUCK", `${what} for ${stuckAfterMs} ms`, {
      hint: "The consumer is started again by itself; look at the brokers where this repeats.",
      retriable: true,
    });
  }
}
