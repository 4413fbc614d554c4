/**
 * Dead letters: lines that the index refuses for good, and batches that nobody can read, with their
 * original bytes, key and headers, the reason and where they came from. `send` resolves when the
 * brokers have them; before that nothing behind them is committed.
 */
import { Buffer } from "node:buffer";
import type { Kafka, Message, Producer } from "kafkajs";
import { kafkaError } from "../core/kafka/errors.ts";
import { logOf } from "../core/log.ts";
import { RecordCursor } from "./consume/record_batch.ts";
import type { Entry } from "./deliver/entry.ts";

/** Headers of a dead letter, beside those of the record itself. */
export const DEAD_HEADER = {
  code: "weir.dead.code",
  reason: "weir.dead.reason",
  topic: "weir.dead.topic",
  partition: "weir.dead.partition",
  offset: "weir.dead.offset",
  /** Time of the record in Kafka, ms since 1970. */
  timestamp: "weir.dead.timestamp",
  /**
   * Only of a whole batch that cannot be read: its last offset. The value is the batch as Kafka
   * stores it.
   */
  lastOffset: "weir.dead.last_offset",
  /** Only of a mark without a value: partition and offset of the letter that was sent again. */
  replayed: "weir.dead.replayed",
} as const;

const PORTION_BYTES = 512 * 1024;
const UNPACKED_BYTES_MAX = 2 ** 30;

export interface DeadLetters {
  /**
   * Resolves when all are acknowledged; rejects with a WeirError where not all are. Sending again
   * is safe.
   */
  send(entries: readonly Entry[]): Promise<void>;
  close(): Promise<void>;
}

export interface DeadLetterOptions {
  topic: string;
  partitions: number;
  messageBytes: number;
  retentionMs: number;
}

/** Dead letters in a Kafka topic, which is made where it is missing. */
export class KafkaDeadLetters implements DeadLetters {
  readonly #kafka: Kafka;
  readonly #options: DeadLetterOptions;
  #producer: Promise<Producer> | undefined;

  constructor(kafka: Kafka, options: DeadLetterOptions) {
    this.#kafka = kafka;
    this.#options = options;
  }

  async send(all: readonly Entry[]): Promise<void> {
    // A dead letter that the index refuses as well stays where it is.
    const entries = all.filter(({ lane }) => lane.topic !== this.#options.topic);
    if (entries.length === 0) return;
    try {
      const producer = await this.#connected();
      for (const messages of portions(entries)) {
        await producer.send({ topic: this.#options.topic, acks: -1, messages });
      }
    } catch (error) {
      const known = kafkaError(
        error,
        `Cannot write dead letters to "${this.#options.topic}"`,
        true,
      );
      if (known.code === "KAFKA_TOPIC_MISSING") await this.#disconnect(); // the next one makes it again
      throw known;
    }
  }

  async close(): Promise<void> {
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    const connected = this.#producer;
    this.#producer = undefined;
    const producer = await connected?.catch(() => undefined); // never connected: nothing to close
    await producer?.disconnect();
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect().catch((error) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  async #connect(): Promise<Producer> {
    await this.#ensureTopic();
    const producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      retry: { retries: 3 },
    });
    await producer.connect();
    return producer;
  }

  async #ensureTopic(): Promise<void> {
    const { topic, partitions, messageBytes, retentionMs } = this.#options;
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      if ((await admin.listTopics()).includes(topic)) return;
      const { brokers } = await admin.describeCluster();
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{
          topic,
          numPartitions: partitions,
          replicationFactor: Math.min(3, brokers.length),
          configEntries: [
            { name: "min.insync.replicas", value: brokers.length >= 3 ? "2" : "1" },
            { name: "max.message.bytes", value: String(messageBytes) },
            { name: "retention.ms", value: String(retentionMs) },
          ],
        }],
      });
      logOf("transfer.dead").info("Topic for dead letters made", { topic });
    } finally {
      await admin.disconnect();
    }
  }
}

/** Messages in requests of about half a megabyte, far below what brokers take by default. */
export function* portions(entries: readonly Entry[]): Iterable<Message[]> {
  const originals = new Originals();
  let messages: Message[] = [], bytes = 0;
  for (const entry of entries) {
    if (messages.length > 0 && bytes + entry.bytes > PORTION_BYTES) {
      yield messages;
      messages = [];
      bytes = 0;
    }
    messages.push(deadMessage(entry, originals));
    bytes += entry.bytes;
  }
  yield messages;
}

/** The message of a dead letter: the record's own bytes, key and headers, and ours beside them. */
function deadMessage(entry: Entry, originals: Originals): Message {
  const { batch, lane, dead } = entry;
  const headers: NonNullable<Message["headers"]> = Object.create(null);
  const message: Message = { value: null, key: null, headers };
  if (entry.record === null) {
    message.value = asBuffer(batch.raw);
    headers[DEAD_HEADER.lastOffset] = String(batch.lastOffset);
  } else originals.copy(entry, message);
  headers[DEAD_HEADER.code] = dead?.code ?? "";
  headers[DEAD_HEADER.reason] = (dead?.reason ?? "").slice(0, 1000);
  headers[DEAD_HEADER.topic] = lane.topic;
  headers[DEAD_HEADER.partition] = String(lane.partition);
  headers[DEAD_HEADER.offset] = String(entry.offset);
  headers[DEAD_HEADER.timestamp] = String(entry.record?.createdMs ?? batch.maxTimestamp);
  return message;
}

/** Finds records in their batches, each of which is unpacked and walked over once for letters that are in order. */
class Originals {
  #batch: Entry["batch"] | undefined;
  #cursor: RecordCursor | undefined;
  #isAt = -1;

  copy({ batch, offset }: Entry, message: Message): void {
    if (this.#batch !== batch || this.#isAt >= offset) {
      this.#batch = batch;
      this.#cursor = new RecordCursor(batch, UNPACKED_BYTES_MAX);
      this.#isAt = -1;
    }
    const cursor = this.#cursor!;
    while (this.#isAt < offset && cursor.next()) this.#isAt = cursor.offset;
    if (this.#isAt === offset) copyRecord(cursor, message);
  }
}

function copyRecord(cursor: RecordCursor, message: Message): void {
  const { bytes } = cursor;
  message.value = asBuffer(bytes.subarray(cursor.valueStart, cursor.valueEnd));
  if (cursor.keyStart >= 0) {
    message.key = asBuffer(bytes.subarray(cursor.keyStart, cursor.keyEnd));
  }
  cursor.headers((nameStart, nameEnd, valueStart, valueEnd) => {
    const name = new TextDecoder().decode(bytes.subarray(nameStart, nameEnd));
    const value = valueStart < 0 ? "" : asBuffer(bytes.subarray(valueStart, valueEnd));
    message.headers![name] = value;
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
