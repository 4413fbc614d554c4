/** The shipped Flink jobs with the addresses and names of a test in the place of those of the compose file. */
import assert from "node:assert/strict";
import { Kafka, logLevel } from "kafkajs";
import { elasticsearchUrl, kafkaBroker } from "../transfer/servers.ts";
import { elastic, type Site, until } from "../transfer/site.ts";

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
  instead("'weir-'", `'${prefix}-'`);
  instead("'weir-flink-error-counts'", `'${prefix}-error-counts'`);
  for (const topic of ["lines-once", "error-counts", "new-patterns"]) {
    instead(`'weir-${topic}'`, `'${prefix}-${topic}'`);
  }
  const recovery = from === undefined ? "" : `SET 'execution.state-recovery.path' = '${from}';\n`;
  return recovery + text;
}

export interface Written {
  key: string | null;
  value: any;
}

/** Reads a topic as a reader of committed transactions alone does, as often as it takes until `enough`. */
export async function readCommitted(
  topic: string,
  enough: (records: readonly Written[]) => boolean,
  limitMs = 120_000,
): Promise<Written[]> {
  const kafka = new Kafka({ brokers: [await kafkaBroker()], logLevel: logLevel.NOTHING });
  const groupId = `${topic}-reader-${crypto.randomUUID()}`;
  // kafkajs: isolation level 1 is read committed, and the default.
  const consumer = kafka.consumer({ groupId, readUncommitted: false });
  await consumer.connect();
  const found: Written[] = [];
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage({ message }) {
        const value = message.value === null ? null : JSON.parse(String(message.value));
        found.push({ key: message.key === null ? null : String(message.key), value });
        return Promise.resolve();
      },
    });
    await until(`enough records of ${topic}`, () => enough(found), limitMs);
  } finally {
    await consumer.disconnect();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteGroups([groupId]);
    await admin.disconnect();
  }
  return found;
}

/** Installs the shipped index template for the indices of a prefix. Site.close() removes it. */
export async function useTemplate(prefix: string): Promise<void> {
  const body = JSON.parse(await Deno.readTextFile(`${FOLDER}index_template.json`));
  body.index_patterns = [`${prefix}-*`];
  body.template.settings.index.number_of_replicas = 0;
  await elastic("PUT", `/_index_template/weir-${prefix}`, body);
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
