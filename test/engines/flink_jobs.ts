/** The shipped Flink jobs with the addresses and names of a test in the place of those of the compose file. */
import assert from "node:assert/strict";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { CompressionCodecs, CompressionTypes, Kafka, logLevel } from "kafkajs";
import { templateName } from "../../transfer/index/template.ts";
import { needCommand, sayOnStderr } from "../support/real/install.ts";
import { elasticsearchUrl, kafkaBroker } from "../transfer/servers.ts";
import { elastic, type Site, until } from "../transfer/site.ts";

// kafkajs has none of its own; the agent packs with it.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { buffer: Uint8Array }) => Promise.resolve(zstdCompressSync(buffer)),
  decompress: (bytes: Uint8Array) => Promise.resolve(zstdDecompressSync(bytes)),
});

const FOLDER = new URL("../../deploy/flink/", import.meta.url).pathname;

export type Job = "lines_once" | "errors_per_minute" | "new_patterns" | "transfer";

export interface JobNames {
  /** Begins the names of indices and of output topics. */
  prefix: string;
  topics: readonly string[];
  /** A savepoint to begin from. */
  from?: string;
}

/** The text of a job for the SQL client, its tables before it. */
export async function jobScript(job: Job, { prefix, topics, from }: JobNames): Promise<string> {
  let text = await Deno.readTextFile(`${FOLDER}tables.sql`) +
    await Deno.readTextFile(`${FOLDER}${job}.sql`);
  const instead = (old: string, now: string) => {
    assert.ok(
      text.includes(old) || job !== "transfer",
      `${old} stands in the shipped jobs no more`,
    );
    text = text.replaceAll(old, now);
  };
  instead("kafka:9092", await kafkaBroker());
  instead("http://elasticsearch:9200", await elasticsearchUrl());
  instead("demo_logs;host_logs", topics.join(";"));
  instead(
    "'10 s';\nSET 'execution.checkpointing.mode",
    "'1 s';\nSET 'execution.checkpointing.mode",
  );
  instead("'weir-flink-", `'${prefix}-flink-`);
  instead("'weir-'", `'${prefix}-'`);
  instead("'flink-error-counts'", `'${prefix}-error-counts'`);
  for (const topic of ["lines-once", "error-counts", "new-patterns"]) {
    instead(`'weir-${topic}'`, `'${prefix}-${topic}'`);
  }
  const recovery = from === undefined ? "" : `SET 'execution.state-recovery.path' = '${from}';\n`;
  return recovery + text;
}

/** Says where a topic ends, so that its reader knows that it has read all. */
const END = "the end";

/**
 * All records of a topic that nobody writes to any more and that has one partition, as one reads them who takes
 * committed transactions alone: kcat. kafkajs hands out aborted ones too where transactions overlap.
 */
export async function readCommitted(topic: string): Promise<{ key: string; value: any }[]> {
  const broker = await kafkaBroker();
  const producer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: END, value: "null" }] });
  await producer.disconnect();
  const kcat = await needCommand("kcat", "kcat", sayOnStderr);
  const args = ["-C", "-b", broker, "-t", topic, "-o", "beginning", "-e", "-q"];
  let lines: string[] = [];
  await until(`the end of ${topic}`, async () => {
    // Hundreds of thousands of lines: run() keeps the end of so many alone.
    const { success, stdout, stderr } = await new Deno.Command(kcat, {
      args: [...args, "-X", "isolation.level=read_committed", "-f", "%k\\t%s\\n"],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const text = new TextDecoder().decode(stdout);
    lines = text.split("\n").slice(0, -1);
    return lines.some((line) => line.startsWith(`${END}\t`));
  }, 120_000);
  return lines.map((line) => line.split("\t")).filter(([key]) => key !== END)
    .map(([key, value]) => ({ key, value: JSON.parse(value) }));
}

/** Installs the shipped index template for the indices of a prefix, as a transfer would. Site.close() removes it. */
export async function useTemplate(prefix: string): Promise<void> {
  const body = JSON.parse(await Deno.readTextFile(`${FOLDER}index_template.json`));
  const pattern = `${prefix}-*-*`;
  body.index_patterns = [pattern];
  body.template.settings.index.number_of_replicas = 0;
  await elastic("PUT", `/_index_template/${templateName(pattern)}`, body);
}

/** Whether a job has read its topic to the end, and has kept that in a checkpoint. */
export async function hasReadAll(site: Site, job: Job, topic: string): Promise<boolean> {
  const groupId = groupOf(site.prefix, job);
  const [{ partitions }] = await site.admin.fetchOffsets({ groupId, topics: [topic] });
  const committed = new Map(partitions.map((one) => [one.partition, one.offset]));
  const ends = await site.admin.fetchTopicOffsets(topic);
  return ends.every(({ partition, offset }) =>
    offset === "0" || committed.get(partition) === offset
  );
}

/** Removes the groups under which jobs said how far they are. */
export async function forgetGroups(site: Site, jobs: Iterable<Job>): Promise<void> {
  await site.admin.deleteGroups([...jobs].map((job) => groupOf(site.prefix, job)));
}

function groupOf(prefix: string, job: Job): string {
  return `${prefix}-flink-${job.replaceAll("_", "-")}`;
}

/** The id of every document in these indices, sorted; one that is in two stands here twice. */
export async function idsOf(site: Site, indices: string): Promise<string[]> {
  const found: string[] = [];
  let after: unknown[] | undefined;
  for (;;) {
    const page = await site.search({
      size: 10_000,
      _source: false,
      sort: ["log.file.generation", "log.offset", "_index"],
      ...(after === undefined ? {} : { search_after: after }),
    }, indices);
    const { hits } = page.hits;
    if (hits.length === 0) return found.sort();
    for (const hit of hits) found.push(hit._id);
    after = hits[hits.length - 1].sort;
  }
}
