/**
 * `weir dead-letters list` and `replay`: the lines that Elasticsearch refused, from their topic in
 * Kafka, by the settings of weir-transfer; and sending them again once the cause is mended.
 */
import { Command } from "commander";
import type { Kafka } from "kafkajs";
import { createKafka } from "../core/kafka/client.ts";
import { kafkaError } from "../core/kafka/errors.ts";
import {
  type LetterFilter,
  readLetters,
  type StoredLetter,
} from "../transfer/dead_letter_reader.ts";
import { replayLetters } from "../transfer/dead_letter_replay.ts";
import { readTransferSettings } from "./transfer_settings.ts";
import { whole } from "./transfer.ts";

interface ListOptions extends LetterFilter {
  config: string;
  limit: number;
  json?: boolean;
}

const CONFIG = ["-c, --config <file>", "settings of weir-transfer"] as const;
const DEFAULT_CONFIG = "/etc/weir/transfer.yaml";

export function deadLettersCommand(): Command {
  const list = new Command("list").description("print them, oldest first of each partition")
    .option(...CONFIG, DEFAULT_CONFIG)
    .option("--topic <pattern>", "only those of this topic; * stands for any characters")
    .option("--code <code>", "only those with this code, such as ES_REJECTED")
    .option("--replayed", "also those that were sent again")
    .option("--limit <n>", "most letters", whole, 100)
    .option("--json", "one JSON object a line")
    .action(listLetters);
  const replay = new Command("replay")
    .description("send them again to the topics that they came from")
    .option(...CONFIG, DEFAULT_CONFIG)
    .option("--topic <pattern>", "only those of this topic; * stands for any characters")
    .option("--code <code>", "only those with this code, such as ES_REJECTED")
    .action(replayAll);
  return new Command("dead-letters")
    .description("lines that Elasticsearch refused: see them, send them again")
    .addCommand(list).addCommand(replay);
}

async function listLetters(options: ListOptions): Promise<void> {
  const settings = readTransferSettings(options.config);
  const kafka = createKafka(settings.kafka, "dead-letters");
  const { topic } = settings.dead;
  if (!await isThere(kafka, topic)) {
    const why = "the first one makes it, and this user must be allowed to see it";
    console.error(`No dead letters: there is no topic "${topic}"; ${why}`);
    return;
  }
  let shown = 0;
  for await (const letter of readLetters(kafka, topic, options)) {
    if (shown++ >= options.limit) {
      console.error(`More than ${options.limit}: --limit shows more`);
      break;
    }
    console.log(options.json ? JSON.stringify(jsonOf(letter)) : textOf(letter));
  }
  if (shown === 0) console.error(`No dead letters in "${topic}"`);
}

/** Asked beforehand: a read of a topic that is not there is tried for half a minute. */
async function isThere(kafka: Kafka, topic: string): Promise<boolean> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.listTopics()).includes(topic);
  } catch (error) {
    throw kafkaError(error, "Cannot list the topics");
  } finally {
    await admin.disconnect();
  }
}

async function replayAll(
  options: { config: string; topic?: string; code?: string },
): Promise<void> {
  const settings = readTransferSettings(options.config);
  const kafka = createKafka(settings.kafka, "dead-letters");
  const { config: _, ...filter } = options;
  const { sent, left } = await replayLetters(kafka, settings.dead.topic, filter);
  console.log(`${sent} sent again`);
  if (left > 0) console.log(`${left} record batches that nobody can unpack are left`);
}

function jsonOf(letter: StoredLetter): Record<string, unknown> {
  const decoder = new TextDecoder();
  const { at, code, reason, topic, partition, offset, timestampMs, deadMs, batch } = letter;
  return {
    at,
    code,
    reason,
    topic,
    partition,
    offset,
    time: new Date(timestampMs).toISOString(),
    dead: new Date(deadMs).toISOString(),
    ...(batch
      ? { batchBytes: letter.value.length }
      : { value: decoder.decode(letter.value), key: letter.key && decoder.decode(letter.key) }),
    headers: Object.fromEntries(
      Object.entries(letter.headers).map(([name, value]) => [name, decoder.decode(value)]),
    ),
  };
}

/** What a terminal shows: no control characters of the line, at most 500 characters of it. */
function textOf(letter: StoredLetter): string {
  const { topic, partition, offset, deadMs, code, reason, batch, value } = letter;
  const text = batch
    ? `a record batch of ${value.length} bytes`
    : new TextDecoder().decode(value.subarray(0, 2000)).slice(0, 500);
  // deno-lint-ignore no-control-regex
  const safe = (shown: string) => shown.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "·");
  return `${new Date(deadMs).toISOString()} ${topic}/${partition}@${offset} ${code}\n` +
    `  why: ${safe(reason)}\n  line: ${safe(text)}`;
}
