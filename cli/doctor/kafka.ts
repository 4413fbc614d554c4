/** Kafka for `weir doctor`: brokers, topics and what they hold. It makes no topic and writes nothing. */
import type { Admin, ITopicMetadata } from "kafkajs";
import { messageOf } from "../../core/errors.ts";
import { createKafka } from "../../core/kafka/client.ts";
import type { KafkaSettings } from "../../core/kafka/settings.ts";
import { type Check, cross, type Finding, ok, warning } from "./check.ts";

const CONFIG_TOPIC = 2;
const REACH = "Check that Kafka runs and kafka.brokers is right.";

/**
 * @param whose program whose settings these are
 * @param topics those that the program reads or writes by name, with what happens to one that is not there
 */
export function kafkaCheck(
  settings: KafkaSettings,
  whose: string,
  topics: ReadonlyMap<string, "made" | "needed">,
): Check {
  const name = `${settings.brokers.join(", ")} (${whose})`;
  return {
    link: "kafka",
    name,
    remedy: REACH,
    async run() {
      const admin = createKafka(settings, "doctor", 1).admin();
      try {
        await admin.connect();
        const { brokers } = await admin.describeCluster();
        const found = [ok("kafka", `${name}: ${brokers.length} brokers answer`)];
        found.push(...await topicFindings(admin, brokers.length, topics));
        return found;
      } finally {
        await admin.disconnect().catch(() => undefined); // what it said before counts
      }
    },
  };
}

async function topicFindings(
  admin: Admin,
  brokers: number,
  wanted: ReadonlyMap<string, "made" | "needed">,
): Promise<Finding[]> {
  const there = new Set(await admin.listTopics());
  const found: Finding[] = [];
  for (const [topic, absent] of wanted) {
    if (there.has(topic)) continue;
    if (absent === "made") {
      found.push(await makeFinding(admin, topic));
    } else {
      const remedy = "Make the topic, or start the agent that writes it.";
      found.push(warning("kafka", `topic ${topic}: not there`, remedy));
    }
  }
  const names = [...wanted.keys()].filter((topic) => there.has(topic));
  if (names.length === 0) return found;
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: CONFIG_TOPIC, name })),
  }).catch((error) => {
    found.push(
      warning(
        "kafka",
        `min.insync.replicas unknown: ${messageOf(error)}`,
        "Give this user the right DescribeConfigs on its topics.",
      ),
    );
    return { resources: [] };
  });
  for (const topic of topics) {
    const entries = resources.find(({ resourceName }) => resourceName === topic.name)
      ?.configEntries;
    const text = entries?.find(({ configName }) => configName === "min.insync.replicas")
      ?.configValue;
    found.push(topicFinding(topic, Number(text ?? 1), brokers));
  }
  return found;
}

/** Asks the broker whether it would make the topic; none is made. */
async function makeFinding(admin: Admin, topic: string): Promise<Finding> {
  try {
    const topics = [{ topic, numPartitions: 1 }];
    await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics });
    return ok("kafka", `topic ${topic}: not there yet, and may be made`);
  } catch (error) {
    const cause = (error as { errors?: unknown[] }).errors?.[0] ?? error;
    const remedy = "Make the topic by hand, or give this user the right Create.";
    return cross(
      "kafka",
      `topic ${topic}: not there, and may not be made: ${messageOf(cause)}`,
      remedy,
    );
  }
}

/** Judges one topic by its partitions. */
export function topicFinding(
  topic: Pick<ITopicMetadata, "name" | "partitions">,
  minInsync: number,
  brokers: number,
): Finding {
  const replicas = Math.min(...topic.partitions.map((one) => one.replicas.length));
  const insync = Math.min(...topic.partitions.map((one) => one.isr.length));
  const leaderless = topic.partitions.filter(({ leader }) => leader < 0).length;
  const what =
    `topic ${topic.name}: ${topic.partitions.length} partitions, ${replicas} replicas, ` +
    `${insync} in sync, min.insync.replicas ${minInsync}`;
  if (leaderless > 0) {
    return cross(
      "kafka",
      `${what}, ${leaderless} without a leader`,
      "Start the broker that led them.",
    );
  }
  if (insync < minInsync) {
    return cross("kafka", what, "Start the brokers that are away: nothing is acknowledged before.");
  }
  if (insync < replicas) {
    return warning("kafka", what, "Start the brokers that are away, or wait until they caught up.");
  }
  if (minInsync < 2 && brokers > 1) {
    return warning(
      "kafka",
      what,
      "Set min.insync.replicas to 2 with 3 replicas: one copy can be lost.",
    );
  }
  return ok("kafka", what);
}
