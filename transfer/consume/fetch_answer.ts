/**
 * Decodes a broker's Fetch v11 answer into record batches, in the shape that kafkajs's group code
 * expects: each batch stands where kafkajs has a message, so that its filters for aborted
 * transactions and control records work as they are, at the cost of one object a batch. Damage in
 * one partition is told by that partition alone.
 */
import { logOf } from "../../core/log.ts";
import { readBatches, type RecordBatch, RecordCursor } from "./record_batch.ts";

/** What kafkajs reads of a message, here for a whole batch. */
export interface BatchMessage {
  /** Of the last record. */
  offset: string;
  /** Of a control batch's marker: kafkajs finds aborts by it. */
  key: Uint8Array | null;
  isControlRecord: boolean;
  batchContext: { producerId: string; inTransaction: boolean };
  batch: RecordBatch;
  /** First offset that the partition still has. */
  logStart: number;
}

export interface FetchAnswer {
  throttleTime: number;
  clientSideThrottleTime: number;
  errorCode: number;
  sessionId: number;
  responses: { topicName: string; partitions: FetchedPartition[] }[];
}

export interface FetchedPartition {
  partition: number;
  errorCode: number;
  highWatermark: string;
  lastStableOffset: string;
  lastStartOffset: string;
  abortedTransactions: { producerId: string; firstOffset: string }[];
  preferredReadReplica: number;
  messages: BatchMessage[];
}

const DAMAGED_MAX = 1000;

/**
 * Batches whose checksum does not fit. The first time that may be the way here: it is fetched again. The second time
 * the broker has it so: it is taken with its fault, or nothing behind it would ever be read.
 */
export class Damage {
  readonly #seen = new Set<string>();

  /** Whether it is taken. */
  passes(topic: string, partition: number, offset: number): boolean {
    const batch = `${topic}/${partition}@${offset}`, isKnown = this.#seen.has(batch);
    logOf("transfer.consume").warn("A record batch is damaged", {
      batch,
      what: isKnown ? "it is passed" : "it is fetched again",
    });
    if (this.#seen.size >= DAMAGED_MAX) this.#seen.clear();
    this.#seen.add(batch);
    return isKnown;
  }
}

/** Decodes the answer; throws RangeError where it is not one. */
export function decodeFetchAnswer(payload: Uint8Array, damage = new Damage()): FetchAnswer {
  const reader = new Reader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16(), sessionId = reader.int32();
  const responses = reader.list(() => {
    const topicName = reader.string();
    return { topicName, partitions: reader.list(() => partition(reader, topicName, damage)) };
  });
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

function partition(reader: Reader, topic: string, damage: Damage): FetchedPartition {
  const head = {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    lastStartOffset: reader.int64(),
    abortedTransactions: reader.list(() => ({
      producerId: reader.int64(),
      firstOffset: reader.int64(),
    })),
    preferredReadReplica: reader.int32(),
  };
  const passes = (offset: number) => damage.passes(topic, head.partition, offset);
  return {
    ...head,
    messages: readBatches(reader.bytes(), passes).map((batch) =>
      message(batch, Number(head.lastStartOffset))
    ),
  };
}

function message(batch: RecordBatch, logStart: number): BatchMessage {
  return {
    offset: String(batch.lastOffset),
    key: batch.control ? markerKey(batch) : null,
    isControlRecord: batch.control,
    batchContext: { producerId: batch.producerId, inTransaction: batch.transactional },
    batch,
    logStart,
  };
}

function markerKey(batch: RecordBatch): Uint8Array | null {
  const cursor = new RecordCursor(batch, 65_536);
  return cursor.next() && cursor.keyStart >= 0
    ? cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd)
    : null;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  int16(): number {
    this.#at += 2;
    return this.#view.getInt16(this.#at - 2);
  }
  int32(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4);
  }
  int64(): string {
    this.#at += 8;
    return String(this.#view.getBigInt64(this.#at - 8));
  }
  string(): string {
    const size = this.int16();
    return new TextDecoder().decode(this.#slice(Math.max(0, size)));
  }
  bytes(): Uint8Array {
    return this.#slice(Math.max(0, this.int32()));
  }
  #slice(size: number): Uint8Array {
    if (this.#at + size > this.#bytes.length) throw new RangeError("a fetch answer that was cut");
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
  list<T>(item: () => T): T[] {
    const size = this.int32(), items: T[] = [];
    for (let i = 0; i < size; i++) items.push(item());
    return items;
  }
}
