/** What the sink does where the brokers' answers change under it; real brokers: test/agent/ship_*_test.ts. */
import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { partitionOf } from "../../core/kafka/partition.ts";
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { newGeneration } from "../../core/record/identity.ts";
import { KafkaLineSink, type KafkaLineSinkOptions } from "./kafka_line_sink.ts";

/** A chunk of one line of a file whose generation goes to this partition of six. */
function chunkFor(partition: number): LineChunk {
  let generation = newGeneration();
  while (partitionOf(generation, 6) !== partition) generation = newGeneration();
  return {
    ...{ topic: "t", generation, path: "/a", host: "h", start: 0, end: 2, lines: 1 },
    ...{ bytes: new TextEncoder().encode("x\n"), marks: Int32Array.of(0, 1, 2) },
    ...{ day: "2026-11-21", tz: "UTC" },
  };
}

/** A sink whose brokers take all, but for what `client` says. */
function sinkTo(
  client: Partial<KafkaLineSinkOptions["client"]>,
  clock: Clock = systemClock,
): KafkaLineSink {
  return new KafkaLineSink({
    client: {
      partitionsOf: () => Promise.resolve(1),
      leaderOf: () => "1",
      refresh: () => Promise.resolve(),
      forget: () => {},
      newProducer: () => Promise.resolve({ id: 1n, epoch: 0 }),
      disconnect: () => Promise.resolve(),
      produce: (_node, batches) => Promise.resolve(batches.map(() => null)),
      ...client,
    },
    ...{
      clock,
      acks: -1,
      codec: "none",
      level: 1,
      lingerMs: 1,
      batchBytesMax: 65_536,
    },
  });
}

Deno.test("KafkaLineSink goes on where a topic is made anew with fewer partitions", async () => {
  let partitions = 6;
  const sent: number[] = [];
  const sink = sinkTo({
    partitionsOf: () => Promise.resolve(partitions),
    leaderOf: (_topic, partition) => partition < partitions ? "1" : undefined,
    produce: (_node, batches) => {
      sent.push(...batches.map(({ partition }) => partition));
      return Promise.resolve(batches.map(() => null));
    },
  });
  const far = chunkFor(5);
  await sink.send(far);
  partitions = 2;
  // The lane starts again at what is acknowledged, and sends to where it belongs now.
  const [refused, near] = await Promise.allSettled([sink.send(far), sink.send(chunkFor(0))]);
  assert.equal(refused.status === "rejected" && refused.reason.code, "KAFKA_PARTITION_GONE");
  assert.equal(refused.status === "rejected" && refused.reason.retriable, true);
  assert.equal(near.status, "fulfilled");
  await sink.send(far);
  assert.deepEqual([sent[0], sent.at(-1)], [5, partitionOf(far.generation, 2)]);
  await sink.stop(1000);
});

Deno.test("KafkaLineSink uses partitions that are added; a file moves when nothing of it is on its way", async () => {
  let partitions = 6, minutes = 0;
  const sent: number[] = [], held: (() => void)[] = [];
  let holds = false;
  const sink = sinkTo({
    partitionsOf: () => Promise.resolve(partitions),
    async produce(_node, batches) {
      sent.push(...batches.map(({ partition }) => partition));
      if (holds) await new Promise<void>((resolve) => held.push(resolve));
      return batches.map(() => null);
    },
  }, { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + minutes * 60_000 });
  const sentTo = async (chunk: LineChunk) => {
    await sink.send(chunk);
    return sent.at(-1);
  };
  const holding = async (batches: number) => {
    while (held.length < batches) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const still = chunkFor(5), busy = chunkFor(2);
  const moved = (chunk: LineChunk) => partitionOf(chunk.generation, 60);
  while ([5, 2].includes(moved(still))) still.generation = chunkFor(5).generation;
  while ([5, 2].includes(moved(busy))) busy.generation = chunkFor(2).generation;
  assert.equal(await sentTo(still), 5);
  partitions = 60;
  minutes = 4;
  assert.equal(await sentTo(still), 5, "not counted yet");
  assert.equal(await sentTo(busy), 2);
  holds = true;
  const first = sink.send(busy);
  await holding(1);
  minutes = 6;
  const second = sink.send(busy); // has them counted
  await holding(2);
  const third = sink.send(busy);
  await holding(3);
  holds = false;
  for (const go of held) go();
  await Promise.all([first, second, third]);
  assert.deepEqual(sent.slice(-3), [2, 2, 2]);
  assert.equal(await sentTo(busy), moved(busy));
  assert.equal(await sentTo(still), moved(still));
  await sink.stop(1000);
});

Deno.test("KafkaLineSink says which topics it holds lines of, and why, until they are delivered", async () => {
  let isUp = false;
  const down = new WeirError("KAFKA_UNREACHABLE", "no broker", { retriable: true });
  const sink = sinkTo({
    partitionsOf: (topic) => isUp || topic !== "t" ? Promise.resolve(1) : Promise.reject(down),
  });
  const sent = sink.send(chunkFor(0));
  await sink.send({ ...chunkFor(0), topic: "other" });
  while (sink.holding().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(sink.holding(), [{ topic: "t", error: down }]);
  isUp = true;
  await sent;
  assert.deepEqual(sink.holding(), []);
  await sink.stop(1000);
});
