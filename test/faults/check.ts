/**
 * The one checker: what of the workload is lost, doubled, damaged or out of order, in the index and in Kafka. It reads
 * in pages and keeps one byte a line.
 */
import { Client } from "@elastic/elasticsearch";
import { zstdDecompressSync } from "node:zlib";
import { CompressionCodecs, CompressionTypes, Kafka, logLevel } from "kafkajs";
import { SeenLines } from "../../cli/selftest/seen_lines.ts";
import { numberedLine } from "../support/numbered.ts";
import { uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import type { FaultChain } from "./chain.ts";
import { TOPICS } from "./workload.ts";

// The plain consumer that reads back has no zstd of its own.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: () => Promise.reject(new Error("not used")),
  decompress: (bytes: Uint8Array) => Promise.resolve(zstdDecompressSync(bytes)),
});

export interface Verdict {
  lost: number;
  /** Documents too many. */
  doubled: number;
  /** Documents or records of the workload's files that are not a line that was written. */
  damaged: number;
  /** First occurrences in Kafka behind a later line of the same generation. */
  reordered: number;
  /** Records in Kafka too many: repeats that the index took once. */
  repeated: number;
  firstLost: string[];
  /** Where the first of them lie, and what lies before them. */
  firstReordered: string[];
}

const PAGE = 5000, FIRST_LOST_MAX = 20;
/** How long Elasticsearch keeps a point in time between two pages. */
const KEPT = "5m";

function seenOf({ workload: { files, linesEach } }: FaultChain): SeenLines {
  return new SeenLines(files.map(({ name }) => ({ name, lines: linesEach })), numberedLine);
}

/** Reads everything back; the chain should be at rest. */
export async function check(chain: FaultChain): Promise<Verdict> {
  const index = await checkIndex(chain), kafka = await checkKafka(chain);
  let lost = 0;
  const firstLost: string[] = [];
  for (const { name, lines } of chain.workload.files) {
    for (const n of index.lost(name, lines)) {
      if (lost++ < FIRST_LOST_MAX) firstLost.push(`${name} ${n}`);
    }
  }
  return {
    lost,
    firstLost,
    doubled: index.doubled,
    damaged: index.damaged + kafka.seen.damaged,
    reordered: kafka.reordered,
    firstReordered: kafka.firstReordered,
    repeated: kafka.seen.doubled,
  };
}

async function checkIndex(chain: FaultChain): Promise<SeenLines> {
  const seen = seenOf(chain);
  // A client of its own: what the other one waits at most holds for its connections, whatever a request asks for.
  const node = chain.servers.elasticsearch.address;
  const elastic = new Client({ node, maxRetries: 0, requestTimeout: 60_000 });
  try {
    await readIndex(chain, elastic, seen);
  } finally {
    await elastic.close();
  }
  return seen;
}

async function readIndex(chain: FaultChain, elastic: Client, seen: SeenLines): Promise<void> {
  const index = TOPICS.map((topic) => `weir-${topic}-*`);
  let { id } = await elastic.openPointInTime({ index, keep_alive: KEPT });
  let after: unknown[] | undefined;
  for (;;) {
    // A machine that does other work may not answer the first time.
    const answer = await waitFor(
      "a page of the index",
      () =>
        elastic.search<{ message: string }>({
          pit: { id, keep_alive: KEPT },
          size: PAGE,
          query: chain.query,
          _source: ["message"],
          sort: [{ _shard_doc: "asc" }], // in the order in which they lie there
          track_total_hits: false,
          ...(after === undefined ? {} : { search_after: after as never }),
        }),
      { timeoutMs: 180_000 },
    );
    const { hits } = answer.hits;
    for (const hit of hits) seen.take(hit._source!.message);
    id = answer.pit_id ?? id;
    if (hits.length === 0) break;
    after = hits.at(-1)!.sort;
  }
  await elastic.closePointInTime({ id });
}

interface InKafka {
  seen: SeenLines;
  reordered: number;
  firstReordered: string[];
}

async function checkKafka(chain: FaultChain): Promise<InKafka> {
  const seen = seenOf(chain), greatest = new Map<string, number>();
  const { prefixes } = chain, firstReordered: string[] = [];
  let reordered = 0;
  const take = (key: string, offset: number, text: string, where: () => string) => {
    if (seen.take(text)?.again !== false) return;
    const before = greatest.get(key) ?? -1;
    if (offset >= before) greatest.set(key, offset);
    else if (reordered++ % 100 === 0 && firstReordered.length < FIRST_LOST_MAX) {
      firstReordered.push(`${key} ${offset} behind ${before}, ${where()}`);
    }
  };
  const brokers = chain.servers.kafka.address.split(",");
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const ends = await chain.servers.withAdmin((admin) =>
    Promise.all(
      TOPICS.map(async (topic) => ({ topic, ends: await admin.fetchTopicOffsets(topic) })),
    )
  );
  const consumer = kafka.consumer({ groupId: uniqueName("check"), maxWaitTimeInMs: 50 });
  const next = new Map<string, number>();
  await consumer.connect();
  await consumer.subscribe({ topics: TOPICS, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch: { topic, partition, messages } }) => {
      for (const { key, value, headers, offset, timestamp } of messages) {
        next.set(`${topic} ${partition}`, Number(offset) + 1);
        const path = String(headers?.["log.file.path"] ?? "");
        if (!prefixes.some((prefix) => path.startsWith(prefix))) continue; // what other producers wrote
        const sent = new Date(Number(timestamp)).toISOString();
        const where = () => `partition ${partition} offset ${offset}, sent ${sent}, ${path}`;
        take(`${topic} ${key}`, Number(headers!["log.offset"]), String(value), where);
      }
      return Promise.resolve();
    },
  });
  const atEnd = () =>
    ends.every(({ topic, ends }) =>
      ends.every(({ partition, low, high }) =>
        low === high || (next.get(`${topic} ${partition}`) ?? 0) >= Number(high)
      )
    );
  await waitFor("all records of the topics", atEnd, { timeoutMs: 300_000 });
  await consumer.disconnect();
  return { seen, reordered, firstReordered };
}
