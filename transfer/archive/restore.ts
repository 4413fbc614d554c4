/**
 * Brings a day of a topic back from the archive: into the index, or any other store of documents, under the same ids,
 * so that what is there already stays as it is and a second call changes nothing.
 */
import { WeirError } from "../../core/errors.ts";
import { etcdInTurn } from "../../core/etcd/client.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { DocumentWriter, LogRecord } from "../../core/ports/document_store.ts";
import { dayOf } from "../../core/record/identity.ts";
import type { TransferSettings } from "../config.ts";
import { createElastic } from "../index/client.ts";
import { ElasticWriter, type WriterPlan } from "../index/elastic_writer.ts";
import { EtcdDecisions } from "../index/etcd_decisions.ts";
import { FixedNames } from "../index/fixed_names.ts";
import type { IndexNames } from "../index/names.ts";
import type { TopicPlan } from "../topics/plan.ts";
import type { ArchivedDocument } from "../../core/archive/columns.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { readObject } from "../../core/archive/read.ts";
import { readDay } from "../../core/archive/read_day.ts";

const DAY_MS = 86_400_000;
const BATCH = 1000;
const PAUSE_MAX_MS = 10_000;

export interface RestoreSum {
  objects: number;
  records: number;
  created: number;
  /** Were there before. */
  existed: number;
  rejected: number;
}

/**
 * Rejects with ARCHIVE_EMPTY where the archive has nothing of that day, else with the error of either store; whatever
 * was written until then is there.
 */
export async function restoreDay(
  store: ObjectStore,
  writer: DocumentWriter,
  { topic, day, clock, signal, tell }: {
    topic: string;
    day: string;
    clock: Clock;
    signal: AbortSignal;
    /** Told after each object. */
    tell?: (sum: RestoreSum, of: number) => void;
  },
): Promise<RestoreSum> {
  const sum: RestoreSum = { objects: 0, records: 0, created: 0, existed: 0, rejected: 0 };
  const offsetOf = (document: ArchivedDocument) => Number(document["kafka.offset"]);
  for await (const { rows, of } of readDay(store, topic, day, readObject, offsetOf)) {
    const records = rows.map((document) => recordOf(document, topic, day));
    for (let at = 0; at < records.length; at += BATCH) {
      await writeAll(writer, records.slice(at, at + BATCH), sum, clock, signal);
    }
    sum.objects++;
    sum.records += records.length;
    tell?.(sum, of);
  }
  if (sum.objects > 0) return sum;
  throw new WeirError("ARCHIVE_EMPTY", `${store.name} has nothing of ${topic} on ${day}`, {
    hint: "weir archive list shows topics and days.",
  });
}

/** Tries again what may pass later, until it has or the signal ends it. */
async function writeAll(
  writer: DocumentWriter,
  records: LogRecord[],
  sum: RestoreSum,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 0; records.length > 0; tries++) {
    signal.throwIfAborted();
    let left: LogRecord[] = [];
    try {
      const outcomes = await writer.write(records);
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.result === "retry") left.push(records[i]);
        else if (outcome.result === "created") sum.created++;
        else if (outcome.result === "exists") sum.existed++;
        else sum.rejected++;
      }
    } catch (error) {
      if (tries > 5 || !(error instanceof WeirError) || !error.retriable) throw error;
      left = records;
    }
    records = left;
    if (left.length > 0) await clock.sleep(Math.min(PAUSE_MAX_MS, 200 * 2 ** tries), signal);
  }
}

const encoder = new TextEncoder();

/** The record that made the document. */
export function recordOf(document: ArchivedDocument, topic: string, day: string): LogRecord {
  const text = (field: string) => typeof document[field] === "string" ? document[field] : "";
  const number = (field: string) => Number(document[field] ?? 0);
  const generation = text("log.file.generation"), partition = document["kafka.partition"];
  return {
    topic,
    uid: document._id,
    generation: generation === "" ? null : generation,
    offset: number("log.offset"),
    length: number("log.length"),
    host: text("host.name"),
    path: text("log.file.path"),
    value: encoder.encode(text("message")),
    createdMs: Date.parse(text("event.created")),
    day,
    tz: text("tz") || "UTC",
    ...(partition === undefined
      ? {}
      : { kafka: { partition: Number(partition), offset: String(document["kafka.offset"]) } }),
    ...(document.fields === undefined ? {} : { fields: document.fields as Record<string, string> }),
  };
}

/** The index of days that retention would delete at once: no topic has an @ in its name. */
export function restoredIndex(topic: string, day: string): string {
  return `weir-@restored-${topic.toLowerCase()}-${day.replaceAll("-", ".")}`;
}

/** The name of the index that a day is restored to. */
export function indexFor(plan: TopicPlan, day: string, nowMs: number): "own" | "apart" {
  const { days, bytes } = plan.retention;
  if (bytes > 0) return "apart"; // its own may have gone by size, and would go again
  return days > 0 && day < dayOf(nowMs - days * DAY_MS) ? "apart" : "own";
}

/** A writer that puts a topic's day into its own index, or into one apart. */
export function restoreWriter(
  settings: TransferSettings,
  plan: TopicPlan,
  writerPlan: WriterPlan,
  where: "own" | "apart",
): DocumentWriter {
  const client = createElastic(settings.elasticsearch);
  const { template } = writerPlan;
  if (where === "apart") {
    const names: IndexNames = {
      targetOf: (topic, day) => ({ index: restoredIndex(topic, day), document: "full" }),
      dayFor: (_topic, day) => day,
    };
    const own = template && {
      ...template,
      pattern: `weir-@restored-${plan.topic.toLowerCase()}-*`,
      priority: template.priority + 10,
      document: "full" as const,
      dataStream: false,
    };
    return new ElasticWriter(client, names, () => ({ ...writerPlan, template: own }));
  }
  const names = settings.etcd.hosts.length === 0 ? plan.names : new FixedNames(
    plan.names,
    new EtcdDecisions(etcdInTurn(settings.etcd), settings.index.decisions),
  );
  return new ElasticWriter(client, names, () => writerPlan);
}
