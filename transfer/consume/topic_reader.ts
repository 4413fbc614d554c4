/**
 * Reads a topic from its start, or its last records, up to where it ends now: without a group, so
 * that nothing is committed and nobody is disturbed. For a look at a topic (dry run, dead letters),
 * one partition after the other.
 */
import type { Kafka } from "kafkajs";
import { WeirError } from "../../core/errors.ts";
import { kafkaError } from "../../core/kafka/errors.ts";
import { type Fetcher, openFetcher } from "./kafkajs_group.ts";
import { isForReaders, type RecordBatch } from "./record_batch.ts";

const FETCH_BYTES = 1024 * 1024;
/** Answers without a record, one after the other, that are taken for a broker that holds us back. */
const EMPTY_MAX = 6;

export interface ReadBatch {
  partition: number;
  /** Records of the batch before this offset were not asked for. */
  from: number;
  batch: RecordBatch;
}

export interface ReadOptions {
  /** Only so many of the last offsets of each partition. @default everything */
  last?: number;
  /** Rejects with KAFKA_CUT where the broker does not give all up to the end. @default {false} */
  whole?: boolean;
}

/**
 * The record batches of a topic; control batches are left out. Rejects with a WeirError
 * (KAFKA_…) where the topic cannot be read.
 */
export async function* readTopic(
  kafka: Kafka,
  topic: string,
  options: ReadOptions = {},
): AsyncGenerator<ReadBatch> {
  let fetcher: Fetcher | undefined;
  try {
    const ends = await endsOf(kafka, topic);
    fetcher = await openFetcher(kafka, [topic]);
    for (const { partition, low, high } of ends) {
      const from = Math.max(low, high - (options.last ?? Infinity));
      yield* readPartition(fetcher, { topic, partition, from, to: high }, options.whole);
    }
  } catch (error) {
    throw kafkaError(error, `Cannot read the topic "${topic}"`);
  } finally {
    await fetcher?.disconnect().catch(() => {}); // its sockets are no longer used
  }
}

interface PartitionRange {
  topic: string;
  partition: number;
  /** Offsets, `to` exclusive. */
  from: number;
  to: number;
}

/** The batches of one partition. What comes without a record may be a broker that keeps to a quota: it is asked again. */
export async function* readPartition(
  fetcher: Pick<Fetcher, "fetch">,
  { topic, partition, from, to }: PartitionRange,
  whole = false,
): AsyncGenerator<ReadBatch> {
  for (let at = from, empty = 0; at < to;) {
    const found = await fetcher.fetch({ topic, partition, fetchOffset: at, maxBytes: FETCH_BYTES });
    const before = at;
    for (const { batch } of found) {
      if (batch.lastOffset < at) continue;
      if (isForReaders(batch) && batch.firstOffset < to) yield { partition, from: at, batch };
      at = batch.lastOffset + 1;
    }
    empty = at === before ? empty + 1 : 0;
    if (empty < EMPTY_MAX) continue;
    if (!whole) return; // what is left is of an open transaction
    throw new WeirError("KAFKA_CUT", `Kafka gives nothing of ${topic}/${partition} from ${at} on`, {
      retriable: true,
      hint: "Try again; look at the quotas of this user.",
    });
  }
}

async function endsOf(kafka: Kafka, topic: string) {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    return ends.map(({ partition, low, high }) => ({
      partition,
      low: Number(low),
      high: Number(high),
    })).sort((a, b) => a.partition - b.partition);
  } finally {
    await admin.disconnect();
  }
}
