/**
 * Elasticsearch gone, cut off and silent, between real servers: nothing is lost, doubled or left,
 * the group is kept.
 */
import assert from "node:assert/strict";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { elasticsearchUrl } from "./servers.ts";
import { numberedLines, type RunningTransfer, Site, until } from "./site.ts";

interface Made {
  site: Site;
  topic: string;
  proxy: TcpProxy;
  start(changes?: Record<string, unknown>): Promise<RunningTransfer>;
}

const PARTITIONS = 4;

function test(name: string, run: (made: Made) => Promise<void>): void {
  Deno.test({
    name: `transfer, Elasticsearch ${name}`,
    sanitizeOps: false, // the clients keep sockets and timers for a while
    sanitizeResources: false,
    async fn() {
      const site = await Site.open();
      const proxy = await TcpProxy.to(new URL(await elasticsearchUrl()).host);
      try {
        const topic = await site.topic("t", PARTITIONS);
        const start = (changes: Record<string, unknown> = {}) =>
          site.transfer({
            elasticsearch: { nodes: [`http://127.0.0.1:${proxy.port}`], requestTimeout: "1s" },
            ...changes,
          });
        await run({ site, topic, proxy, start });
      } finally {
        await site.close();
        await proxy.close();
      }
    },
  });
}

const committed = (site: Site, topic: string) => site.committedRecords(topic);

test("down at the start: waits, and begins when it is there", async ({ site, topic, proxy, start }) => {
  await proxy.down();
  const { lines, uids } = numberedLines(topic, 2000, 8);
  await site.send(lines);
  const transfer = await start();
  await until(
    "not ready",
    () => transfer.transfer.notReady().some((reason) => reason.startsWith("ES_TEMPLATE_FAILED")),
  );
  assert.equal(await committed(site, topic), 0);
  await proxy.up();
  await until("committed", async () => await committed(site, topic) === 2000);
  assert.deepEqual(await site.ids(), uids.sort());
});

test("down under load: partitions pause, memory keeps its bound, the group is kept", async (made) => {
  const { site, topic, proxy, start } = made;
  const channel = { linesMax: 2000 };
  const { lines, uids } = numberedLines(topic, 20_000, 16);
  await site.send(lines.slice(0, 5000));
  const transfer = await start({ channel });
  await until("some", async () => await committed(site, topic) > 0);
  await proxy.down();
  await site.send(lines.slice(5000));
  const paused = () => transfer.metric("weir_transfer_partitions_paused");
  await until("paused", async () => await paused() === PARTITIONS);
  const heldMs = performance.now() + 8000; // longer than the session of 6 s
  let most = 0;
  await until("held", async () => {
    most = Math.max(most, await transfer.metric("weir_transfer_channel_lines"));
    return performance.now() > heldMs;
  });
  assert.ok(most <= channel.linesMax, `${most} lines in memory`);
  assert.equal(await transfer.metric("weir_transfer_rebalances_total"), 1);
  const done = await committed(site, topic);
  await until(
    "lag",
    async () => await transfer.metric("kafka_consumergroup_lag") === 20_000 - done,
  );
  await proxy.up();
  await until("committed", async () => await committed(site, topic) === 20_000);
  assert.deepEqual(await site.ids(), uids.sort());
  assert.equal(await transfer.metric("weir_transfer_rebalances_total"), 1);
  assert.equal(await transfer.metric("weir_transfer_dead_letters_total"), 0);
});

test("silent, then cut in the middle, again and again: each line is there once", async (made) => {
  const { site, topic, proxy, start } = made;
  const { lines, uids } = numberedLines(topic, 20_000, 16);
  await site.send(lines);
  const transfer = await start({ bulk: { linger: "20ms", retryMax: "200ms", documentsMax: 500 } });
  for (let round = 0; round < 4; round++) {
    const before = proxy.connections;
    await until("a request", () => proxy.connections > before || round > 0);
    proxy.silent = round % 3 === 2;
    if (proxy.silent) {
      const timeouts = await transfer.metric("weir_transfer_failures_total", {
        code: "ES_TIMEOUT",
      });
      await until(
        "a time-out",
        async () =>
          await transfer.metric("weir_transfer_failures_total", { code: "ES_TIMEOUT" }) >
            timeouts ||
          await committed(site, topic) === 20_000,
      );
      proxy.silent = false;
    }
    proxy.cut();
    const done = await committed(site, topic);
    await until("progress", async () => await committed(site, topic) > done || done === 20_000);
  }
  await until("committed", async () => await committed(site, topic) === 20_000);
  assert.deepEqual(await site.ids(), uids.sort());
});
