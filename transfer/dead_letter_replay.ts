/**
 * Sends dead letters again to the topic and partition that they came from, once their cause is
 * mended: bytes, key and headers as they were. Each that the brokers have acknowledged is marked in
 * the topic of dead letters, so that the next call does not send it again. After a crash in between
 * one may be sent twice: a line of an agent is still one document, because its uid is the same.
 */
import { Buffer } from "node:buffer";
import type { Admin, Kafka, Message, Producer } from "kafkajs";
import { kafkaError } from "../core/kafka/errors.ts";
import { HEADER } from "../core/record/headers.ts";
import { dayOf } from "../core/record/identity.ts";
import { DEAD_HEADER } from "./dead_letter.ts";
import {
  type LetterFilter,
  letterId,
  readLetters,
  type StoredLetter,
} from "./dead_letter_reader.ts";

const PORTION_BYTES = 512 * 1024;
const PORTION_LETTERS = 1000;

export interface ReplayResult {
  sent: number;
  /** Record batches that nobody could unpack: nothing can be sent of them. */
  left: number;
}

/** Rejects with a WeirError (KAFKA_…); what was sent until then is marked. */
export async function replayLetters(
  kafka: Kafka,
  deadTopic: string,
  filter: Omit<LetterFilter, "replayed">,
): Promise<ReplayResult> {
  const producer = kafka.producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 });
  const admin = kafka.admin();
  const result: ReplayResult = { sent: 0, left: 0 };
  try {
    await producer.connect();
    await admin.connect();
    let portion: StoredLetter[] = [], bytes = 0;
    const send = async () => {
      await sendPortion(producer, deadTopic, portion, await partitionsOf(admin, portion));
      result.sent += portion.length;
      portion = [];
      bytes = 0;
    };
    for await (const letter of readLetters(kafka, deadTopic, filter)) {
      if (letter.batch) {
        result.left++;
        continue;
      }
      if (bytes + letter.value.length > PORTION_BYTES || portion.length >= PORTION_LETTERS) {
        await send();
      }
      portion.push(letter);
      bytes += letter.value.length;
    }
    await send();
    return result;
  } catch (error) {
    throw kafkaError(error, "Cannot send dead letters again", true);
  } finally {
    await producer.disconnect();
    await admin.disconnect();
  }
}

/** Partitions that the letters' topics have now. */
async function partitionsOf(
  admin: Admin,
  letters: readonly StoredLetter[],
): Promise<Map<string, number>> {
  const names = [...new Set(letters.map(({ topic }) => topic))];
  if (names.length === 0) return new Map();
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
}

async function sendPortion(
  producer: Producer,
  deadTopic: string,
  letters: readonly StoredLetter[],
  partitions: ReadonlyMap<string, number>,
): Promise<void> {
  if (letters.length === 0) return;
  const byTopic = new Map<string, Message[]>();
  for (const letter of letters) {
    const messages = byTopic.get(letter.topic) ?? [];
    messages.push(messageOf(letter, partitions.get(letter.topic) ?? 0));
    byTopic.set(letter.topic, messages);
  }
  await producer.sendBatch({
    acks: -1,
    topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
  });
  await producer.send({
    acks: -1,
    topic: deadTopic,
    messages: letters.map((letter) => ({
      key: letter.key === null ? null : asBuffer(letter.key),
      value: null,
      partition: letter.at.partition,
      headers: { [DEAD_HEADER.replayed]: letterId(letter) },
    })),
  });
}

/** `partitions`: that its topic has. */
function messageOf(letter: StoredLetter, partitions: number): Message {
  const headers: Record<string, Buffer | string> = Object.create(null);
  for (const [name, value] of Object.entries(letter.headers)) headers[name] = asBuffer(value);
  // Its time is that of today, its day and so its index are the line's.
  if (headers[HEADER.version] !== undefined) {
    headers[HEADER.day] ??= dayOf(letter.timestampMs);
  }
  return {
    key: letter.key === null ? null : asBuffer(letter.key),
    value: asBuffer(letter.value),
    // The topic may have been made anew with fewer: the client leaves out without a word what is for none of them.
    ...(letter.partition < partitions && { partition: letter.partition }),
    headers,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
