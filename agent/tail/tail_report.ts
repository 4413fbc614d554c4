/** What a tail says of its files: for status, metrics and plans. */
import type { Before } from "../plan/plan.ts";
import type { SeenFile } from "./fingerprint.ts";
import { KnownFiles } from "./known_files.ts";
import type { TailedFile } from "./tailed_file.ts";
import type { Parked } from "./turns.ts";

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

/** Open files first; `limit` bounds the rows. */
export function statusOf(
  open: Iterable<TailedFile>,
  parked: Iterable<Parked>,
  limit: number,
): StatusRow[] {
  const rows: StatusRow[] = [];
  for (const file of open) {
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
  for (const { path, state, size, lanes, isMoved } of parked) {
    for (const [topic, { lines, lastLineMs }] of lanes) {
      if (rows.length >= limit) return rows;
      const { generation } = state, offset = state.topics[topic]?.offset ?? 0;
      rows.push({
        ...{ path, topic, generation, size, readOffset: offset, offset, lines, lastLineMs },
        lagBytes: Math.max(0, size - offset),
        detached: false,
        rotated: isMoved ? "renamed" : "",
        failure: "",
      });
    }
  }
  return rows;
}

/** What is known of files and entries, for a plan: what is handed out is not to be changed. */
export function beforeOf(
  files: Iterable<TailedFile>,
  known: KnownFiles,
  searched: ReadonlySet<string>,
): Before {
  const open = new KnownFiles();
  for (const { state } of files) if (state.head.length > 0) open.add(state);
  const candidates = async (seen: SeenFile) => [
    ...await open.candidates(seen),
    ...await known.candidates(seen),
  ];
  return { known: { candidates }, searched: new Set(searched), live: true };
}

/** Changes whenever the checkpoint of open files would: how many there are, and how much is acknowledged. */
export function progressOf(open: Iterable<TailedFile>): string {
  let files = 0, sum = 0;
  for (const { state, lanes } of open) {
    if (state.head.length === 0) continue;
    files++;
    for (const lane of lanes.values()) sum += lane.state.offset;
  }
  return `${files} ${sum}`;
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
