/**
 * The lines on their way to one partition: chunks in order, cut into batches, several of which may be on their way at
 * once. A batch whose fate is unknown goes again as it is, under its old sequence numbers, before anything behind it:
 * the broker drops what it has and refuses what comes out of order. So first occurrences keep their order. A broker
 * that has no number of ours takes any, also that of a batch behind one that it refused: so a single batch flies until
 * one is there, and again after each failure.
 */
import type { WeirError } from "../../core/errors.ts";
import type { Codec, RecordBatchBuilder, RecordPrefix } from "../../core/kafka/record_batch.ts";
import { recordPrefix } from "../../core/kafka/record_batch.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { dayOf } from "../../core/record/identity.ts";
import type { BuilderPool } from "./builder_pool.ts";

/** A chunk on its way; settled when its last line is. */
export interface Pending {
  chunk: LineChunk;
  /** First line that is not yet in a batch. */
  next: number;
  /** Lines that are acknowledged, from the first on. */
  done: number;
  since: number;
  resolve: () => void;
  reject: (error: WeirError) => void;
}

/** Who sends, as the broker knows it: numbers of one identity begin at 0 in each partition. */
export interface Producer {
  id: bigint;
  epoch: number;
}

/** ready: is to be sent, again; flying: no answer yet. */
type BatchState = "ready" | "flying" | "done";

export interface Batch {
  readonly queue: PartitionQueue;
  bytes: Uint8Array;
  readonly lines: number;
  readonly sequence: number;
  readonly parts: readonly { pending: Pending; from: number; to: number }[];
  /** Holds `bytes`, where they are not compressed. */
  builder: RecordBatchBuilder | undefined;
  state: BatchState;
}

interface LastPrefix {
  chunk: Pick<LineChunk, "generation" | "path" | "host" | "day" | "tz" | "fields">;
  today: string;
  prefix: RecordPrefix;
}

/** Sequence numbers begin again after this one. */
const SEQUENCES = 2 ** 31;
/** After so long without a batch the broker may have forgotten our numbers: it does after a day, or with its records. */
const FORGOTTEN_MS = 60_000;
/** Shortest value that a line is cut to where the broker takes no longer one. */
const CUT_BYTES_MIN = 256;

export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly #builders: BuilderPool;
  readonly #batchBytesMax: number;
  #pending: Pending[] = [];
  /** Bytes that are not yet in a batch. */
  #queuedBytes = 0;
  /** Not acknowledged, oldest first. */
  #batches: Batch[] = [];
  #flying = 0;
  /** True from the first batch that is sent again until all are. */
  #resending = false;
  #verdict: { batch: Batch; error: WeirError } | undefined;
  #lastPrefix: LastPrefix | undefined;
  #sequence = 0;
  /** The broker has a number of ours, and nothing failed since. */
  #isKnown = false;
  /** Monotonic ms from which the newest lines are that it has. */
  #knownMs = 0;
  /** Whose numbers the batches carry; nobody's where the broker does not sort out repeats. */
  producer: Producer | undefined;
  /** Broker that what flies was sent to. */
  node = "";
  /** Monotonic ms before which nothing is sent, after a failure. */
  retryAt = 0;
  failures = 0;
  /** Lines in a batch at most; halved where a broker finds a batch too large. */
  #linesMax = Number.MAX_SAFE_INTEGER;
  /** Bytes of the smallest batch that a broker found too large: up to half of it batches grow again. */
  #refusedBytes = Infinity;

  constructor(topic: string, partition: number, batchBytesMax: number, builders: BuilderPool) {
    this.topic = topic;
    this.partition = partition;
    this.#batchBytesMax = batchBytesMax;
    this.#builders = builders;
  }

  get empty(): boolean {
    return this.#pending.length === 0;
  }

  /** Batches without an answer. */
  get flying(): number {
    return this.#flying;
  }

  push(pending: Pending): void {
    this.#pending.push(pending);
    this.#queuedBytes += pending.chunk.bytes.length;
  }

  /** Monotonic ms at which a batch is due: at once when enough is queued, else after the linger; else Infinity. */
  dueAt(lingerMs: number, inFlightMax: number): number {
    const most = this.#isKnown ? inFlightMax : 1;
    if (this.#flying >= most || this.#verdict !== undefined) return Infinity;
    if (this.#batches.some(({ state }) => state === "ready")) {
      // What failed goes first, in order, when all that flew with it is back.
      return this.#flying === 0 || this.#resending ? this.retryAt : Infinity;
    }
    this.#resending = false;
    const next = this.#pending.find(({ next, chunk }) => next < chunk.lines);
    if (next === undefined) return Infinity;
    const due = this.#queuedBytes >= this.#batchBytesMax ? 0 : next.since + lingerMs;
    return Math.max(due, this.retryAt);
  }

  /** The next batch: the oldest that is to go again, or a new one of as many lines as fit. It flies from now on. */
  take(timestampMs: number, codec: Codec, level: number): Batch {
    const again = this.#batches.find(({ state }) => state === "ready");
    if (again !== undefined) this.#resending = true;
    const batch = again ?? this.#build(timestampMs, codec, level);
    const { pending } = batch.parts[0];
    if (this.#flying === 0 && pending.since - this.#knownMs > FORGOTTEN_MS) this.#isKnown = false;
    batch.state = "flying";
    this.#flying++;
    return batch;
  }

  #build(timestampMs: number, codec: Codec, level: number): Batch {
    const builder = this.#builders.take();
    builder.begin(timestampMs);
    const parts: { pending: Pending; from: number; to: number }[] = [];
    for (const pending of this.#pending) {
      const { chunk, next: from } = pending;
      if (from === chunk.lines) continue;
      const room = this.#linesMax - builder.records;
      if (room <= 0) break;
      const to = builder.append(chunk, this.#prefixOf(chunk, timestampMs), from, room);
      if (to > from) parts.push({ pending, from, to });
      pending.next = to;
      if (to < chunk.lines) break;
      this.#queuedBytes -= chunk.bytes.length;
    }
    const lines = builder.records, sequence = this.#sequence;
    const identity = this.producer === undefined ? undefined : { ...this.producer, sequence };
    const bytes = builder.finish(codec, level, identity);
    this.#sequence = (sequence + lines) % SEQUENCES;
    if (codec !== "none") this.#builders.give(builder);
    const batch: Batch = {
      queue: this,
      bytes,
      lines,
      sequence,
      parts,
      builder: codec === "none" ? builder : undefined,
      state: "ready",
    };
    this.#batches.push(batch);
    return batch;
  }

  /** The last prefix serves as long as the same file goes on: to make one costs as much as several lines. */
  #prefixOf(chunk: LineChunk, timestampMs: number): RecordPrefix {
    const { generation, path, host, day, tz, fields } = chunk;
    const last = this.#lastPrefix, today = dayOf(timestampMs);
    const isSame = last !== undefined && last.chunk.generation === generation &&
      last.chunk.path === path && last.chunk.host === host && last.chunk.day === day &&
      last.chunk.tz === tz && last.chunk.fields === fields && last.today === today;
    if (isSame) return last.prefix;
    const prefix = recordPrefix(chunk, timestampMs);
    this.#lastPrefix = { chunk: { generation, path, host, day, tz, fields }, today, prefix };
    return prefix;
  }

  /** The broker has the batch: settles what is complete. */
  delivered(batch: Batch): void {
    this.#landed(batch, "done");
    this.#isKnown = true;
    this.#knownMs = Math.max(this.#knownMs, batch.parts.at(-1)!.pending.since);
    this.failures = 0;
    this.retryAt = 0;
    // One long line had made them small: what comes behind it is not sent line by line for ever.
    if (batch.lines >= this.#linesMax && 2 * batch.bytes.length < this.#refusedBytes) {
      this.#linesMax *= 2;
    }
    while (this.#batches.length > 0 && this.#batches[0].state === "done") {
      const first = this.#batches.shift()!;
      this.#free(first);
      for (const { pending, to } of first.parts) {
        pending.done = to;
        if (to === pending.chunk.lines) pending.resolve();
      }
    }
    const left = this.#pending.findIndex(({ done, chunk }) => done < chunk.lines);
    this.#pending.splice(0, left < 0 ? this.#pending.length : left);
  }

  /** The batch will be sent again, as it is, not before `atMs`. */
  again(batch: Batch, atMs: number): void {
    this.#landed(batch, "ready");
    this.#resending = this.#isKnown = false;
    this.retryAt = Math.max(this.retryAt, atMs);
    if (batch.builder === undefined) return;
    // It may wait for long: others need the builder.
    batch.bytes = batch.bytes.slice();
    this.#free(batch);
  }

  /** The batch will not go as it is. Nothing is sent until it is rebuilt, shrunk, renumbered or refused. */
  hold(batch: Batch, error: WeirError): void {
    this.#landed(batch, "ready");
    this.#resending = this.#isKnown = false;
    this.#verdict ??= { batch, error };
  }

  /** The batch that is held, once all that flew with it is back; undefined else. */
  get held(): { batch: Batch; error: WeirError } | undefined {
    return this.#flying > 0 ? undefined : this.#verdict;
  }

  /** True where nothing unacknowledged is older than this batch. */
  isOldest(batch: Batch): boolean {
    return this.#batches.find(({ state }) => state !== "done") === batch;
  }

  /** Takes a held batch and what is behind it apart: built again, with the time that it is then. */
  rebuild(batch: Batch): void {
    this.#rewind(this.#batches.indexOf(batch));
  }

  /** Numbers begin anew, under this identity. What flies must be back before. */
  renumber(producer: Producer | undefined): void {
    this.#rewind(0);
    this.#isKnown = false;
    this.producer = producer;
    this.#sequence = 0;
  }

  /**
   * A held batch was too large: the next ones hold half as many lines; a single line is cut. Returns the bytes that
   * were cut off, 0 where nothing was; undefined where nothing more can be done.
   */
  shrink(batch: Batch): number | undefined {
    const index = this.#batches.indexOf(batch);
    const [{ pending, from }] = batch.parts;
    this.#refusedBytes = Math.min(this.#refusedBytes, batch.bytes.length);
    if (batch.lines > 1) {
      this.#rewind(index);
      this.#linesMax = Math.max(1, Math.floor(batch.lines / 2));
      return 0;
    }
    const { marks, bytes } = pending.chunk;
    const start = marks[from * 3], end = marks[from * 3 + 1], size = end - start;
    if (size <= CUT_BYTES_MIN) return undefined;
    this.#rewind(index);
    const cut = characterEnd(bytes, start, start + Math.max(CUT_BYTES_MIN, size >> 1));
    marks[from * 3 + 1] = cut;
    return end - cut;
  }

  /**
   * Rejects the chunks that are in a held batch, and those behind them of the same files, so that nothing of a file
   * arrives before what was refused of it.
   */
  refuse(batch: Batch, error: WeirError): void {
    const generations = new Set(batch.parts.map(({ pending }) => pending.chunk.generation));
    this.#rewind(this.#batches.indexOf(batch));
    this.#rejectWhere((pending) => generations.has(pending.chunk.generation), error);
  }

  /** At the end: what flies is not waited for. */
  refuseAll(error: WeirError): void {
    this.#rejectWhere(() => true, error);
  }

  #rejectWhere(matches: (pending: Pending) => boolean, error: WeirError): void {
    const refused = this.#pending.filter(matches);
    this.#pending = this.#pending.filter((pending) => !matches(pending));
    this.#queuedBytes = this.#pending.filter(({ next, chunk }) => next < chunk.lines)
      .reduce((sum, { chunk }) => sum + chunk.bytes.length, 0);
    for (const pending of refused) pending.reject(error);
  }

  #landed(batch: Batch, state: BatchState): void {
    batch.state = state;
    this.#flying--;
  }

  /** Takes the batches from this one on apart: their lines are put into new ones. */
  #rewind(index: number): void {
    this.#verdict = undefined;
    const dropped = this.#batches.splice(index);
    if (dropped.length > 0) this.#sequence = dropped[0].sequence;
    for (const batch of dropped.reverse()) {
      this.#free(batch);
      for (const { pending, from } of batch.parts) {
        if (pending.next === pending.chunk.lines) this.#queuedBytes += pending.chunk.bytes.length;
        pending.next = Math.min(pending.next, from);
      }
    }
  }

  #free(batch: Batch): void {
    if (batch.builder !== undefined) this.#builders.give(batch.builder);
    batch.builder = undefined;
  }
}

/** The last place at or before `end` that is not inside a UTF-8 character. */
function characterEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  for (let back = 0; back < 4 && at > start && (bytes[at] & 0xc0) === 0x80; back++) at--;
  return (bytes[at] & 0xc0) === 0x80 ? end : at;
}
