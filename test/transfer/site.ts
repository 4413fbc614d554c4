/**
 * What a test of the transfer needs: topics, a group and an index prefix of its own on real
 * servers, a transfer in this process or in another, the documents that arrived, and the cleaning
 * up afterwards.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type Admin,
  CompressionTypes,
  Kafka,
  logLevel,
  type Message,
  type Producer,
} from "kafkajs";
import { startLog } from "../../core/log.ts";
import { uidOf } from "../../core/record/identity.ts";
import { loadSettings } from "../../core/config/load.ts";
import { stopParts } from "../../core/lifecycle.ts";
import { transferSettings } from "../../transfer/config.ts";
import { Transfer } from "../../transfer/transfer.ts";
import { clearOfMidnight, patience } from "../support/wait.ts";
import { elasticsearchUrl, kafkaBroker } from "./servers.ts";

startLog({ level: Deno.env.get("WEIR_TEST_LOG") as "info" ?? "error", format: "text" });

/** Settings that a test changes; groups are merged key by key. */
export type Changes = Record<string, unknown>;

export interface Line {
  topic: string;
  value: string | Uint8Array | null;
  generation?: string;
  /** In the file. */
  offset?: number;
  length?: number;
  headers?: Record<string, string>;
  partition?: number;
  timestampMs?: number;
}

export class Site {
  /** Begins the name of everything that is this test's. */
  readonly prefix: string;
  readonly #admin: Admin;
  readonly #producer: Producer;
  readonly #topics: string[] = [];
  readonly #transfers: RunningTransfer[] = [];

  private constructor(prefix: string, kafka: Kafka) {
    this.prefix = prefix;
    this.#admin = kafka.admin();
    this.#producer = kafka.producer({ allowAutoTopicCreation: false });
  }

  static async open(): Promise<Site> {
    await clearOfMidnight(); // indices and quotas are those of a day
    const prefix = `wt${crypto.randomUUID().slice(0, 8)}`;
    const kafka = new Kafka({
      clientId: "test",
      brokers: [await kafkaBroker()],
      logLevel: logLevel.NOTHING,
    });
    const site = new Site(prefix, kafka);
    await site.#admin.connect();
    await site.#producer.connect();
    return site;
  }

  get admin(): Admin {
    return this.#admin;
  }

  /** Makes a topic of this test and returns its name. */
  async topic(
    name: string,
    numPartitions = 1,
    config: Record<string, string> = {},
  ): Promise<string> {
    const topic = `${this.prefix}-${name}`;
    await this.#admin.createTopics({
      waitForLeaders: true,
      topics: [{
        topic,
        numPartitions,
        replicationFactor: 1,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      }],
    });
    this.#topics.push(topic);
    return topic;
  }

  /** Sends lines; those with a generation as an agent does. */
  async send(
    lines: readonly Line[],
    perRequest = 2000,
    compression = CompressionTypes.None,
  ): Promise<void> {
    for (let from = 0; from < lines.length; from += perRequest) {
      const byTopic = new Map<string, Message[]>();
      for (const line of lines.slice(from, from + perRequest)) {
        const messages = byTopic.get(line.topic) ?? [];
        messages.push(messageOf(line));
        byTopic.set(line.topic, messages);
      }
      await this.#producer.sendBatch({
        acks: -1,
        compression,
        topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
      });
    }
  }

  /** Settings of a transfer of this test, as the text of its file. */
  async settingsText(changes: Changes = {}): Promise<string> {
    const base: Changes = {
      kafka: { brokers: [await kafkaBroker()] },
      consumer: {
        groupId: `${this.prefix}-group`,
        topicPatterns: [`${this.prefix}-.*`],
        sessionTimeout: "6s",
        rebalanceTimeout: "10s",
        heartbeat: "200ms",
        commitInterval: "100ms",
        offsetsInterval: "200ms",
        fetchWait: "50ms",
        topicsRefresh: "1s",
      },
      elasticsearch: { nodes: [await elasticsearchUrl()] },
      index: { name: `${this.prefix}-{topic}-{day}`, replicas: 0 },
      bulk: { linger: "20ms", retryMax: "500ms" },
      dead: { topic: `${this.prefix}-dead`, index: false },
      listen: "127.0.0.1:0",
      shutdown: "10s",
    };
    return JSON.stringify(merge(base, changes), null, 2);
  }

  /** Starts a transfer in this process. */
  async transfer(changes: Changes = {}): Promise<RunningTransfer> {
    const text = await this.settingsText(changes);
    const settings = loadSettings(transferSettings, text, { name: "test" });
    const running = new RunningTransfer(new Transfer(settings));
    this.#transfers.push(running);
    return running;
  }

  /** Searches the indices of this test; waits for the shard of an index that was made just now. */
  async search(body: unknown, indices = `${this.prefix}-*`): Promise<any> {
    await elastic("POST", `/${indices}/_refresh?ignore_unavailable=true`);
    return await until("a search with all shards there", async () => {
      try {
        return await elastic("POST", `/${indices}/_search?ignore_unavailable=true`, body);
      } catch (error) {
        if (/no_shard_available_action_exception/.test((error as Error).message)) return undefined;
        throw error;
      }
    });
  }

  /** Number of documents of this test. */
  async count(indices = `${this.prefix}-*`): Promise<number> {
    const found = await this.search({ size: 0, track_total_hits: true }, indices);
    return found.hits.total.value;
  }

  /** All documents with their ids, at most 10,000. */
  async documents(
    indices = `${this.prefix}-*`,
  ): Promise<{ _id: string; _index: string; _source: any }[]> {
    const found = await this.search({ size: 10_000 }, indices);
    return found.hits.hits;
  }

  /**
   * The id of every document in every index of this test, sorted; one that is in two indices stands
   * here twice.
   */
  async ids(): Promise<string[]> {
    const found: string[] = [];
    let after: unknown[] | undefined;
    for (;;) {
      const page = await this.search({
        size: 10_000,
        _source: false,
        sort: ["log.file.generation", "log.offset", "_index"],
        ...(after === undefined ? {} : { search_after: after }),
      });
      const { hits } = page.hits;
      if (hits.length === 0) return found.sort();
      for (const hit of hits) found.push(hit._id);
      after = hits[hits.length - 1].sort;
    }
  }

  /** Dead letters so far, oldest first. */
  async deadLetters(count: number): Promise<DeadLetter[]> {
    return await readTopic(`${this.prefix}-dead`, count);
  }

  /** Records of each partition that are committed; 0 also where the group has no offset yet. */
  async committed(topic: string): Promise<number[]> {
    const [found] = await this.#admin.fetchOffsets({
      groupId: `${this.prefix}-group`,
      topics: [topic],
    });
    return found.partitions.sort((a, b) => a.partition - b.partition).map((one) =>
      Math.max(0, Number(one.offset))
    );
  }

  /** The same over all partitions. */
  async committedRecords(topic: string): Promise<number> {
    return (await this.committed(topic)).reduce((sum, offset) => sum + offset, 0);
  }

  async close(): Promise<void> {
    for (const transfer of this.#transfers) await transfer.stop();
    await this.#producer.disconnect();
    const topics = (await this.#admin.listTopics()).filter((name) => name.startsWith(this.prefix));
    if (topics.length > 0) await this.#admin.deleteTopics({ topics });
    for (const name of ["group", "archive"]) {
      await this.#admin.deleteGroups([`${this.prefix}-${name}`]).catch(() => {}); // none was made
    }
    await this.#admin.disconnect();
    await elastic("DELETE", `/${this.prefix}-*?ignore_unavailable=true`);
    const { index_templates } = await elastic("GET", "/_index_template");
    for (const { name, index_template } of index_templates) {
      // The Elasticsearch of the tests cannot delete a data stream, and its template goes with it.
      if (index_template.data_stream !== undefined) continue;
      if (name.includes(this.prefix)) await elastic("DELETE", `/_index_template/${name}`);
    }
  }
}

/** A transfer in this process. */
export class RunningTransfer {
  readonly transfer: Transfer;
  #stopped = false;

  constructor(transfer: Transfer) {
    this.transfer = transfer;
    for (const part of transfer.parts()) part.start();
  }

  /** The sum of a metric over all its labels, or of those that hold what is given. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const found = await this.transfer.registry.getSingleMetric(name)?.get();
    if (found === undefined) throw new Error(`no metric ${name}`);
    return found.values
      .filter((one) =>
        Object.entries(labels).every(([key, value]) => (one.labels as any)[key] === value)
      )
      .reduce((sum, one) => sum + one.value, 0);
  }

  async stop(deadlineMs = 10_000): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await stopParts(this.transfer.parts(), deadlineMs);
  }
}

export interface DeadLetter {
  key: string | null;
  value: Uint8Array;
  headers: Record<string, string>;
}

async function readTopic(topic: string, count: number): Promise<DeadLetter[]> {
  const kafka = new Kafka({ brokers: [await kafkaBroker()], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `${topic}-reader-${crypto.randomUUID()}` });
  await consumer.connect();
  const found: DeadLetter[] = [];
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    const done = Promise.withResolvers<void>();
    await consumer.run({
      eachMessage({ message }) {
        found.push({
          key: message.key?.toString() ?? null,
          value: message.value ?? new Uint8Array(0),
          headers: Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          ),
        });
        if (found.length >= count) done.resolve();
        return Promise.resolve();
      },
    });
    await done.promise;
  } finally {
    await consumer.disconnect();
  }
  return found;
}

export function messageOf(line: Line): Message {
  const { value, generation, offset = 0, headers = {}, partition, timestampMs } = line;
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  const ours = generation === undefined ? {} : {
    "weir.v": "1",
    "host.name": "web-1",
    "log.file.path": "/var/log/app.log",
    "log.offset": String(offset),
    "log.length": String(line.length ?? (bytes?.length ?? 0) + 1),
  };
  return {
    key: generation ?? null,
    value: bytes === null ? null : Buffer.from(bytes),
    headers: { ...ours, ...headers },
    ...(partition === undefined ? {} : { partition }),
    ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
  };
}

/** Numbered lines of `files` files, as agents would send them, and their uids. */
export function numberedLines(
  topic: string,
  count: number,
  files: number,
): { lines: Line[]; uids: string[] } {
  const lines: Line[] = [], uids: string[] = [];
  const ends = new Array(files).fill(0);
  for (let i = 0; i < count; i++) {
    const file = i % files;
    const generation = `numbered${String(file).padStart(8, "0")}`;
    const value = `line ${String(i).padStart(7, "0")} of the numbered ones`;
    const offset = ends[file], end = offset + value.length + 1;
    ends[file] = end;
    lines.push({ topic, value, generation, offset });
    uids.push(uidOf(generation, offset, end));
  }
  return { lines, uids };
}

/** Asks Elasticsearch; throws for an answer that is no success. */
export async function elastic(method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(`${await elasticsearchUrl()}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await response.text();
  if (!response.ok && !(method === "DELETE" && response.status === 404)) {
    throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  }
  return text === "" ? {} : JSON.parse(text);
}

/**
 * Waits until `condition` gives something true, asking often; fails with `what` after `limitMs`, a minute where nothing is
 * given, times the patience of the run. An error of the condition ends it at once.
 */
export async function until<T>(
  what: string,
  condition: () => Promise<T> | T,
  limitMs = 60_000,
  everyMs = 50,
): Promise<T> {
  const end = performance.now() + limitMs * patience();
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > end) assert.fail(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function merge(base: Changes, changes: Changes): Changes {
  const result = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = result[key];
    result[key] = isGroup(before) && isGroup(value) ? merge(before, value) : value;
  }
  return result;
}

function isGroup(value: unknown): value is Changes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
