/**
 * Finds a line's record in Kafka and its file's seal in the ledger. A record is read at the place that the document
 * names; where it names none, its partition (which follows from its generation) is searched from the day of its index
 * on, within bounds of bytes and time.
 */
import type { Kafka } from "kafkajs";
import { type Seal, sealKey } from "../../core/ledger/seal.ts";
import { partitionOf } from "../../core/kafka/partition.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type {
  FileLife,
  FoundRecord,
  LinePlace,
  Trace,
  WantedRecord,
} from "../../search/explain/trace.ts";
import { RecordDecoder } from "../../transfer/consume/decode.ts";
import { type Fetcher, openFetcher } from "../../transfer/consume/kafkajs_group.ts";
import { isForReaders, RecordCursor } from "../../transfer/consume/record_batch.ts";
import { readSeals } from "../audit/read_ledger.ts";

const FETCH_BYTES = 1024 * 1024, UNPACKED_BYTES_MAX = 64 * 2 ** 20;
const SEARCH_BYTES_MAX = 256 * 2 ** 20, SEARCH_MS_MAX = 15_000;

export class KafkaTrace implements Trace {
  readonly #kafka: Kafka;
  readonly #ledger: string;

  /** @param kafka made with few retries: somebody waits */
  constructor(kafka: Kafka, ledger: string) {
    this.#kafka = kafka;
    this.#ledger = ledger;
  }

  async file(line: LinePlace): Promise<FileLife | undefined> {
    const key = sealKey(line);
    let first: Seal | undefined;
    const onSeal = (seal: Seal) => {
      if (first === undefined && seal.from <= line.start && seal.to >= line.end) first = seal;
    };
    const seal = (await readSeals(this.#kafka, this.#ledger, { only: key, onSeal })).get(key);
    return seal && { ...lifeOf(seal), ...saidFirst(line, first) };
  }

  async record(wanted: WantedRecord, signal: AbortSignal): Promise<FoundRecord> {
    const fetcher = await openFetcher(this.#kafka, [wanted.topic]);
    try {
      return wanted.partition !== undefined && wanted.offset !== undefined
        ? await this.#at(fetcher, wanted, wanted.partition, wanted.offset)
        : await this.#search(fetcher, wanted, signal);
    } finally {
      await fetcher.disconnect().catch(() => {}); // its sockets are no longer used
    }
  }

  async #at(
    fetcher: Fetcher,
    wanted: WantedRecord,
    partition: number,
    offset: number,
  ): Promise<FoundRecord> {
    const { low, high } = (await this.#ends(wanted.topic)).get(partition) ?? { low: 0, high: 0 };
    const at = { partition, offset, by: "document" } as const;
    if (offset < low) return { ...at, state: "expired" };
    if (offset >= high) return { ...at, state: "other" };
    for await (const record of records(fetcher, wanted.topic, partition, offset)) {
      if (offsetOf(record) > offset) break;
      return isWanted(record, wanted)
        ? { ...at, ...seenOf(record), state: "there" }
        : { ...at, state: "other" };
    }
    return { ...at, state: "expired" }; // compacted away
  }

  async #search(
    fetcher: Fetcher,
    wanted: WantedRecord,
    signal: AbortSignal,
  ): Promise<FoundRecord> {
    const { topic, generation, sinceMs = 0 } = wanted;
    const ends = await this.#ends(topic), by = "search" as const;
    const partitions = partitionsOf(generation, ends.size);
    let bytes = 0;
    const end = systemClock.monotonicMs() + SEARCH_MS_MAX;
    const isOver = () =>
      bytes > SEARCH_BYTES_MAX || systemClock.monotonicMs() > end || signal.aborted;
    for (const partition of partitions) {
      const { high } = ends.get(partition) ?? { high: 0 };
      const from = await this.#offsetAt(topic, partition, sinceMs);
      for await (const record of records(fetcher, topic, partition, from, high)) {
        bytes += record.value.length;
        if (isWanted(record, wanted)) {
          return { partition, by, offset: offsetOf(record), ...seenOf(record), state: "there" };
        }
        if (isOver()) break;
      }
      if (isOver()) break;
    }
    return { partition: partitions[0], by, state: "unknown" };
  }

  async #ends(topic: string): Promise<Map<number, { low: number; high: number }>> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const ends = await admin.fetchTopicOffsets(topic);
      return new Map(
        ends.map(({ partition, low, high }) => [partition, {
          low: Number(low),
          high: Number(high),
        }]),
      );
    } finally {
      await admin.disconnect();
    }
  }

  async #offsetAt(topic: string, partition: number, ms: number): Promise<number> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const found = await admin.fetchTopicOffsetsByTimestamp(topic, ms);
      return Number(found.find((one) => one.partition === partition)?.offset ?? 0);
    } finally {
      await admin.disconnect();
    }
  }
}

/** Where an agent puts a file's lines: by the partitions that there are, and by as many as there were before. */
function partitionsOf(generation: string, count: number): number[] {
  const found = new Set<number>();
  for (let partitions = count; partitions > 0; partitions--) {
    found.add(partitionOf(generation, partitions));
  }
  return [...found];
}

/** Records of a partition from an offset to before `high`, or to where it ends now. */
async function* records(
  fetcher: Fetcher,
  topic: string,
  partition: number,
  from: number,
  high = from + 1,
): AsyncGenerator<LogRecord> {
  const decoder = new RecordDecoder(topic, partition);
  for (let at = from; at < high;) {
    const found = await fetcher.fetch({
      ...{ topic, partition, fetchOffset: at, maxBytes: FETCH_BYTES },
    });
    if (found.length === 0) return;
    for (const { batch } of found) {
      at = Math.max(at, batch.lastOffset + 1);
      if (!isForReaders(batch)) continue;
      const cursor = new RecordCursor(batch, UNPACKED_BYTES_MAX);
      while (cursor.next()) {
        if (cursor.offset < from) continue;
        const record = decoder.decode(cursor);
        if (record !== "tombstone") yield record;
      }
    }
  }
}

function offsetOf({ kafka }: LogRecord): number {
  return Number(kafka?.offset ?? -1);
}

function isWanted(record: LogRecord, { generation, start, end }: WantedRecord): boolean {
  if (generation === "") return true; // of a record that no agent wrote, the place is the identity
  return record.generation === generation && record.offset === start &&
    record.offset + record.length === end;
}

function seenOf({ createdMs: timestampMs, host, path }: LogRecord) {
  return { timestampMs, host, path };
}

/** The first seal that has a line tells when it was acknowledged; one of more lines than since its forerunner does not. */
function saidFirst({ start }: LinePlace, first: Seal | undefined): Partial<FileLife> {
  const { heldFrom, heldMs, atMs } = first ?? {};
  if (atMs === undefined || heldFrom === undefined || heldFrom > start) return {};
  return { acknowledgedMs: atMs, ...(heldMs !== undefined && { heldMs }) };
}

function lifeOf(seal: Seal): FileLife {
  const { host, path, device, inode, from, to, size, closed, unread, guarantee, atMs } = seal;
  return {
    ...{ host, path, device, inode, from, to, size, closed, unread, guarantee, atMs },
    source: "ledger",
  };
}
