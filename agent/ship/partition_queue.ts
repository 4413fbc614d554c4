/**
 * The lines on their way to one partition: chunks in order, one batch in flight at a time, the same bytes again
 * until the broker has them or refuses them for good. That is what keeps first occurrences in order.
 */
import type { WeirError } from "../../core/errors.ts";
import { BatchMemory } from "../../core/kafka/batch_memory.ts";
import type { Codec } from "../../core/kafka/record_batch.ts";
import type { RecordPrefix } from "../../core/kafka/record_batch.ts";
import { RecordBatchBuilder, recordPrefix } from "../../core/kafka/record_batch.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { dayOf } from "../../core/record/identity.ts";

/** A chunk on its way; settled when its last line is. */
export interface Pending {
  chunk: LineChunk;
  /** First line that is not yet in a batch. */
  next: number;
  /** Lines in the batch that is in flight. */
  inFlight: number;
  since: number;
  resolve: () => void;
  reject: (error: WeirError) => void;
}

/** Bytes of batches that are being built or on their way at most, over all partitions. */
const BATCH_BYTES_IN_FLIGHT = 16 << 20;
/** Batches at most: also where they are small. */
const BATCHES_IN_FLIGHT = 32;

/** Builders that are used again: as many exist as batches may be in flight at once. */
export class BuilderPool {
  /** Batches in flight at most. */
  readonly size: number;
  readonly #memory: BatchMemory;
  readonly #free: RecordBatchBuilder[] = [];

  /** `bufferBytes`: room beside the batches for buffers that lines are read into. */
  constructor(batchBytesMax: number, bufferBytes: number) {
    this.size = Math.max(
      2,
      Math.min(BATCHES_IN_FLIGHT, Math.floor(BATCH_BYTES_IN_FLIGHT / batchBytesMax)),
    );
    this.#memory = new BatchMemory(batchBytesMax, this.size, bufferBytes);
  }
  buffer(bytes: number): Uint8Array | undefined {
    return this.#memory.buffer(bytes);
  }
  take(): RecordBatchBuilder {
    return this.#free.pop() ?? new RecordBatchBuilder(this.#memory);
  }
  give(builder: RecordBatchBuilder): void {
    this.#free.push(builder);
  }
}

interface LastPrefix {
  chunk: Pick<LineChunk, "generation" | "path" | "host" | "day" | "tz" | "fields">;
  today: string;
  prefix: RecordPrefix;
}

export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly #builders: BuilderPool;
  readonly #batchBytesMax: number;
  #builder: RecordBatchBuilder | undefined;
  #batchRecords = 0;
  #pending: Pending[] = [];
  #lastPrefix: LastPrefix | undefined;
  #queuedBytes = 0;
  /** The batch in flight, or the one that is to be sent again. */
  #batch: Uint8Array | undefined;
  busy = false;
  /** Monotonic ms before which nothing is sent, after a failure. */
  retryAt = 0;
  failures = 0;
  /** Lines in a batch at most; halved where a broker finds a batch too large. */
  #linesMax = Number.MAX_SAFE_INTEGER;

  constructor(topic: string, partition: number, batchBytesMax: number, builders: BuilderPool) {
    this.topic = topic;
    this.partition = partition;
    this.#batchBytesMax = batchBytesMax;
    this.#builders = builders;
  }

  get empty(): boolean {
    return this.#pending.length === 0;
  }

  push(pending: Pending): void {
    this.#pending.push(pending);
    this.#queuedBytes += pending.chunk.bytes.length;
  }

  /** Monotonic ms at which a batch is due: at once when enough is queued, else after the linger; Infinity when empty. */
  dueAt(lingerMs: number): number {
    if (this.busy || this.#pending.length === 0) return Infinity;
    if (this.#batch !== undefined) return this.retryAt;
    const due = this.#queuedBytes >= this.#batchBytesMax ? 0 : this.#pending[0].since + lingerMs;
    return Math.max(due, this.retryAt);
  }

  /** The next batch: the one that failed, or a new one of as many lines as fit. */
  take(timestampMs: number, codec: Codec, level: number): Uint8Array {
    if (this.#batch !== undefined) return this.#batch;
    const builder = this.#builder = this.#builders.take();
    builder.begin(timestampMs);
    for (const pending of this.#pending) {
      const { chunk } = pending;
      const room = this.#linesMax - builder.records;
      if (room <= 0) break;
      const end = builder.append(chunk, this.#prefixOf(chunk, timestampMs), pending.next, room);
      pending.inFlight = end - pending.next;
      if (end < chunk.lines) break;
    }
    this.#batchRecords = builder.records;
    return this.#batch = builder.finish(codec, level);
  }

  /** The last prefix serves as long as the same file goes on: to make one costs as much as several lines. */
  #prefixOf(chunk: LineChunk, timestampMs: number): RecordPrefix {
    const { generation, path, host, day, tz, fields } = chunk;
    const last = this.#lastPrefix;
    const isSame = last !== undefined && last.chunk.generation === generation &&
      last.chunk.path === path && last.chunk.host === host && last.chunk.day === day &&
      last.chunk.tz === tz && last.chunk.fields === fields && last.today === dayOf(timestampMs);
    if (isSame) return last.prefix;
    const prefix = recordPrefix(chunk, timestampMs);
    this.#lastPrefix = {
      chunk: { generation, path, host, day, tz, fields },
      today: dayOf(timestampMs),
      prefix,
    };
    return prefix;
  }

  /** Lines in the batch that `take` gave last. */
  get batchLines(): number {
    return this.#batchRecords;
  }

  /** The broker has the batch: settles what is complete. */
  delivered(): void {
    this.#dropBatch();
    this.failures = 0;
    this.retryAt = 0;
    let done = 0;
    for (const pending of this.#pending) {
      if (pending.inFlight === 0) break;
      pending.next += pending.inFlight;
      pending.inFlight = 0;
      if (pending.next < pending.chunk.lines) break;
      this.#queuedBytes -= pending.chunk.bytes.length;
      done++;
    }
    for (const pending of this.#pending.splice(0, done)) pending.resolve();
  }

  /** The batch will be sent again, as it is, not before `atMs`. */
  again(atMs: number): void {
    this.failures++;
    this.retryAt = atMs;
  }

  /** The batch was too large: the next holds half as many lines. False where it held one line only. */
  halve(): boolean {
    const lines = this.#batchRecords;
    if (lines <= 1) return false;
    this.#forgetBatch();
    this.#linesMax = Math.max(1, Math.floor(lines / 2));
    return true;
  }

  /**
   * Rejects the chunks that are in the batch, and those behind them of the same files, so that nothing of a file
   * arrives before what was refused of it.
   */
  refuse(error: WeirError): void {
    const generations = new Set(
      this.#pending.filter((p) => p.inFlight > 0).map((p) => p.chunk.generation),
    );
    this.#rejectWhere((pending) => generations.has(pending.chunk.generation), error);
  }

  refuseAll(error: WeirError): void {
    this.#rejectWhere(() => true, error);
  }

  #rejectWhere(matches: (pending: Pending) => boolean, error: WeirError): void {
    this.#forgetBatch();
    const refused = this.#pending.filter(matches);
    this.#pending = this.#pending.filter((pending) => !matches(pending));
    this.#queuedBytes = this.#pending.reduce((sum, pending) => sum + pending.chunk.bytes.length, 0);
    for (const pending of refused) pending.reject(error);
  }

  #dropBatch(): void {
    this.#batch = undefined;
    if (this.#builder !== undefined) this.#builders.give(this.#builder);
    this.#builder = undefined;
  }

  #forgetBatch(): void {
    this.#dropBatch();
    for (const pending of this.#pending) pending.inFlight = 0;
  }
}
