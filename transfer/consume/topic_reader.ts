/**
 * Reads a topic from its start, or its last records, up to where it ends now: without a group, so
 * that nothing is committed and nobody is disturbed. For a look at a topic (dry run, dead letters),
 * one partition after the other.
 */
import type { Kafka } from "kafkajs";
import { kafkaError } from "../../core/kafka/errors.ts";
import { type Fetcher, openFetcher } from "./kafkajs_group.ts";
import type { RecordBatch } from "./record_batch.ts";

const FETCH_BYTES = 1024 * 1024;

export interface ReadBatch {
  partition: number;
  /** Records of the batch before this offset were not asked for. */
  from: number;
  batch: RecordBatch;
}

export interface ReadOptions {
  /** Only so many of the last offsets of each partition. @default everything */
  last?: number;
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
      let at = Math.max(low, high - (options.last ?? Infinity));
      while (at < high) {
        const found = await fetcher.fetch({
          topic,
          partition,
          fetchOffset: at,
          maxBytes: FETCH_BYTES,
        });
        for (const { batch } of found) {
          if (batch.lastOffset < at) continue;
          if (!batch.control && batch.firstOffset < high) yield { partition, from: at, batch };
          at = batch.lastOffset + 1;
        }
        if (found.length === 0) break; // what is left are aborted or compacted records
      }
    }
  } catch (error) {
    throw kafkaError(error, `Cannot read the topic "${topic}"`);
  } finally {
    await fetcher?.disconnect().catch(() => {}); // its sockets are no longer used
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
