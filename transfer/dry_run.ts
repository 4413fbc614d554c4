/**
 * A look at what a transfer would write: the first documents of a topic as its rules make them, with
 * the index they go to and what is dropped. It reads without a group and writes nothing, neither to
 * Kafka nor to etcd nor to Elasticsearch.
 */
import type { Kafka } from "kafkajs";
import { messageOf } from "../core/errors.ts";
import { createKafka } from "../core/kafka/client.ts";
import { logOf } from "../core/log.ts";
import type { TransferSettings } from "./config.ts";
import { RecordDecoder } from "./consume/decode.ts";
import { RecordCursor } from "./consume/record_batch.ts";
import { readTopic } from "./consume/topic_reader.ts";
import { chooseTopics, compilePatterns } from "./consume/topics.ts";
import { BulkBody } from "./index/bulk_body.ts";
import { DocumentEncoder } from "./index/document.ts";
import { PlanNames, type TopicPlan } from "./topics/plan.ts";
import { rulesKnown } from "./topics/rules_known.ts";
import { createTopicSettings } from "./topics/source.ts";

export interface DryRunOptions {
  /** Empty: all topics of the settings. */
  topics: readonly string[];
  /** Records a topic, 1 and more. */
  limit: number;
  /** True for the last records instead of the first. */
  newest: boolean;
}

/** What would become of one record. */
export type Preview =
  & { topic: string; partition: number; offset: number }
  & (
    | { index: string; id: string; document: Record<string, unknown>; fits: boolean }
    | { dropped: string }
    | { unreadable: string }
  );

/**
 * The previews of each topic in turn. Rejects with a WeirError where rules or topics cannot be read.
 */
export async function* dryRun(
  settings: TransferSettings,
  options: DryRunOptions,
): AsyncGenerator<Preview> {
  const rules = createTopicSettings(settings, {});
  const kafka = createKafka(settings.kafka, "dry-run");
  try {
    rules.start();
    await rulesKnown(rules);
    const topics = options.topics.length > 0 ? options.topics : await topicsOf(kafka, settings);
    for (const topic of topics) yield* previews(kafka, rules.of(topic), settings, options);
  } finally {
    await rules.stop();
  }
}

async function topicsOf(kafka: Kafka, settings: TransferSettings): Promise<string[]> {
  const { consumer, dead } = settings;
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { topics, missing } = chooseTopics(await admin.listTopics(), {
      names: consumer.topics,
      patterns: compilePatterns(consumer.topicPatterns),
      excluded: new Set([...consumer.topicsExcluded, dead.topic]),
    });
    if (missing.length > 0) logOf("transfer").warn("Topics that do not exist", { missing });
    return topics;
  } finally {
    await admin.disconnect();
  }
}

async function* previews(
  kafka: Kafka,
  plan: TopicPlan,
  settings: TransferSettings,
  { limit, newest }: DryRunOptions,
): AsyncGenerator<Preview> {
  const { topic } = plan;
  const encoder = new DocumentEncoder(), names = new PlanNames(() => plan);
  const decoders = new Map<number, RecordDecoder>();
  let left = limit;
  for await (
    const { partition, from, batch } of readTopic(kafka, topic, newest ? { last: limit } : {})
  ) {
    const decoder = decoders.get(partition) ?? new RecordDecoder(topic, partition);
    decoders.set(partition, decoder);
    try {
      const cursor = new RecordCursor(batch, settings.consumer.batchBytesMax);
      while (left > 0 && cursor.next()) {
        if (cursor.offset < from) continue;
        left--;
        yield preview(plan, names, encoder, decoder, cursor, partition);
      }
    } catch (error) {
      left--;
      yield { topic, partition, offset: batch.firstOffset, unreadable: messageOf(error) };
    }
    if (left <= 0) return;
  }
}

function preview(
  plan: TopicPlan,
  names: PlanNames,
  encoder: DocumentEncoder,
  decoder: RecordDecoder,
  cursor: RecordCursor,
  partition: number,
): Preview {
  const at = { topic: plan.topic, partition, offset: cursor.offset };
  const record = decoder.decode(cursor);
  if (record === "tombstone") return { ...at, dropped: "tombstone" };
  const rule = plan.drops.ruleFor(record);
  if (rule !== undefined) return { ...at, dropped: rule };
  const body = new BulkBody(), { unfit } = encoder;
  const target = names.targetOf(record.topic, record.day);
  encoder.append(body, record, target, plan.shape, new Date().toISOString());
  const [action, document] = new TextDecoder().decode(body.take()).split("\n");
  const { _index, _id } = JSON.parse(action).create;
  return {
    ...at,
    index: _index,
    id: _id,
    document: JSON.parse(document),
    fits: encoder.unfit === unfit,
  };
}

/** Prints previews, one JSON object a line where `json`, else for a person. */
export async function printDryRun(
  settings: TransferSettings,
  options: DryRunOptions,
  json: boolean,
): Promise<void> {
  let count = 0;
  for await (const one of dryRun(settings, options)) {
    count++;
    console.log(json ? JSON.stringify(one) : shown(one));
  }
  if (count === 0 && !json) console.log("No records there");
}

function shown(one: Preview): string {
  const at = `${one.topic}/${one.partition}@${one.offset}`;
  if ("dropped" in one) return `${at}  dropped by the rule "${one.dropped}"`;
  if ("unreadable" in one) return `${at}  to the dead letters: ${one.unreadable}`;
  const fits = one.fits ? "" : "  (its topic's way of reading does not fit it)";
  return `${at}  to ${one.index}  _id ${one.id}${fits}\n${JSON.stringify(one.document, null, 2)}`;
}
