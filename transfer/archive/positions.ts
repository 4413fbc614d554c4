/** Where Kafka and the archive's group stand in the partitions of a topic. */
import type { Admin } from "kafkajs";
import { kafkaError } from "../../core/kafka/errors.ts";
import { bounded } from "../consume/bounded.ts";
import type { KafkaPosition } from "./upkeep.ts";

const TIMEOUT_MS = 30_000;

/** Rejects with Kafka's error. */
export async function positionsOf(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<KafkaPosition[]> {
  try {
    await bounded(admin.connect(), TIMEOUT_MS); // does nothing where it is
    // The ends first: what is committed up to them was there.
    const ends = await bounded(admin.fetchTopicOffsets(topic), TIMEOUT_MS);
    const [found] = await bounded(admin.fetchOffsets({ groupId, topics: [topic] }), TIMEOUT_MS);
    const committed = new Map(
      found.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
    );
    return ends.map(({ partition, low, high }) => ({
      partition,
      low: Number(low),
      high: Number(high),
      committed: committed.get(partition) ?? -1,
    }));
  } catch (error) {
    throw kafkaError(error, `Cannot look at the offsets of ${topic}`);
  }
}
