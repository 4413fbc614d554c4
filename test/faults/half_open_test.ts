/** A Kafka client that outlives the connection it has: one that nobody says is dead. */
import assert from "node:assert/strict";
import { kafkaFields } from "../../core/kafka/settings.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { Consumer } from "../../transfer/consume/consumer.ts";
import { loadSettings } from "../../core/config/load.ts";
import { settings } from "../../core/config/fields.ts";
import { startKafka } from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { freePort } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const TRIES_MAX = 4;
const MINUTE_MS = 60_000;

function kafkaBy(address: string, requestTimeout = "1s") {
  const text = JSON.stringify({ brokers: [address], requestTimeout });
  return createKafka(loadSettings(settings(kafkaFields), text, { name: "test" }), "test", 0);
}

Deno.test({
  name:
    "createKafka: after a request that was never answered the next one goes by a new connection",
  sanitizeOps: false, // the client keeps sockets for a while
  sanitizeResources: false,
  async fn() {
    const port = freePort();
    const way = await TcpProxy.to(`127.0.0.1:${port}`);
    await using _broker = await startKafka({
      listeners: [{ name: "PROXIED", port, advertisedPort: way.port }],
    });
    const admin = kafkaBy(way.address).admin();
    await admin.connect();
    await admin.listTopics();
    way.swallow();
    let tries = 0;
    for (let answered = false; !answered && tries < TRIES_MAX; tries++) {
      answered = await admin.listTopics().then(() => true, () => false);
    }
    assert(tries < TRIES_MAX, `no answer at ${tries} tries`);
    await admin.disconnect();
    await way.close();
  },
});

Deno.test({
  name: "Consumer starts again once where all its connections lead nowhere",
  sanitizeOps: false, // the client keeps sockets for a while
  sanitizeResources: false,
  async fn() {
    const port = freePort(), topic = "half-open";
    const way = await TcpProxy.to(`127.0.0.1:${port}`);
    await using _broker = await startKafka({
      listeners: [{ name: "PROXIED", port, advertisedPort: way.port }],
    });
    const write = async (count: number) => {
      const producer = kafkaBy(way.address).producer();
      await producer.connect();
      await producer.send({
        topic,
        messages: Array.from({ length: count }, (_, n) => ({ value: `${n}` })),
      });
      await producer.disconnect();
    };
    const admin = kafkaBy(way.address).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await admin.disconnect();
    await write(10);
    let seen = 0, restarts = 0;
    // A member that is only forgotten keeps the others waiting for longer than this test does.
    const options = {
      groupId: "half-open",
      instanceId: "",
      choice: { names: [topic], patterns: [], excluded: new Set<string>() },
      topicsRefreshMs: 30 * MINUTE_MS,
      sessionTimeoutMs: 20 * MINUTE_MS,
      rebalanceTimeoutMs: 20 * MINUTE_MS,
      heartbeatMs: 20 * MINUTE_MS, // else it may find the dead connection first
      commitIntervalMs: 500,
      offsetsIntervalMs: 10_000,
      fetchWaitMs: 500,
      fetchBytes: 1 << 20,
      partitionBytes: 1 << 20,
      stuckAfterMs: 20 * MINUTE_MS,
    };
    const consumer = new Consumer(kafkaBy(way.address, "5s"), options, {
      wants: () => true,
      take(lane, batch) {
        seen = batch.lastOffset + 1;
        lane.tracker.skipTo(seen);
        return true;
      },
    }, { restarted: () => restarts++ });
    consumer.start();
    await waitFor("what was there", () => seen === 10, {
      detail: () => `${consumer.state} ${consumer.lastError}`,
    });
    way.swallow();
    restarts = 0; // it may have had to wait for its coordinator
    await write(10);
    await waitFor("what came later", () => seen === 20, {
      detail: () => `${consumer.state} ${consumer.lastError}`,
    });
    assert.equal(restarts, 1, "what it learned of one connection holds for all");
    await consumer.stop(10_000);
    await way.close();
  },
});
