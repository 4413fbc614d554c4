/** Delivery to three brokers: how topics are made, a leader that dies under load, too few replicas. */
import assert from "node:assert/strict";
import { Kafka, logLevel } from "kafkajs";
import { countNumbered } from "../support/numbered.ts";
import { startKafkaCluster } from "../support/servers.ts";
import { uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { numberedChunks, openSink, textsOf } from "./ship_site.ts";

const TOTAL = 30_000;

Deno.test({
  name:
    "KafkaLineSink: a topic of three replicas outlives its leader; one that wants all three waits for it",
  sanitizeOps: false, // the client keeps sockets for a while
  sanitizeResources: false,
  async fn() {
    await using cluster = await startKafkaCluster();
    const brokers = cluster.address.split(",");
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const topic = uniqueName("cluster");
    const strict = uniqueName("strict");
    await admin.createTopics({
      topics: [{
        topic: strict,
        numPartitions: 1,
        replicationFactor: 3,
        configEntries: [{ name: "min.insync.replicas", value: "3" }],
      }],
      waitForLeaders: true,
    });
    const { sink, failures, made } = openSink({
      brokers,
      connectionTimeout: "1s",
      requestTimeout: "2s",
    });
    const chunks = numberedChunks(topic, "n", TOTAL, 1000, 100);
    for (const chunk of chunks.slice(0, 5)) await sink.send(chunk);
    assert.deepEqual(made, [3]);
    const leaderOf = async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0].partitions;
    };
    const partitions = await leaderOf();
    assert(partitions.every(({ replicas }) => replicas.length === 3));

    const offsets = await admin.fetchTopicOffsets(topic);
    const used = offsets.find(({ high }) => Number(high) > 0)!.partition;
    const first = partitions.find(({ partitionId }) => partitionId === used)!.leader;
    let settled = 0;
    const sends = chunks.slice(5, 20).map((chunk) => sink.send(chunk).then(() => settled++));
    await waitFor("lines under way", () => settled > 0);
    await cluster.nodes[first - 1].kill9();
    await Promise.all(sends);
    // Which of them it was depends on the moment.
    const passing = ["KAFKA_UNREACHABLE", "KAFKA_NOT_LEADER", "KAFKA_TIMEOUT", "KAFKA_NO_LEADER"];
    assert(failures.every((code) => [...passing, "KAFKA_STARTING"].includes(code)), `${failures}`);

    const now = (await leaderOf()).find(({ partitionId }) => partitionId === used)!;
    assert.notEqual(now.leader, first);
    const refused = numberedChunks(strict, "s", 100, 100).map((chunk) => sink.send(chunk));
    await waitFor("a refusal", () => failures.includes("KAFKA_NOT_ENOUGH_REPLICAS"), {
      timeoutMs: 60_000,
    });
    await Promise.all(chunks.slice(20).map((chunk) => sink.send(chunk))); // the other topic goes on
    await cluster.nodes[first - 1].start();
    await Promise.all(refused);
    await sink.stop(5000);
    const texts = (await textsOf(cluster.address, topic)).map((text) => text.replace(/ x+$/, ""));
    const { lost, doubled, reordered } = countNumbered(texts, "n", TOTAL);
    assert.deepEqual({ lost, doubled, reordered }, { lost: 0, doubled: 0, reordered: 0 });
    await admin.disconnect();
  },
});
