/**
 * Decodes a broker's Fetch v11 answer into record batches, in the shape that kafkajs's group code expects: each batch
 * stands where kafkajs has a message, so that its filter for control records works as it is, at the cost of one object
 * a batch. Which transactions were aborted is found out here: kafkajs 2.2.4 takes the broker's list as if it were in
 * the order of their begins, and one of them a message, and hands out what was aborted where they overlap. Damage in
 * one partition is told by that partition alone.
 */
import { logOf } from "../../core/log.ts";
import { isForReaders, readBatches, type RecordBatch, RecordCursor } from "./record_batch.ts";

/** What kafkajs reads of a message, here for a whole batch. */
export interface BatchMessage {
  /** Of the last record. */
  offset: string;
  /** kafkajs passes over it. */
  isControlRecord: boolean;
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
  /** None that kafkajs would have to look for. */
  abortedTransactions: readonly [];
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
  };
  const aborted = reader.list((): Aborted => ({
    producerId: reader.int64(),
    firstOffset: Number(reader.int64()),
  }));
  const preferredReadReplica = reader.int32();
  const passes = (offset: number) => damage.passes(topic, head.partition, offset);
  const batches = readBatches(reader.bytes(), passes);
  if (aborted.length > 0) markAborted(batches, aborted);
  const messages = batches.map((batch) => message(batch, Number(head.lastStartOffset)));
  return { ...head, abortedTransactions: [], preferredReadReplica, messages };
}

interface Aborted {
  producerId: string;
  firstOffset: number;
}

/** As the protocol says: a transaction that was aborted reaches from its first offset to its producer's next marker. */
function markAborted(batches: readonly RecordBatch[], aborted: Aborted[]): void {
  const byBegin = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const producers = new Set<string>();
  for (const batch of batches) {
    while (byBegin.length > 0 && byBegin[0].firstOffset <= batch.lastOffset) {
      producers.add(byBegin.shift()!.producerId);
    }
    if (batch.control && isAbort(batch)) producers.delete(batch.producerId);
    else if (batch.transactional && producers.has(batch.producerId)) batch.aborted = true;
  }
}

function message(batch: RecordBatch, logStart: number): BatchMessage {
  return {
    offset: String(batch.lastOffset),
    isControlRecord: !isForReaders(batch),
    batch,
    logStart,
  };
}

/** The key of a marker is its version and its type, two bytes each: 0 for an abort, 1 for a commit. */
function isAbort(batch: RecordBatch): boolean {
  const cursor = new RecordCursor(batch, 65_536);
  if (!cursor.next() || cursor.keyStart < 0) return false;
  const { bytes, keyStart, keyEnd } = cursor;
  return keyEnd - keyStart >= 4 && bytes[keyStart + 2] === 0 && bytes[keyStart + 3] === 0;
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
