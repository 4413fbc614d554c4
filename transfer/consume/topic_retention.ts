/** How long Kafka keeps the records of a topic, as its settings say; asked for every ten minutes. */
import { type Admin, ConfigResourceTypes } from "kafkajs";
import { messageOf } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { bounded } from "./bounded.ts";

const KEPT_MS = 600_000;
const TOPICS_KEPT = 10_000;

export class TopicRetention {
  readonly #known = new Map<string, { ms: number; untilMs: number }>();

  /** retention.ms of the topic; 0 where there is none, or where we may not ask. */
  async of(admin: Admin, topic: string): Promise<number> {
    const known = this.#known.get(topic);
    if (known !== undefined && known.untilMs > performance.now()) return known.ms;
    let ms = 0;
    try {
      const { resources } = await bounded(
        admin.describeConfigs({
          includeSynonyms: false,
          resources: [{
            type: ConfigResourceTypes.TOPIC,
            name: topic,
            configNames: ["retention.ms"],
          }],
        }),
        10_000,
      );
      ms = Math.max(0, Number(resources[0]?.configEntries[0]?.configValue ?? 0));
    } catch (error) {
      logOf("transfer.consume").debug("Cannot ask for retention.ms", {
        topic,
        reason: messageOf(error),
      });
    }
    if (this.#known.size >= TOPICS_KEPT) this.#known.clear();
    this.#known.set(topic, { ms, untilMs: performance.now() + KEPT_MS });
    return ms;
  }
}
