/**
 * The ledger's topic: written by agents, read whole by `weir audit`. One partition, compacted by generation and topic, so
 * that it stays as small as the number of files that there were within its retention.
 */
import { type Kafka, Partitioners, type Producer } from "kafkajs";
import { messageOf, WeirError } from "../errors.ts";
import { type Seal, sealKey } from "./seal.ts";

const RETENTION_MS = 90 * 86_400_000;
const SEALS_PER_REQUEST = 1000;

export class LedgerLog {
  readonly #kafka: Kafka;
  readonly #topic: string;
  #producer: Producer | undefined;

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  /** Resolves when all in-sync replicas have the seals. Rejects with LEDGER_UNWRITABLE (retriable). */
  async write(seals: readonly Seal[]): Promise<void> {
    try {
      if (this.#producer === undefined) {
        await this.#makeTopic();
        const producer = this.#kafka.producer({
          allowAutoTopicCreation: false,
          createPartitioner: Partitioners.DefaultPartitioner,
        });
        await producer.connect();
        this.#producer = producer;
      }
      for (let i = 0; i < seals.length; i += SEALS_PER_REQUEST) {
        const messages = seals.slice(i, i + SEALS_PER_REQUEST).map((seal) => ({
          key: sealKey(seal),
          value: JSON.stringify(seal),
        }));
        await this.#producer.send({ topic: this.#topic, acks: -1, messages });
      }
    } catch (error) {
      throw new WeirError("LEDGER_UNWRITABLE", `Cannot write the ledger: ${messageOf(error)}`, {
        retriable: true,
        hint: `Allow this user to write to the topic ${this.#topic}; lines are shipped meanwhile.`,
        cause: error,
      });
    }
  }

  async #makeTopic(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const brokers = (await admin.describeCluster()).brokers.length;
      const replicas = Math.min(3, brokers);
      await admin.createTopics({
        topics: [{
          topic: this.#topic,
          numPartitions: 1,
          replicationFactor: replicas,
          configEntries: [
            { name: "cleanup.policy", value: "compact,delete" },
            { name: "retention.ms", value: String(RETENTION_MS) },
            { name: "min.insync.replicas", value: replicas === 3 ? "2" : "1" },
          ],
        }],
      });
    } finally {
      await admin.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.#producer?.disconnect();
    this.#producer = undefined;
  }
}
