/**
 * Sends finished record batches over kafkajs's connections: an own Produce v7 request that writes the batches to the
 * socket as they are, without a copy. kafkajs keeps connection, TLS, SASL, metadata and time-outs; what is used of it
 * beyond its public face (cluster, connection pool, request queue of 2.2.4) is used here alone.
 */
import type { Socket } from "node:net";
import type { Kafka } from "kafkajs";
import { WeirError } from "../errors.ts";
// @ts-ignore: kafkajs has no types for its inner files
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import { dropConnection, dropSilent } from "./client.ts";
import { kafkaError, kafkaErrorOfCode } from "./errors.ts";

const encoder = new TextEncoder();
const DUPLICATE_SEQUENCE_NUMBER = 46;
/** For the way to the broker and back, beside its own wait. */
const ANSWER_MS = 5000;

export interface PartitionBatch {
  topic: string;
  partition: number;
  batch: Uint8Array;
}

export interface ProduceClientOptions {
  /** -1: all in-sync replicas, 1: the leader, 0: nobody. */
  acks: -1 | 0 | 1;
  /** How long the broker may wait for its replicas. */
  requestTimeoutMs: number;
  clientId: string;
  /** For topics that do not exist. */
  newTopicPartitions: number;
  /** Hears what replication a topic was made with; fewer than 3 is worth a warning. */
  onTopicCreated?: (topic: string, replication: number) => void;
}

/** One connection set for producing. Errors are WeirErrors with KAFKA_ codes. */
export class ProduceClient {
  readonly #kafka: Kafka;
  readonly #options: ProduceClientOptions;
  readonly #cluster: any;

  constructor(kafka: Kafka, options: ProduceClientOptions) {
    this.#kafka = kafka;
    this.#options = options;
    const create = Object.getOwnPropertySymbols(kafka)
      .find((symbol) => symbol.description === "private:Kafka:createCluster");
    if (create === undefined) {
      throw new Error("This version of kafkajs is not the one that is pinned (2.2.4)");
    }
    this.#cluster = (kafka as any)[create]({
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
    });
  }

  /** Number of partitions; a missing topic is made. Rejects with a WeirError, retriable or not. */
  async partitionsOf(topic: string): Promise<number> {
    try {
      await this.#cluster.connect();
      for (let attempt = 0;; attempt++) {
        try {
          await this.#cluster.addTargetTopic(topic);
          const found = this.#cluster.findTopicPartitionMetadata(topic).length;
          if (found > 0) return found;
        } catch (error) {
          if ((error as any).type !== "UNKNOWN_TOPIC_OR_PARTITION" || attempt > 3) throw error;
          await this.#createTopic(topic);
        }
        if (attempt > 3) {
          throw new WeirError("KAFKA_TOPIC_MISSING", `Topic "${topic}" has no partitions yet`, {
            retriable: true,
          });
        }
      }
    } catch (error) {
      throw kafkaError(error, `Cannot find topic "${topic}"`);
    }
  }

  async #createTopic(topic: string): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const { brokers } = await admin.describeCluster();
      const replication = Math.min(3, brokers.length);
      const made = await admin.createTopics({
        topics: [{
          topic,
          numPartitions: this.#options.newTopicPartitions,
          replicationFactor: replication,
          configEntries: [{
            name: "min.insync.replicas",
            value: String(Math.max(1, replication - 1)),
          }],
        }],
        waitForLeaders: true,
      });
      if (made) this.#options.onTopicCreated?.(topic, replication);
    } finally {
      await admin.disconnect();
    }
  }

  /** Node that leads a partition, or undefined while there is none. */
  leaderOf(topic: string, partition: number): string | undefined {
    try {
      const leaders = this.#cluster.findLeaderForPartitions(topic, [partition]);
      return Object.keys(leaders).find((node) => Number(node) >= 0);
    } catch {
      return undefined; // metadata is being loaded again
    }
  }

  /** Loads who leads what. A topic that is gone or not allowed any more is forgotten, so that the others go on. */
  async refresh(): Promise<void> {
    try {
      await this.#cluster.refreshMetadata();
    } catch (error) {
      if (!isOfTopic(error)) throw kafkaError(error, "Cannot load metadata");
      await this.#forgetBadTopics();
    }
  }

  /** The next look at the topic asks a broker: until then it has no leaders. */
  forget(topic: string): void {
    this.#cluster.targetTopics.delete(topic);
    const { metadata } = this.#cluster.brokerPool;
    if (!metadata?.topicMetadata) return;
    metadata.topicMetadata = metadata.topicMetadata.filter(
      (one: { topic: string }) => one.topic !== topic,
    );
  }

  /** One bad topic fails a question for all: each is asked for alone. */
  async #forgetBadTopics(): Promise<void> {
    try {
      const broker = await this.#cluster.brokerPool.findConnectedBroker();
      for (const topic of [...this.#cluster.targetTopics]) {
        try {
          await broker.metadata([topic]);
        } catch (error) {
          if (!isOfTopic(error)) throw error;
          this.forget(topic);
        }
      }
      if (this.#cluster.targetTopics.size > 0) await this.#cluster.refreshMetadata();
    } catch (error) {
      throw kafkaError(error, "Cannot load metadata");
    }
  }

  /**
   * A new identity for batches whose repeats the broker sorts out; undefined where this user may not have one or the
   * broker knows of none. Rejects with a retriable WeirError.
   */
  async newProducer(): Promise<{ id: bigint; epoch: number } | undefined> {
    try {
      await this.#cluster.connect();
      const broker = await this.#cluster.findControllerBroker();
      const { producerId, producerEpoch } = await broker.initProducerId({
        transactionTimeout: 60_000,
      });
      return { id: BigInt(producerId), epoch: producerEpoch };
    } catch (error) {
      const { type, name } = error as { type?: string; name?: string };
      const cannot = type === "CLUSTER_AUTHORIZATION_FAILED" || type === "UNSUPPORTED_VERSION" ||
        name === "KafkaJSServerDoesNotSupportApiKey";
      if (cannot) return undefined;
      throw kafkaError(error, "Cannot get a producer id");
    }
  }

  /**
   * Sends batches to the node that leads their partitions. Resolves with an error or null for each, in order; rejects
   * with a retriable WeirError where nothing is known of any (the batches may have arrived all the same). The batches'
   * memory must stay as it is until then.
   */
  async produce(node: string, batches: readonly PartitionBatch[]): Promise<(WeirError | null)[]> {
    const since = performance.now();
    let connection: any;
    try {
      const broker = await this.#cluster.findBroker({ nodeId: node });
      connection = await broker.connectionPool.getConnection(0);
      if (!connection.isAuthenticated()) {
        // A login takes every answer for its own: no other may be under way.
        await connection.requestQueue.waitForPendingRequests();
        await connection.authenticate();
      }
      const answer = await this.#request(connection, batches);
      if (this.#options.acks === 0) return batches.map(() => null);
      return decodeAnswer(answer, batches);
    } catch (error) {
      if (connection !== undefined) dropConnection(connection, error);
      const { name } = error as { name?: string };
      if (name === "KafkaJSRequestTimeoutError") dropSilent(this.#cluster, error, since);
      throw kafkaError(error, `Cannot send to broker ${node}`, true);
    }
  }

  /** kafkajs rejects requests when their connection ends, but not those that come behind its end: those end here. */
  async #request(connection: any, batches: readonly PartitionBatch[]): Promise<Uint8Array> {
    if (!connection.isConnected()) {
      throw named("KafkaJSConnectionClosedError", "the connection ended before the request");
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(named("KafkaJSRequestTimeoutError", "no answer"));
      }, this.#options.requestTimeoutMs + ANSWER_MS + 1000);
    });
    try {
      return await Promise.race([this.#push(connection, batches), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #push(connection: any, batches: readonly PartitionBatch[]): Promise<Uint8Array> {
    const correlationId = connection.nextCorrelationId();
    const parts = encodeRequest(correlationId, this.#options, batches);
    return new Promise((resolve, reject) => {
      connection.requestQueue.push({
        entry: {
          apiKey: 0,
          apiName: "Produce",
          apiVersion: 7,
          correlationId,
          resolve: (answer: { payload: Uint8Array }) => resolve(answer.payload),
          reject,
        },
        expectResponse: this.#options.acks !== 0,
        requestTimeout: this.#options.requestTimeoutMs + ANSWER_MS,
        sendRequest: () => writeInTurn(connection.socket, parts),
      });
    });
  }

  async disconnect(): Promise<void> {
    await this.#cluster.disconnect();
  }
}

/** As kafkajs would have told it. */
function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function isOfTopic(error: unknown): boolean {
  const { type } = error as { type?: string };
  return type === "UNKNOWN_TOPIC_OR_PARTITION" || type === "TOPIC_AUTHORIZATION_FAILED" ||
    type === "INVALID_TOPIC_EXCEPTION";
}

/** The last write of each socket: resolves when it is done. */
const lastWrites = new WeakMap<Socket, Promise<void>>();

/**
 * Writes the parts when what was written before is out: a socket copies all that waits in it into one piece. The parts
 * themselves go in one go, so that no other request comes between them.
 */
function writeInTurn(socket: Socket, parts: readonly Uint8Array[]): void {
  const write = () =>
    new Promise<void>((resolve) => {
      if (socket.destroyed) return resolve();
      parts.forEach((part, i) => {
        if (i < parts.length - 1) socket.write(part);
        else socket.write(part, () => resolve());
      });
    });
  const before = lastWrites.get(socket);
  const done = before === undefined ? write() : before.then(write);
  lastWrites.set(socket, done);
}

/** The parts of a Produce v7 request, to be written one behind the other. */
export function encodeRequest(
  correlationId: number,
  options: { acks: number; requestTimeoutMs: number; clientId: string },
  batches: readonly PartitionBatch[],
): Uint8Array[] {
  const byTopic = new Map<string, PartitionBatch[]>();
  for (const batch of batches) {
    const list = byTopic.get(batch.topic);
    if (list === undefined) byTopic.set(batch.topic, [batch]);
    else list.push(batch);
  }
  const head = new ByteWriter();
  head.int32(0); // length, set below
  head.int16(0);
  head.int16(7);
  head.int32(correlationId);
  head.string(options.clientId);
  head.int16(-1); // no transaction
  head.int16(options.acks);
  head.int32(options.requestTimeoutMs);
  head.int32(byTopic.size);
  const parts: Uint8Array[] = [];
  let writer = head;
  for (const [topic, list] of byTopic) {
    writer.string(topic);
    writer.int32(list.length);
    for (const { partition, batch } of list) {
      writer.int32(partition);
      writer.int32(batch.length);
      parts.push(writer.take(), batch);
      writer = new ByteWriter();
    }
  }
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  new DataView(parts[0].buffer, parts[0].byteOffset).setInt32(0, total - 4);
  return parts;
}

class ByteWriter {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  int16(value: number): void {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }
  int32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }
  /** At most 255 bytes: names of topics and clients. */
  string(text: string): void {
    const bytes = encoder.encode(text).subarray(0, 255);
    this.int16(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }
}

function decodeAnswer(
  payload: Uint8Array,
  batches: readonly PartitionBatch[],
): (WeirError | null)[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const codes = new Map<string, number>();
  let at = 4;
  for (let topics = view.getInt32(0); topics > 0; topics--) {
    const size = view.getInt16(at);
    const topic = new TextDecoder().decode(payload.subarray(at + 2, at + 2 + size));
    at += 2 + size;
    let partitions = view.getInt32(at);
    for (at += 4; partitions > 0; partitions--, at += 30) {
      codes.set(`${topic} ${view.getInt32(at)}`, view.getInt16(at + 4));
    }
  }
  return batches.map(({ topic, partition }) => {
    const code = codes.get(`${topic} ${partition}`);
    // It is there now, or was there before.
    if (code === 0 || code === DUPLICATE_SEQUENCE_NUMBER) return null;
    if (code === undefined) {
      return new WeirError("KAFKA_ANSWER_INCOMPLETE", `No answer for ${topic}/${partition}`, {
        retriable: true,
      });
    }
    return kafkaErrorOfCode(
      createErrorFromCode(code),
      `${topic}/${partition}`,
    );
  });
}
