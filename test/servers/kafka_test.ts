import assert from "node:assert/strict";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { assertAllThere, numberedLines } from "../support/numbered.ts";
import { kafkaTools, servers, startKafka, startKafkaCluster } from "../support/servers.ts";
import { uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

function clientOf(address: string): Kafka {
  return new Kafka({
    clientId: "test",
    brokers: address.split(","),
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, maxRetryTime: 1000 },
  });
}

/** What a topic's only partition holds from the beginning, at least `count` of it. */
async function consume(kafka: Kafka, topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: topic });
  const values: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        values.push(message.value!.toString());
        return Promise.resolve();
      },
    });
    await waitFor(`${count} messages`, () => values.length >= count, {
      detail: () => `${values.length} came`,
    });
  } finally {
    await consumer.disconnect();
  }
  return values;
}

async function makeTopic(admin: Admin, topic: string): Promise<void> {
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] });
}

Deno.test({
  name: "kafka: all that is produced is consumed, once and in order",
  // kafkajs keeps timers of its request queues after disconnect().
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { kafka: address } = await servers("kafka");
    const kafka = clientOf(address), topic = uniqueName("servers");
    const admin = kafka.admin(), producer = kafka.producer();
    await admin.connect();
    await producer.connect();
    try {
      await makeTopic(admin, topic);
      const messages = [...numberedLines(topic, 500)].map((value) => ({ value }));
      await producer.send({ topic, acks: -1, messages });
      assertAllThere(await consume(kafka, topic, 500), topic, 500);
      const offsets = await kafkaTools("org.apache.kafka.tools.GetOffsetShell", [
        "--bootstrap-server",
        address,
        "--topic",
        topic,
      ]);
      assert.equal(offsets.trim(), `${topic}:0:500`);
    } finally {
      await admin.deleteTopics({ topics: [topic] });
      await admin.deleteGroups([topic]);
      await producer.disconnect();
      await admin.disconnect();
    }
  },
});

Deno.test({
  name: "kafka: a server of a test's own keeps its port and its data over kill -9",
  sanitizeOps: false, // as above
  sanitizeResources: false,
  async fn() {
    await using server = await startKafka();
    const topic = uniqueName("servers"), first = server.pid;
    const before = clientOf(server.address);
    const admin = before.admin(), producer = before.producer();
    await admin.connect();
    await producer.connect();
    await makeTopic(admin, topic);
    const messages = [...numberedLines(topic, 50)].map((value) => ({ value }));
    await producer.send({ topic, acks: -1, messages });
    await producer.disconnect();
    await admin.disconnect();
    await server.kill9();
    await server.start();
    assert.notEqual(server.pid, first);
    assertAllThere(await consume(clientOf(server.address), topic, 50), topic, 50);
  },
});

Deno.test({
  name:
    "kafka: three nodes go on when the leader of a partition is killed, and it comes back in sync",
  sanitizeOps: false, // as above
  sanitizeResources: false,
  async fn() {
    await using cluster = await startKafkaCluster();
    const kafka = clientOf(cluster.address), topic = uniqueName("servers");
    const admin = kafka.admin(), producer = kafka.producer({ idempotent: true });
    await admin.connect();
    await producer.connect();
    const partition = async () =>
      (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions[0];
    const lines = [...numberedLines(topic, 400)].map((value) => ({ value }));
    try {
      await makeTopic(admin, topic);
      const { leader, replicas, isr } = await partition();
      assert.deepEqual([replicas.length, isr.length], [3, 3]);
      await producer.send({ topic, acks: -1, messages: lines.slice(0, 200) });
      const killed = cluster.nodes[leader - 1];
      await killed.kill9();
      await producer.send({ topic, acks: -1, messages: lines.slice(200) });
      assert.notEqual((await partition()).leader, leader);
      assertAllThere(await consume(kafka, topic, 400), topic, 400);
      await killed.start();
      await waitFor("all three in sync", async () => (await partition()).isr.length === 3);
    } finally {
      await producer.disconnect();
      await admin.disconnect();
    }
  },
});
