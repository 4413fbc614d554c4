/** The agent's adapters over real servers, through the conformance suites of their ports. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CompressionCodecs, CompressionTypes, Kafka, logLevel } from "kafkajs";
import { KafkaLineSink } from "../../agent/ship/kafka_line_sink.ts";
import { loadSettings } from "../../core/config/load.ts";
import { createEtcd } from "../../core/etcd/client.ts";
import { EtcdConfigSource } from "../../core/etcd/etcd_config_source.ts";
import { agentSettings } from "../../agent/config.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { CODECS } from "../../core/kafka/record_batch.ts";
import { unpack } from "../../transfer/consume/codecs/unpack.ts";
import { ProduceClient } from "../../core/kafka/produce.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { configSourceConformance } from "../../core/ports/config_source_conformance.ts";
import { lineSinkConformance } from "../../core/ports/line_sink_conformance.ts";
import type { KeptLine } from "../../core/ports/memory_line_sink.ts";
import { servers } from "../support/servers.ts";
import { uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

// The plain consumer that reads back has only gzip of its own. The broker unpacks what it takes in, to check it.
const { Snappy, LZ4, ZSTD } = CompressionTypes;
for (const bits of [Snappy, LZ4, ZSTD] as (typeof ZSTD)[]) {
  CompressionCodecs[bits] = () => ({
    compress: () => Promise.reject(new Error("not used")),
    decompress: (bytes: Uint8Array) => Promise.resolve(Buffer.from(unpack(bits, bytes, 64 << 20))),
  });
}

for (const codec of CODECS) {
  lineSinkConformance(`Kafka, ${codec}`, async () => {
    const { kafka: broker } = await servers("kafka");
    const settings = loadSettings(agentSettings, JSON.stringify({ kafka: { brokers: [broker] } }), {
      name: "test",
    });
    const topic = uniqueName("sink");
    const client = new ProduceClient(createKafka(settings.kafka, "test"), {
      acks: -1,
      requestTimeoutMs: 30_000,
      clientId: "test",
      newTopicPartitions: 3,
    });
    const options = {
      client,
      clock: systemClock,
      acks: -1 as const,
      codec,
      level: 1,
      lingerMs: 5,
      batchBytesMax: 65_536,
    };
    const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
    return {
      sink: new KafkaLineSink(options),
      topic,
      arrived: (generation, lines) => readBack(kafka, topic, generation, lines),
      close: async () => {
        const admin = kafka.admin();
        await admin.connect();
        await admin.deleteTopics({ topics: [topic] }).catch(() => {}); // not every test makes it
        await admin.disconnect();
      },
    };
  });
}

/** Records of a generation, read by a plain kafkajs consumer. */
async function readBack(
  kafka: Kafka,
  topic: string,
  generation: string,
  lines: number,
): Promise<KeptLine[]> {
  const consumer = kafka.consumer({ groupId: uniqueName("reader"), maxWaitTimeInMs: 100 });
  const found: KeptLine[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      const header = (name: string) => String(message.headers?.[name]);
      if (String(message.key) === generation) {
        const start = Number(header("log.offset"));
        found.push({
          topic,
          generation,
          start,
          end: start + Number(header("log.length")),
          text: message.value!.toString(),
          day: "",
          path: header("log.file.path"),
        });
      }
      return Promise.resolve();
    },
  });
  try {
    await waitFor(
      `${lines} lines in Kafka`,
      () => new Set(found.map((line) => line.start)).size >= lines,
    );
    return found;
  } finally {
    await consumer.disconnect();
  }
}

Deno.test({
  name: "EtcdConfigSource keeps its watch over many full reads, and tells what it did not",
  sanitizeOps: false, // the client keeps timers of its connections
  sanitizeResources: false,
  async fn() {
    const { etcd } = await servers("etcd");
    const settings = loadSettings(agentSettings, JSON.stringify({ etcd: { hosts: [etcd] } }), {
      name: "test",
    });
    const key = `/test/${uniqueName("config")}`, other = createEtcd(settings.etcd);
    let watches = 0, reads = 0;
    const connect = () => {
      const client = createEtcd(settings.etcd), { watch, get } = client;
      client.watch = () => (watches++, watch.call(client));
      client.get = (name) => (reads++, get.call(client, name));
      return client;
    };
    const source = new EtcdConfigSource({
      ...{ connect, key, clock: systemClock, timeoutMs: 5000, rereadMs: 10 },
    });
    const heard: (string | null)[] = [], end = new AbortController();
    const watching = source.watch(({ text }) => heard.push(text), () => {}, end.signal);
    await waitFor("many reads", () => reads > 50);
    assert.equal(watches, 1);
    await other.put(key).value("[]").exec();
    await waitFor("the value", () => heard.at(-1) === "[]");
    assert(watches <= 2, `${watches} watches`);
    end.abort();
    await watching;
    await source.close();
    await other.delete().key(key);
    other.close();
  },
});

configSourceConformance("etcd", async () => {
  const { etcd } = await servers("etcd");
  const settings = loadSettings(agentSettings, JSON.stringify({ etcd: { hosts: [etcd] } }), {
    name: "test",
  });
  const key = `/test/${uniqueName("config")}`;
  const other = createEtcd(settings.etcd);
  return {
    source: new EtcdConfigSource({
      connect: () => createEtcd(settings.etcd),
      key,
      clock: systemClock,
      timeoutMs: 5000,
      rereadMs: 60_000,
    }),
    put: async (text) => {
      await other.put(key).value(text);
    },
    remove: async () => {
      await other.delete().key(key);
    },
    close: async () => {
      await other.delete().key(key);
      other.close();
    },
  };
});
