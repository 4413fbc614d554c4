/** A KafkaLineSink over real brokers, what it is given in numbered lines, and what a plain consumer then finds. */
import { zstdDecompressSync } from "node:zlib";
import { CompressionCodecs, CompressionTypes, Kafka, logLevel } from "kafkajs";
import { agentSettings } from "../../agent/config.ts";
import type { KafkaLineSinkOptions } from "../../agent/ship/kafka_line_sink.ts";
import { KafkaLineSink } from "../../agent/ship/kafka_line_sink.ts";
import { loadSettings } from "../../core/config/load.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { ProduceClient } from "../../core/kafka/produce.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { newGeneration } from "../../core/record/identity.ts";
import { numberedLine } from "../support/numbered.ts";
import { uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

// The plain consumer that reads back has no zstd of its own.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: () => Promise.reject(new Error("not used")),
  decompress: (bytes: Uint8Array) => Promise.resolve(zstdDecompressSync(bytes)),
});

export interface SinkUnderTest {
  sink: KafkaLineSink;
  /** Codes of failures, in order. */
  failures: string[];
  /** Bytes that were cut off lines. */
  cuts: number[];
  /** Replicas of topics that were made. */
  made: number[];
}

/** A sink as the agent makes it; `kafka` are settings as in agent.yaml. */
export function openSink(
  kafka: Record<string, unknown>,
  options: Partial<KafkaLineSinkOptions> = {},
): SinkUnderTest {
  const settings = loadSettings(agentSettings, JSON.stringify({ kafka }), { name: "test" }).kafka;
  const failures: string[] = [], cuts: number[] = [], made: number[] = [];
  const client = new ProduceClient(createKafka(settings, "test", 1), {
    acks: -1,
    requestTimeoutMs: settings.requestTimeout,
    clientId: "test",
    newTopicPartitions: 3,
    onTopicCreated: (_topic, replicas) => made.push(replicas),
  });
  const sink = new KafkaLineSink({
    client,
    clock: systemClock,
    acks: -1,
    codec: settings.compression,
    level: 1,
    lingerMs: 5,
    batchBytesMax: 65_536,
    onFailure: (_topic, { code }) => failures.push(code),
    onCut: (_topic, bytes) => cuts.push(bytes),
    ...options,
  });
  return { sink, failures, cuts, made };
}

/** Chunks of numbered lines of one file; `pad` bytes are added to each line. */
export function numberedChunks(
  topic: string,
  name: string,
  total: number,
  linesPerChunk: number,
  pad = 0,
): LineChunk[] {
  const generation = newGeneration(), chunks: LineChunk[] = [];
  const filler = pad === 0 ? "" : ` ${"x".repeat(pad - 1)}`;
  let start = 0;
  for (let first = 1; first <= total; first += linesPerChunk) {
    const marks: number[] = [];
    let text = "";
    for (let n = first; n < first + linesPerChunk && n <= total; n++) {
      const line = numberedLine(name, n, total) + filler;
      marks.push(text.length, text.length + line.length, text.length + line.length + 1);
      text += line + "\n";
    }
    chunks.push({
      topic,
      generation,
      path: `/var/log/${name}.log`,
      host: "h",
      start,
      end: start + text.length,
      bytes: new TextEncoder().encode(text),
      marks: Int32Array.from(marks),
      lines: marks.length / 3,
      day: new Date().toISOString().slice(0, 10),
      tz: "UTC",
    });
    start += text.length;
  }
  return chunks;
}

/** Values of all records of a topic, each partition in its order. */
export async function textsOf(broker: string, topic: string): Promise<string[]> {
  return (await recordsOf(broker, topic)).map(({ text }) => text);
}

/** A record's value, and by what it is the same line when it is sent again: its generation and offset. */
export interface Sent {
  text: string;
  place: string;
}

/** All records of a topic, each partition in its order. */
export async function recordsOf(broker: string, topic: string): Promise<Sent[]> {
  const kafka = new Kafka({ brokers: broker.split(","), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  const consumer = kafka.consumer({ groupId: uniqueName("reader"), maxWaitTimeInMs: 50 });
  const records: Sent[][] = [], next: number[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => {
      for (const message of batch.messages) {
        const place = `${message.key}:${message.headers?.["log.offset"]}`;
        (records[batch.partition] ??= []).push({ text: String(message.value), place });
      }
      next[batch.partition] = Number(batch.lastOffset()) + 1;
      return Promise.resolve();
    },
  });
  await waitFor(
    `all records of ${topic}`,
    () =>
      ends.every(({ partition, high, low }) =>
        high === low || (next[partition] ?? 0) >= Number(high)
      ),
  );
  await consumer.disconnect();
  await admin.disconnect();
  return records.flatMap((list) => list ?? []);
}
