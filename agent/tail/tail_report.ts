/** What a tail says of its files: for status and metrics. */
import type { TailedFile } from "./tailed_file.ts";

/** One file on its way to one topic. */
export interface StatusRow {
  path: string;
  topic: string;
  generation: string;
  size: number;
  readOffset: number;
  offset: number;
  /** Bytes that are not acknowledged. */
  lagBytes: number;
  lines: number;
  lastLineMs: number;
  detached: boolean;
  /** In danger while it has a lag: a rotated file may be removed, a removed one is gone when the agent ends. */
  rotated: "" | "renamed" | "removed";
  failure: string;
}

export function statusOf(files: Iterable<TailedFile>, limit: number): StatusRow[] {
  const rows: StatusRow[] = [];
  for (const file of files) {
    for (const lane of file.lanes.values()) {
      if (rows.length >= limit) return rows;
      const { failure } = lane;
      rows.push({
        path: file.path,
        topic: lane.topic,
        generation: file.state.generation,
        size: file.size,
        readOffset: lane.readOffset,
        offset: lane.state.offset,
        lagBytes: file.isCopy ? 0 : Math.max(0, file.size - lane.state.offset),
        lines: lane.linesSent,
        lastLineMs: lane.lastLineMs,
        detached: file.detached,
        rotated: file.links === 0 ? "removed" : file.detached || file.isMoved ? "renamed" : "",
        failure: failure === undefined ? "" : `${failure.code}: ${failure.message}`,
      });
    }
  }
  return rows;
}

/** How fast bytes are delivered, over the last minutes; older ones count less and less. */
export class DeliveryRate {
  #bytes = 0;
  #atMs: number;
  /** Bytes a second. */
  #rate = 0;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** @param bytes delivered since the start */
  sample(bytes: number, nowMs: number): void {
    const seconds = (nowMs - this.#atMs) / 1000;
    if (seconds < 1) return;
    const now = (bytes - this.#bytes) / seconds, weight = 1 - Math.exp(-seconds / 60);
    this.#rate += (now - this.#rate) * weight;
    this.#bytes = bytes;
    this.#atMs = nowMs;
  }

  /** Seconds that `bytes` take at this rate; a day where they take longer, or nothing is delivered. */
  secondsFor(bytes: number): number {
    return bytes === 0 ? 0 : Math.min(86_400, bytes / Math.max(1, this.#rate));
  }
}
