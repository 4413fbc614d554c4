/**
 * Reads a topic of weir-agent with plain kafkajs, from its beginning to its present end, and prints each line once as
 * JSON: its uid, host, file and text. It has a consumer group of its own and commits nothing, so it disturbs nobody.
 *
 *     deno run -A docs/examples/lines_of_topic.ts 127.0.0.1:9092 web_log
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import kafkajs from "kafkajs";

const [broker = "127.0.0.1:9092", topic = "web_log"] = Deno.args;

// kafkajs has no zstd of its own, which is what agents pack with.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { buffer: Uint8Array }) => Promise.resolve(zstdCompressSync(buffer)),
  decompress: (buffer: Uint8Array) => Promise.resolve(zstdDecompressSync(buffer)),
});

const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.ERROR });
const admin = kafka.admin();
await admin.connect();
// Offsets that are still to be read, by partition.
const ends = new Map(
  (await admin.fetchTopicOffsets(topic))
    .filter(({ low, high }) => BigInt(low) < BigInt(high))
    .map(({ partition, high }) => [partition, BigInt(high)]),
);
await admin.disconnect();

const consumer = kafka.consumer({ groupId: `example-${crypto.randomUUID()}` });
const read = Promise.withResolvers<void>();
if (ends.size === 0) read.resolve();
/** By generation: the end of what was printed of that life of the file. */
const marks = new Map<string, number>();

await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachMessage: ({ partition, message: { key, value, headers = {}, offset } }) => {
    if (value !== null && String(headers["weir.v"]) === "1") {
      const generation = String(key), start = Number(headers["log.offset"]);
      const end = start + Number(headers["log.length"]);
      // First occurrences come in the order of the file: what ends before the mark was sent again.
      if (end > (marks.get(generation) ?? -1)) {
        marks.set(generation, end);
        console.log(JSON.stringify({
          uid: `${generation}:${start}-${end}`,
          host: String(headers["host.name"]),
          file: String(headers["log.file.path"]),
          line: String(value),
        }));
      }
    }
    if (BigInt(offset) + 1n >= (ends.get(partition) ?? 0n)) ends.delete(partition);
    if (ends.size === 0) read.resolve();
    return Promise.resolve();
  },
});
await read.promise;
await consumer.disconnect();
Deno.exit(0);
