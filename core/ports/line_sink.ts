/**
 * Port: where an agent's lines go. Adapters: Kafka, the embedded store, memory, the simulator's.
 *
 * Promises of every adapter:
 *  - `send` resolves only when the chunk is acknowledged: what that means is in `guarantee`.
 *  - Chunks of one generation and topic are taken in the order of the calls, and their lines reach the
 *    far side in that order, first occurrences counted (a chunk sent again may repeat older lines).
 *  - `send` retries what is retriable by itself until it succeeds or the sink is stopped. It rejects with
 *    a WeirError otherwise; then none, some or all of the chunk may have arrived, and sending the same
 *    range again is safe: the uid of each line is the same.
 *  - With a chunk, everything that was queued behind it of the same generation and topic is rejected too.
 *  - After a rejection the caller starts again at the first range that was not acknowledged.
 *  - The bytes of a chunk belong to the sink until the promise settles.
 *  - The sink holds no more than its bound; the caller waits on `send` for back-pressure.
 */
import type { WeirError } from "../errors.ts";

export interface LineSink {
  /** What an acknowledgement means here, for status and metrics: "all in-sync replicas", "fsynced", "none". */
  readonly guarantee: string;
  /** Delivers one chunk. Rejects with SINK_STOPPED (retriable) when the sink stops first. */
  send(chunk: LineChunk): Promise<void>;
  /**
   * The offset up to which the far side itself has all lines of this generation and topic, where it
   * knows (the embedded store does, in the same transaction as the lines); else undefined.
   */
  position(generation: string, topic: string): Promise<number | undefined>;
  /**
   * A buffer of this size that chunks are sent from without a copy, where the sink has such memory left; it lives as
   * long as the sink. Chunks from any other memory are taken as well.
   */
  buffer?(bytes: number): Uint8Array | undefined;
  /** Topics whose lines wait here, after several tries, and why; where the adapter knows. */
  holding?(): readonly { topic: string; error: WeirError }[];
  /** Stops within `deadlineMs`: delivers what it has if it can; pending sends settle. */
  stop(deadlineMs: number): Promise<void>;
}

/**
 * Consecutive lines of one file. Values are slices of `bytes`: line i is
 * `bytes[marks[3i] .. marks[3i+1])`, and it accounts for the file bytes up to `start + marks[3i+2]`,
 * from where the line before it ended (the first from `start`). So nothing between two lines is
 * unaccounted for: line ends and skipped bytes belong to the line that they follow.
 */
export interface LineChunk {
  topic: string;
  /** Life of the file: 16 characters of base64url. */
  generation: string;
  /** Path under which the file was found. */
  path: string;
  host: string;
  /** File offset of the first byte that the chunk accounts for. */
  start: number;
  /** File offset behind the last byte that the chunk accounts for. */
  end: number;
  bytes: Uint8Array;
  /** Three numbers a line: value start and end in `bytes`, end of the accounted range relative to `start`. */
  marks: Int32Array;
  /** Number of lines, at least 1; `marks` may be longer. */
  lines: number;
  /** Day on which the agent first read these bytes, UTC, "2026-11-21". */
  day: string;
  /** Time zone for times in the text that name none, IANA; "UTC" most often. */
  tz: string;
  /** Static fields of the entry, sent as headers; at most 32. */
  fields?: Readonly<Record<string, string>>;
}
