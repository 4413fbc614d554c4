/** The ledger's topic: written by agents, read whole by `weir audit`. Compacted by generation, topic and run. */
import type { Kafka } from "kafkajs";
import { messageOf, WeirError } from "../errors.ts";
import { type SideMessage, SideTopic } from "../kafka/side_topic.ts";
import { dropKey, type DropSeal } from "./drop_seal.ts";
import { expiryKey, type ExpirySeal } from "./expiry_seal.ts";
import { recordKey, type Seal } from "./seal.ts";

const RETENTION_MS = 90 * 86_400_000;

export class LedgerLog {
  readonly #topic: string;
  readonly #side: SideTopic;

  constructor(kafka: Kafka, topic: string) {
    this.#topic = topic;
    this.#side = new SideTopic(kafka, { topic, retentionMs: RETENTION_MS });
  }

  /** Resolves when all in-sync replicas have the seals. Rejects with LEDGER_UNWRITABLE (retriable). */
  async write(seals: readonly Seal[]): Promise<void> {
    await this.#write(seals.map((seal) => ({ key: recordKey(seal), value: JSON.stringify(seal) })));
  }

  /** The same for what rules dropped. */
  async writeDrops(seals: readonly DropSeal[]): Promise<void> {
    await this.#write(seals.map((seal) => ({ key: dropKey(seal), value: JSON.stringify(seal) })));
  }

  /** The same for what retention removes. */
  async writeExpired(seals: readonly ExpirySeal[]): Promise<void> {
    await this.#write(seals.map((seal) => ({ key: expiryKey(seal), value: JSON.stringify(seal) })));
  }

  async #write(messages: readonly SideMessage[]): Promise<void> {
    try {
      await this.#side.write(messages);
    } catch (error) {
      throw new WeirError("LEDGER_UNWRITABLE", `Cannot write the ledger: ${messageOf(error)}`, {
        retriable: true,
        hint: `Allow this user to write to the topic ${this.#topic}; lines are shipped meanwhile.`,
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#side.close();
  }
}
