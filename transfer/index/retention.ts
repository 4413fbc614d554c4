/**
 * Deletes whole indices that are too old or too much, and lets data streams begin a new index, with
 * nothing but index names and sizes: no ILM is needed. It promises: only indices are deleted whose
 * name is exactly that of a topic and day (or of a topic's data stream) and that were made by our
 * template; never the newest of a topic; what is deleted is counted and logged.
 */
import type { Client } from "@elastic/elasticsearch";
import { messageOf } from "../../core/errors.ts";
import type { Part } from "../../core/lifecycle.ts";
import { logOf } from "../../core/log.ts";
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import { dayOf } from "../../core/record/identity.ts";
import type { TopicPlan } from "../topics/plan.ts";
import { JSON_HEADERS } from "./client.ts";
import { MANAGED_BY } from "./template.ts";

const DAY_MS = 86_400_000;
/** Indices that one pass may delete: what a wrong setting can do before somebody sees it. */
const DELETED_MAX = 500;

export interface RetentionEvents {
  deleted?(reason: "age" | "size", documents: number): void;
}

export interface RetentionOptions {
  intervalMs: number;
  /** Bytes of a primary shard from which on a data stream begins its next index. */
  rolloverBytes: number;
  /** Topics that this process answers for, as of now. */
  topics: () => Iterable<string>;
  plan: (topic: string) => TopicPlan;
  /** Told before an index is deleted, with its name; does not reject. */
  expiring?: (index: string) => Promise<void>;
  /** The index of a topic and day is gone. */
  forget?: (topic: string, day: string) => Promise<void>;
}

/** An index as Elasticsearch lists it. */
export interface ListedIndex {
  index: string;
  /** Primary shards only. */
  bytes: number;
  documents: number;
  createdMs: number;
}

/** An index of a topic; `day` is that of its name, or that on which a data stream left it. */
export interface OwnedIndex extends ListedIndex {
  topic: string;
  day: string;
}

/**
 * Which indices of one topic are to be deleted, and why. `indices` are the topic's, of any order; the
 * newest always stays.
 */
export function toDelete(
  indices: readonly OwnedIndex[],
  retention: { days: number; bytes: number },
  nowMs: number,
): { index: OwnedIndex; reason: "age" | "size" }[] {
  const oldestFirst = [...indices].sort((a, b) =>
    a.day < b.day ? -1 : a.day > b.day ? 1 : a.createdMs - b.createdMs
  );
  const found: { index: OwnedIndex; reason: "age" | "size" }[] = [];
  const oldestKept = dayOf(nowMs - retention.days * DAY_MS);
  let bytes = oldestFirst.reduce((sum, one) => sum + one.bytes, 0);
  for (const index of oldestFirst.slice(0, -1)) {
    const old = retention.days > 0 && index.day < oldestKept;
    if (!old && !(retention.bytes > 0 && bytes > retention.bytes)) break;
    found.push({ index, reason: old ? "age" : "size" });
    bytes -= index.bytes;
  }
  return found;
}

/** The indices of a data stream; each has the day on which the next one was begun. */
export function streamIndices(
  stream: string,
  topic: string,
  listed: readonly ListedIndex[],
): OwnedIndex[] {
  const prefix = `.ds-${stream}-`;
  const own = listed.filter(({ index }) =>
    index.startsWith(prefix) && /^\d{4}\.\d{2}\.\d{2}-\d{6,}$/.test(index.slice(prefix.length))
  ).sort((a, b) => a.index.slice(-6) < b.index.slice(-6) ? -1 : 1);
  return own.map((one, i) => ({
    ...one,
    topic,
    day: i + 1 < own.length ? dayOf(own[i + 1].createdMs) : "9999-12-31",
  }));
}

export class Retention implements Part {
  readonly name = "retention";
  readonly #client: Client;
  readonly #options: RetentionOptions;
  readonly #events: RetentionEvents;
  readonly #clock: Clock;
  readonly #log = logOf("transfer.retention");
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  /** Why the last pass failed; empty where it did not. */
  lastError = "";

  constructor(
    client: Client,
    options: RetentionOptions,
    events: RetentionEvents = {},
    clock: Clock = systemClock,
  ) {
    this.#client = client;
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#client.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // Transfers that were started together need not ask together.
      await this.#clock.sleep(this.#options.intervalMs * (0.75 + Math.random() / 2), signal);
      if (!signal.aborted) await this.pass();
    }
  }

  /** One look at all topics; what fails is logged, and tried again with the next. */
  async pass(): Promise<void> {
    let deleted = 0;
    this.lastError = "";
    for (const topic of new Set(this.#options.topics())) {
      if (this.#stopping.signal.aborted) return;
      const plan = this.#options.plan(topic);
      const { days, bytes } = plan.retention;
      try {
        if (plan.dataStream) await this.#rollover(plan);
        if (days === 0 && bytes === 0) continue;
        for (
          const { index, reason } of toDelete(
            await this.#indicesOf(plan),
            plan.retention,
            this.#clock.wallMs(),
          )
        ) {
          if (++deleted > DELETED_MAX) return;
          await this.#delete(plan, index, reason);
        }
      } catch (error) {
        this.lastError = messageOf(error);
        this.#log.warn("Cannot look after indices", { topic, reason: this.lastError });
      }
    }
  }

  async #indicesOf(plan: TopicPlan): Promise<OwnedIndex[]> {
    const { topic, names, dataStream } = plan;
    const found: OwnedIndex[] = [];
    if (dataStream) {
      const stream = names.targetOf(topic, "").index;
      return streamIndices(stream, topic, await this.#list(`.ds-${stream}-*`));
    }
    for (const listed of await this.#list(names.patternOf(topic))) {
      const read = names.read(listed.index);
      if (read === undefined) continue;
      // Another topic's name may begin as this one's does.
      if (
        names.targetOf(topic, "9999-12-31").index !== names.targetOf(read.topic, "9999-12-31").index
      ) {
        continue;
      }
      found.push({ ...listed, topic, day: read.day });
    }
    return found;
  }

  async #list(pattern: string): Promise<ListedIndex[]> {
    const found: any = await this.#client.transport.request({
      method: "GET",
      path: `/_cat/indices/${encodeURIComponent(pattern)}`,
      querystring: {
        format: "json",
        bytes: "b",
        h: "index,pri.store.size,docs.count,creation.date",
        expand_wildcards: "all",
      },
    }, { headers: JSON_HEADERS });
    return found.map((one: Record<string, string | null>) => ({
      index: String(one.index),
      bytes: Number(one["pri.store.size"] ?? 0),
      documents: Number(one["docs.count"] ?? 0),
      createdMs: Number(one["creation.date"] ?? 0),
    }));
  }

  async #delete(plan: TopicPlan, index: OwnedIndex, reason: "age" | "size"): Promise<void> {
    const path = `/${encodeURIComponent(index.index)}`;
    const mapping: any = await this.#client.transport.request({
      method: "GET",
      path: `${path}/_mapping`,
      querystring: { filter_path: "*.mappings._meta.managed_by" },
    }, { headers: JSON_HEADERS });
    if (mapping[index.index]?.mappings?._meta?.managed_by !== MANAGED_BY) {
      this.#log.debug("Index is not of our template, left alone", { index: index.index });
      return;
    }
    await this.#options.expiring?.(index.index);
    const remains = plan.dataStream ? undefined : plan.names.remove(plan.topic, index.day);
    try {
      await this.#client.transport.request({ method: "DELETE", path }, { headers: JSON_HEADERS });
    } catch (error) {
      remains?.(); // a line of that day that comes again has its document there
      throw error;
    }
    this.#events.deleted?.(reason, index.documents);
    this.#log.info("Index deleted", {
      index: index.index,
      reason,
      documents: index.documents,
      bytes: index.bytes,
    });
    if (!plan.dataStream) await this.#options.forget?.(plan.topic, index.day);
  }

  async #rollover({ names, topic }: TopicPlan): Promise<void> {
    const stream = names.targetOf(topic, "").index;
    try {
      await this.#client.transport.request({
        method: "POST",
        path: `/${encodeURIComponent(stream)}/_rollover`,
        body: {
          conditions: {
            max_age: "1d",
            max_primary_shard_size: `${this.#options.rolloverBytes}b`,
            min_docs: 1,
          },
        },
      }, { headers: JSON_HEADERS });
    } catch (error) {
      // Nothing was written to it yet.
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
  }
}
