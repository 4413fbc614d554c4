/**
 * Running queries: how many at once, how long each, and that a closed connection ends it. Whoever starts one must
 * `end` it.
 */
import { WeirError } from "../../core/errors.ts";

export interface Running {
  /** Aborts when the client goes, the time is over, or the server stops. */
  readonly signal: AbortSignal;
  /** True where the time limit ended it. */
  readonly late: boolean;
  /** True where the client went away or the server stops: nobody reads the answer. */
  readonly gone: boolean;
  /** The error to tell where the time is over. */
  lateError(): WeirError;
  /** The client does not read on: aborts. */
  abandon(): void;
  end(): void;
}

export class Work {
  readonly #max: number;
  #running = new Set<AbortController>();

  /** @param max queries at once; further ones are refused with SEARCH_BUSY */
  constructor(max: number) {
    this.#max = max;
  }

  get active(): number {
    return this.#running.size;
  }

  /** Throws SEARCH_BUSY (retriable). */
  start(client: AbortSignal, limitMs: number): Running {
    if (this.#running.size >= this.#max) {
      throw new WeirError("SEARCH_BUSY", `${this.#max} searches are running already`, {
        hint: "Try again in a moment.",
        retriable: true,
      });
    }
    const controller = new AbortController();
    const state = { late: false, gone: client.aborted };
    const timer = setTimeout(() => {
      state.late = true;
      controller.abort();
    }, limitMs);
    const leave = () => {
      state.gone = true;
      controller.abort();
    };
    client.addEventListener("abort", leave, { once: true });
    if (client.aborted) controller.abort();
    this.#running.add(controller);
    return {
      signal: controller.signal,
      get late() {
        return state.late;
      },
      get gone() {
        return state.gone || (controller.signal.aborted && !state.late);
      },
      lateError: () =>
        new WeirError("SEARCH_TIME_LIMIT", `The search took longer than ${limitMs / 1000} s`, {
          hint: "Narrow the time range or the query, or give a longer timeout.",
        }),
      abandon: leave,
      end: () => {
        clearTimeout(timer);
        client.removeEventListener("abort", leave);
        this.#running.delete(controller);
      },
    };
  }

  /** Ends all that runs. */
  stop(): void {
    for (const controller of this.#running) controller.abort();
  }
}
