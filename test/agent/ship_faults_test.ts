/**
 * Delivery over a way to the broker that fails in every manner, and with brokers that refuse: each line is there once,
 * in order; what failed has a code; other topics go on. One broker for all, reached through a proxy.
 */
import assert from "node:assert/strict";
import { Kafka, logLevel } from "kafkajs";
import { systemClock } from "../../core/ports/clock.ts";
import { countNumbered } from "../support/numbered.ts";
import { type Server, startKafka } from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { freePort, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { numberedChunks, openSink, type SinkUnderTest, textsOf } from "./ship_site.ts";

interface Made {
  broker: Server;
  proxy: TcpProxy;
  topic: string;
  /** A sink whose every byte goes through the proxy. */
  open(
    kafka?: Record<string, unknown>,
    options?: Parameters<typeof openSink>[1],
  ): SinkUnderTest;
}

let shared: Promise<{ broker: Server; proxy: TcpProxy; listener: number }> | undefined;

async function start() {
  const listener = freePort();
  const proxy = await TcpProxy.to(`127.0.0.1:${listener}`);
  const broker = await startKafka({
    listeners: [{ name: "PROXIED", port: listener, advertisedPort: proxy.port }],
    // Small, so that a test may go beyond it.
    properties: { "log.message.timestamp.after.max.ms": "3600000" },
  });
  return { broker, proxy, listener };
}

function test(name: string, run: (made: Made) => Promise<void>): void {
  Deno.test({
    name: `KafkaLineSink ${name}`,
    sanitizeOps: false, // the client and the proxy keep sockets for a while
    sanitizeResources: false,
    async fn() {
      const { broker, proxy } = await (shared ??= start());
      const sinks: SinkUnderTest[] = [];
      const open = (kafka = {}, options = {}) => {
        const under = openSink({
          brokers: [proxy.address],
          connectionTimeout: "1s",
          requestTimeout: "1s",
          ...kafka,
        }, options);
        sinks.push(under);
        return under;
      };
      try {
        await run({ broker, proxy, topic: uniqueName("ship"), open });
      } finally {
        Object.assign(proxy, { silent: false, deafToAnswers: false, bytesPerSecond: 0 });
        await proxy.up();
        await Promise.all(sinks.map(({ sink }) => sink.stop(1000)));
      }
    },
  });
}

const TOTAL = 20_000;
const EXACT = { lost: 0, doubled: 0, reordered: 0, damaged: 0, foreign: 0 };

async function assertExact(broker: Server, topic: string, total = TOTAL): Promise<void> {
  const { texts, found, firstLost, ...rest } = countNumbered(
    (await textsOf(broker.address, topic)).map((text) => text.replace(/ x+$/, "")),
    "n",
    total,
  );
  assert.deepEqual(rest, EXACT, `${texts} texts, ${found} found, lost first ${firstLost}`);
}

for (const codec of ["none", "zstd"]) {
  test(`delivers each line once, in order, while connections are cut under load, ${codec}`, async (made) => {
    const { broker, proxy, topic, open } = made;
    const { sink, failures } = open({ compression: codec });
    let settled = 0;
    const chunks = numberedChunks(topic, "n", TOTAL, 500, 200);
    const sends = chunks.map((chunk) => sink.send(chunk).then(() => settled++));
    for (let round = 1; round <= 4; round++) {
      await waitFor("progress", () => settled >= Math.min(chunks.length, round * 4));
      proxy.cut();
    }
    await Promise.all(sends);
    const known = ["KAFKA_UNREACHABLE", "KAFKA_STARTING"];
    assert(failures.every((code) => known.includes(code)), String(failures));
    await assertExact(broker, topic);
  });
}

test("sends again what was taken but not answered, and the broker drops the repeat", async (made) => {
  const { broker, proxy, topic, open } = made;
  const { sink, failures } = open();
  await sink.send(numberedChunks(topic, "first", 1, 1)[0]);
  proxy.deafToAnswers = true;
  const chunks = numberedChunks(topic, "n", TOTAL, 2000);
  const sends = chunks.map((chunk) => sink.send(chunk));
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await waitFor("lines without an answer", async () => {
    const ends = await admin.fetchTopicOffsets(topic);
    return ends.reduce((sum, { high }) => sum + Number(high), 0) > 1;
  });
  await admin.disconnect();
  const isLate = () => failures.includes("KAFKA_TIMEOUT");
  await waitFor("a time-out", isLate, { timeoutMs: 60_000 });
  proxy.deafToAnswers = false;
  await Promise.all(sends);
  // Behind the time-out other connections are left as well, which may be found dead while new ones are made.
  const known = ["KAFKA_TIMEOUT", "KAFKA_UNREACHABLE", "KAFKA_STARTING"];
  assert(failures.every((code) => known.includes(code)), String(failures));
  const texts = await textsOf(broker.address, topic);
  const count = countNumbered(texts.filter((text) => text.startsWith("n ")), "n", TOTAL);
  assert.deepEqual([count.lost, count.doubled, count.reordered], [0, 0, 0]);
});

test("leaves a connection that is dead without a word, and goes on over a new one", async (made) => {
  const { broker, proxy, topic, open } = made;
  const { sink, failures } = open();
  const chunks = numberedChunks(topic, "n", TOTAL, 2000);
  await sink.send(chunks[0]);
  proxy.swallow();
  await Promise.all(chunks.slice(1).map((chunk) => sink.send(chunk)));
  assert(failures.includes("KAFKA_TIMEOUT"), String(failures));
  await assertExact(broker, topic);
});

test("takes its time over a slow way, nothing twice", async (made) => {
  const { broker, proxy, topic, open } = made;
  const { sink, failures } = open({ compression: "none", requestTimeout: "10s" });
  const chunks = numberedChunks(topic, "n", 5000, 500, 100);
  await sink.send(chunks[0]);
  proxy.bytesPerSecond = 600_000;
  await Promise.all(chunks.slice(1).map((chunk) => sink.send(chunk)));
  assert.deepEqual(failures, []);
  await assertExact(broker, topic, 5000);
});

test("waits for a broker that is down, few attempts, and delivers all when it is back", async (made) => {
  const { broker, proxy, topic, open } = made;
  const { sink, failures } = open();
  const chunks = numberedChunks(topic, "n", TOTAL, 1000);
  await sink.send(chunks[0]);
  await proxy.down();
  const sends = chunks.slice(1).map((chunk) => sink.send(chunk));
  await waitFor("failures", () => failures.length >= 3, { timeoutMs: 60_000 });
  assert(failures.length < 20, `a pause between attempts: ${failures.length}`);
  assert.equal(sink.lastError?.code, "KAFKA_UNREACHABLE");
  await proxy.up();
  await Promise.all(sends);
  assert.equal(sink.lastError, undefined);
  await assertExact(broker, topic);
});

test("splits batches that a topic finds too large, and cuts a line that is so alone, counted", async (made) => {
  const { broker, topic, open } = made;
  const { sink, failures, cuts } = open({ compression: "none" });
  const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{
      topic,
      numPartitions: 1,
      configEntries: [{ name: "max.message.bytes", value: "20000" }],
    }],
  });
  await admin.disconnect();
  const other = uniqueName("other");
  const chunks = numberedChunks(topic, "n", 3000, 500);
  const long = numberedChunks(topic, "long", 1, 1, 50_000)[0];
  await Promise.all([
    ...chunks.map((chunk) => sink.send(chunk)),
    sink.send(long),
    sink.send(numberedChunks(other, "n", 1, 1)[0]),
  ]);
  assert.deepEqual([...new Set(failures)], ["KAFKA_MESSAGE_TOO_LARGE"]);
  assert.equal(cuts.length, 2, "50 000 bytes, then 25 000, then 12 500");
  const texts = await textsOf(broker.address, topic);
  const cut = texts.filter((text) => text.startsWith("long 1 "));
  assert.equal(cut.length, 1);
  assert(cut[0].length > 10_000 && cut[0].length < 20_000, String(cut[0].length));
  const count = countNumbered(texts.filter((text) => text.startsWith("n ")), "n", 3000);
  assert.deepEqual([count.lost, count.doubled, count.reordered], [0, 0, 0]);
});

test("delivers with another time once the host's clock is right again; other topics go on", async (made) => {
  const { broker, topic, open } = made;
  let aheadMs = 2 * 3600e3;
  const clock = { ...systemClock, wallMs: () => Date.now() + aheadMs };
  const { sink, failures } = open({}, { clock });
  const sends = numberedChunks(topic, "n", TOTAL, 1000).map((chunk) => sink.send(chunk));
  await waitFor("a refusal", () => failures.length >= 2);
  assert.deepEqual([...new Set(failures)], ["KAFKA_CLOCK"]);
  aheadMs = 0;
  await Promise.all(sends);
  await assertExact(broker, topic);
});

test("makes a topic again that was deleted, and goes on in it", async (made) => {
  const { broker, topic, open } = made;
  const { sink } = open();
  const chunks = numberedChunks(topic, "n", TOTAL, 1000);
  for (const chunk of chunks.slice(0, 5)) await sink.send(chunk);
  const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await waitFor("its end", async () => !(await admin.listTopics()).includes(topic));
  await admin.disconnect();
  await Promise.all(chunks.slice(5).map((chunk) => sink.send(chunk)));
  const count = countNumbered(await textsOf(broker.address, topic), "n", TOTAL);
  assert.deepEqual([count.doubled, count.reordered, count.damaged], [0, 0, 0]);
  assert.equal(count.lost, 5000, "those of the topic that was deleted");
});

Deno.test("KafkaLineSink: the broker of these tests ends", async () => {
  const { broker, proxy } = await shared!;
  await proxy.close();
  await broker.remove();
});
