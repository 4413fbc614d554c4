/** A Kafka client that outlives the connection it has: one that nobody says is dead. */
import assert from "node:assert/strict";
import { kafkaFields } from "../../core/kafka/settings.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { loadSettings } from "../../core/config/load.ts";
import { settings } from "../../core/config/fields.ts";
import { startKafka } from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { freePort } from "../support/temp.ts";

const TRIES_MAX = 4;

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
    const text = JSON.stringify({ brokers: [way.address], requestTimeout: "1s" });
    const admin = createKafka(
      loadSettings(settings(kafkaFields), text, { name: "test" }),
      "test",
      0,
    ).admin();
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
