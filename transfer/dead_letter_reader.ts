/**
 * The dead letters of a topic as they stand in Kafka: what each was, why it was refused, whether it
 * was sent again. Reads the whole topic, without a group; only one batch is held at a time, and what
 * is kept of each letter that was sent again is one short text.
 */
import type { Kafka } from "kafkajs";
import { messageOf } from "../core/errors.ts";
import { logOf } from "../core/log.ts";
import { RecordCursor } from "./consume/record_batch.ts";
import { readTopic } from "./consume/topic_reader.ts";
import { DEAD_HEADER } from "./dead_letter.ts";
import { wildcard } from "./topics/drop.ts";

const UNPACKED_BYTES_MAX = 2 ** 30;
const decoder = new TextDecoder();

export interface StoredLetter {
  /** Where it stands in the topic of dead letters. */
  at: { partition: number; offset: number };
  code: string;
  reason: string;
  /** Where it came from. */
  topic: string;
  partition: number;
  offset: number;
  timestampMs: number;
  /** When it became a dead letter, ms since 1970. */
  deadMs: number;
  /** A record batch that nobody could unpack, as Kafka stores it: it cannot be sent again. */
  batch: boolean;
  key: Uint8Array | null;
  value: Uint8Array;
  /** Those of the record itself. */
  headers: Record<string, Uint8Array>;
}

export interface LetterFilter {
  /** Topic that they came from; * stands for any characters. @default all */
  topic?: string;
  /** Code, such as ES_REJECTED. @default all */
  code?: string;
  /** Those too that were sent again. @default {false} */
  replayed?: boolean;
}

/** Name of a letter within its topic, kept where it was sent again. */
export function letterId({ at }: StoredLetter): string {
  return `${at.partition}@${at.offset}`;
}

/** The letters that fit, by partition, oldest first. */
export async function* readLetters(
  kafka: Kafka,
  deadTopic: string,
  filter: LetterFilter = {},
): AsyncGenerator<StoredLetter> {
  const done = new Set<string>();
  if (!filter.replayed) {
    for await (const { mark } of records(kafka, deadTopic)) if (mark !== undefined) done.add(mark);
  }
  const fits = filter.topic === undefined ? undefined : wildcard(filter.topic);
  for await (const { letter } of records(kafka, deadTopic)) {
    if (letter === undefined || done.has(letterId(letter))) continue;
    if (fits !== undefined && !fits.test(letter.topic)) continue;
    if (filter.code !== undefined && filter.code !== letter.code) continue;
    yield letter;
  }
}

async function* records(
  kafka: Kafka,
  topic: string,
): AsyncGenerator<{ letter?: StoredLetter; mark?: string }> {
  for await (const { partition, from, batch } of readTopic(kafka, topic, { whole: true })) {
    try {
      const cursor = new RecordCursor(batch, UNPACKED_BYTES_MAX);
      while (cursor.next()) {
        if (cursor.offset >= from) yield recordOf(cursor, partition);
      }
    } catch (error) {
      logOf("transfer.dead").error("Cannot read dead letters", {
        partition,
        offset: batch.firstOffset,
        reason: messageOf(error),
      });
    }
  }
}

function recordOf(
  cursor: RecordCursor,
  partition: number,
): { letter?: StoredLetter; mark?: string } {
  const headers: Record<string, Uint8Array> = Object.create(null);
  const { bytes } = cursor;
  cursor.headers((nameStart, nameEnd, valueStart, valueEnd) => {
    const name = decoder.decode(bytes.subarray(nameStart, nameEnd));
    headers[name] = bytes.slice(Math.max(valueStart, 0), valueStart < 0 ? 0 : valueEnd);
  });
  const text = (name: string) => headers[name] === undefined ? "" : decoder.decode(headers[name]);
  if (headers[DEAD_HEADER.replayed] !== undefined) return { mark: text(DEAD_HEADER.replayed) };
  if (cursor.valueStart < 0 || headers[DEAD_HEADER.code] === undefined) return {};
  const letter: StoredLetter = {
    at: { partition, offset: cursor.offset },
    code: text(DEAD_HEADER.code),
    reason: text(DEAD_HEADER.reason),
    topic: text(DEAD_HEADER.topic),
    partition: Number(text(DEAD_HEADER.partition)),
    offset: Number(text(DEAD_HEADER.offset)),
    timestampMs: Number(text(DEAD_HEADER.timestamp)),
    deadMs: cursor.timestampMs,
    batch: headers[DEAD_HEADER.lastOffset] !== undefined,
    key: cursor.keyStart < 0 ? null : bytes.slice(cursor.keyStart, cursor.keyEnd),
    value: bytes.slice(cursor.valueStart, cursor.valueEnd),
    headers,
  };
  for (const name of Object.values(DEAD_HEADER)) delete headers[name];
  return { letter };
}
