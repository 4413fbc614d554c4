/** The client that sends batches, over a real broker: a request whose connection ends under it has an end as well. */
import assert from "node:assert/strict";
import { agentSettings } from "../../agent/config.ts";
import { loadSettings } from "../../core/config/load.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { ProduceClient } from "../../core/kafka/produce.ts";
import type { WeirError } from "../../core/errors.ts";
import { servers } from "../support/servers.ts";
import { uniqueName } from "../support/temp.ts";

/** What may have become of a connection when the request is to be written, and how that is told. */
const ENDS: [what: string, end: (connection: any) => void, code: string][] = [
  // kafkajs takes it for one that is logged in, and rejects nothing that waits for its answer.
  ["has ended", (connection) => connection.connectionStatus = "disconnected", "KAFKA_UNREACHABLE"],
  // The other end closes it then, which kafkajs tells only of a connection that it thinks is one.
  ["says nothing any more", (connection) => connection.socket.pause(), "KAFKA_TIMEOUT"],
];

Deno.test({
  name:
    "ProduceClient: a request on a connection that ends under it is rejected, whatever kafkajs does",
  sanitizeOps: false, // the client keeps sockets for a while
  sanitizeResources: false,
  async fn(step) {
    const text = JSON.stringify({ kafka: { brokers: [(await servers("kafka")).kafka] } });
    const settings = loadSettings(agentSettings, text, { name: "test" }).kafka;
    const kafka = createKafka(settings, "test", 1), topic = uniqueName("produce");
    // @ts-ignore: kafkajs has no types for its inner files
    const { prototype } = (await import("kafkajs/src/network/connection.js")).default;
    const { authenticate, isAuthenticated } = prototype;
    const client = new ProduceClient(kafka, {
      acks: -1,
      requestTimeoutMs: 1,
      clientId: "test",
      newTopicPartitions: 1,
    });
    try {
      await client.partitionsOf(topic);
      const node = client.leaderOf(topic, 0)!;
      for (const [what, end, code] of ENDS) {
        await step.step(what, async () => {
          prototype.isAuthenticated = () => false;
          prototype.authenticate = function (this: any) {
            Object.assign(prototype, { authenticate, isAuthenticated });
            this.requestQueue.destroy();
            this.authenticatedAt = [0, 0];
            end(this);
            return Promise.resolve();
          };
          await assert.rejects(
            client.produce(node, [{ topic, partition: 0, batch: new Uint8Array(100) }]),
            (error: WeirError) => error.code === code && error.retriable,
          );
        });
      }
    } finally {
      Object.assign(prototype, { authenticate, isAuthenticated });
      await client.disconnect();
      const admin = kafka.admin();
      await admin.connect();
      await admin.deleteTopics({ topics: [topic] });
      await admin.disconnect();
    }
  },
});
