/**
 * A small topic beside the lines (ledger, detail): made where it is missing, again where somebody deleted it, one
 * partition, compacted by key, so that it stays as small as the number of keys that there were within its retention.
 * Bounded by its senders.
 */
import { type Kafka, Partitioners, type Producer } from "kafkajs";

export interface SideTopicOptions {
  topic: string;
  retentionMs: number;
  /** Further settings of the topic where it is made. */
  config?: Readonly<Record<string, string>>;
}

export interface SideMessage {
  key: string;
  value: string;
}

const MESSAGES_PER_REQUEST = 1000;

export class SideTopic {
  readonly #kafka: Kafka;
  readonly #options: SideTopicOptions;
  #producer: Promise<Producer> | undefined;

  constructor(kafka: Kafka, options: SideTopicOptions) {
    this.#kafka = kafka;
    this.#options = options;
  }

  /** Resolves when all in-sync replicas have the messages. Rejects with kafkajs's errors; nothing is kept. */
  async write(messages: readonly SideMessage[]): Promise<void> {
    try {
      const producer = await (this.#producer ??= this.#connect());
      for (let i = 0; i < messages.length; i += MESSAGES_PER_REQUEST) {
        await producer.send({
          topic: this.#options.topic,
          acks: -1,
          messages: messages.slice(i, i + MESSAGES_PER_REQUEST),
        });
      }
    } catch (error) {
      await this.close().catch(() => {}); // the topic may be gone: the next write makes it again
      throw error;
    }
  }

  async #connect(): Promise<Producer> {
    await this.#makeTopic();
    const producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  }

  async #makeTopic(): Promise<void> {
    const { topic, retentionMs, config = {} } = this.#options;
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      // Who may not make topics may write to one that is there.
      if ((await admin.listTopics()).includes(topic)) return;
      const brokers = (await admin.describeCluster()).brokers.length;
      const replicas = Math.min(3, brokers);
      const entries = {
        "cleanup.policy": "compact,delete",
        "retention.ms": String(retentionMs),
        "min.insync.replicas": replicas === 3 ? "2" : "1",
        ...config,
      };
      await admin.createTopics({
        topics: [{
          topic,
          numPartitions: 1,
          replicationFactor: replicas,
          configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
        }],
      });
    } finally {
      await admin.disconnect();
    }
  }

  async close(): Promise<void> {
    const connected = this.#producer;
    this.#producer = undefined;
    const producer = await connected?.catch(() => undefined); // never connected: nothing to close
    await producer?.disconnect();
  }
}
