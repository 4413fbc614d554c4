/** Partitions that are added to a topic under an agent's deliveries and a transfer that reads it. */
import assert from "node:assert/strict";
import { Kafka, logLevel } from "kafkajs";
import { KafkaTrace } from "../../cli/explain/kafka_trace.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { partitionOf } from "../../core/kafka/partition.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { numberedChunks, openSink } from "../agent/ship_site.ts";
import { kafkaBroker } from "./servers.ts";
import { Site, until } from "./site.ts";

const FILES = 24, LINES = 30;

/** A file that goes to partition `file` of eight, counted on from the first again. */
function chunksFor(topic: string, file: number): LineChunk[] {
  for (;;) {
    const chunks = numberedChunks(topic, `f${file}`, LINES, LINES / 3);
    if (partitionOf(chunks[0].generation, 8) === file % 8) return chunks;
  }
}

/** Partitions that have records. */
async function used(site: Site, topic: string): Promise<number[]> {
  const ends = await site.admin.fetchTopicOffsets(topic);
  return ends.filter(({ high }) => high !== "0").map(({ partition }) => partition);
}

Deno.test({
  name: "partitions that are added to a topic are written to, and read from their begin",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const site = await Site.open();
    let laterMs = 0;
    const { sink } = openSink({ brokers: [await kafkaBroker()] }, {
      clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs },
    });
    try {
      const topic = await site.topic("grown", 2);
      const files = Array.from(
        { length: FILES },
        (_, file) => chunksFor(topic, file),
      );
      const committed = async () => (await site.committed(topic)).filter((offset) => offset > 0);
      const running = await site.transfer();
      let sent = 0;
      const allAreThere = () =>
        until(
          "all are there",
          async () => await site.committedRecords(topic) === sent,
        );
      const send = async (chunks: LineChunk[]) => {
        await Promise.all(chunks.map((chunk) => sink.send(chunk)));
        sent += chunks.reduce((sum, { lines }) => sum + lines, 0);
      };
      await send(files.map(([first]) => first));
      await allAreThere();
      await site.admin.createPartitions({ topicPartitions: [{ topic, count: 8 }] });
      await send(files.map((chunks) => chunks[1]));
      await allAreThere();
      assert.equal((await committed()).length, 2, "they are not counted yet");
      laterMs = 6 * 60_000;
      for (let probe = 0; (await used(site, topic)).length === 2; probe++) {
        await send(numberedChunks(topic, `p${probe}`, 1, 1));
      }
      await send(files.map((chunks) => chunks[2]));
      assert.equal((await used(site, topic)).length, 8);
      await allAreThere();
      assert.equal((await site.ids()).length, sent);
      // A line is found where it went, also of a file that goes elsewhere by now.
      const kafka = new Kafka({ brokers: [await kafkaBroker()], logLevel: logLevel.NOTHING });
      const trace = new KafkaTrace(kafka, `${topic}-ledger`), places = new Set<number>();
      for (const [first, , last] of files) {
        for (const { generation, start, end, marks } of [first, last]) {
          const record = { topic, generation, start, end: start + marks[2] };
          const found = await trace.record(record, new AbortController().signal);
          assert.equal(found.state, "there", `${generation}:${start}-${end}`);
          places.add(found.partition!);
        }
      }
      assert.equal(places.size, 8);
      assert.equal([...running.transfer.consumer.lanes].length, 8);
      assert.equal(await running.metric("weir_transfer_consumer_restarts_total"), 0);
    } finally {
      await sink.stop(1000);
      await site.close();
    }
  },
});
