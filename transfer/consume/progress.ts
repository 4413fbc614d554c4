/**
 * Notices a consumer that is answered and yet reads nothing of what is there. Partitions that are
 * paused wait on purpose and do not count.
 */
import type { Lane } from "./lane.ts";

export class Progress {
  #sinceMs: number;
  #before = "";

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** For how long nothing was read although there is something; 0 where that is not so. */
  idleMs(lanes: Iterable<Lane>, nowMs: number): number {
    const places: string[] = [];
    let waiting = false;
    for (const lane of lanes) {
      places.push(`${lane.key} ${lane.tracker.next}`);
      const next = Math.max(lane.tracker.next, lane.committed);
      if (!lane.paused && lane.highWatermark > Math.max(next, lane.logStart)) waiting = true;
    }
    const now = places.join();
    if (!waiting || now !== this.#before) {
      this.#before = now;
      this.#sinceMs = nowMs;
      return 0;
    }
    return nowMs - this.#sinceMs;
  }
}
