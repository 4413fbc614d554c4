/** The simulated brokers as the agent's sink sees them: the calls of ProduceClient that it makes. */
import type { KafkaLineSinkOptions } from "../../../agent/ship/kafka_line_sink.ts";
import { WeirError } from "../../../core/errors.ts";
import { kafkaError, kafkaErrorOfCode } from "../../../core/kafka/errors.ts";
import type { PartitionBatch } from "../../../core/kafka/produce.ts";
import type { KafkaWorld } from "./kafka_world.ts";
import type { Life } from "./network.ts";
import { CODE, protocolError } from "./sim_broker.ts";
import { kafkaFault } from "./sim_cluster.ts";

const REQUEST_MS = 5000;

export function simProduceClient(
  world: KafkaWorld,
  life: Life,
  acks: number,
): KafkaLineSinkOptions["client"] {
  const { brokers, network } = world;
  const leaders = new Map<string, number[]>();
  const ask = async <T>(node: number, action: string, serve: () => T | Promise<T>) => {
    const to = brokers.broker(node);
    try {
      return await network.call({
        from: life,
        to,
        timeoutMs: REQUEST_MS,
        fault: kafkaFault,
        serve,
      });
    } catch (error) {
      throw kafkaError(error, action, true);
    }
  };
  const anyNode = () => brokers.brokers.find(({ up }) => up)?.node ?? 1;
  const load = (topic: string) =>
    ask(anyNode(), "Cannot load metadata", () => {
      const partitions = brokers.topics.get(topic);
      if (partitions === undefined) throw protocolError(CODE.UNKNOWN_TOPIC);
      return partitions.map(({ leader }) => leader);
    });
  return {
    async partitionsOf(topic) {
      const found = await load(topic);
      leaders.set(topic, found);
      return found.length;
    },
    leaderOf: (topic, partition) => leaders.get(topic)?.[partition]?.toString(),
    async refresh() {
      for (const topic of [...leaders.keys()]) leaders.set(topic, await load(topic));
    },
    forget: (topic) => void leaders.delete(topic),
    newProducer: () => ask(anyNode(), "Cannot get a producer id", () => brokers.newProducer()),
    disconnect: () => Promise.resolve(),
    async produce(node, batches) {
      // What the sink does with its memory afterwards changes nothing that was sent.
      const sent = batches.map((one) => ({ ...one, batch: one.batch.slice() }));
      const codes = await ask(
        Number(node),
        `Cannot send to broker ${node}`,
        () => Promise.all(sent.map((one) => append(world, Number(node), one, acks))),
      );
      return codes.map((code, i) => {
        if (code === 0) return null;
        const { topic, partition } = batches[i];
        return kafkaErrorOfCode(protocolError(code) as never, `${topic}/${partition}`);
      });
    },
  };
}

function append(
  world: KafkaWorld,
  node: number,
  { topic, partition, batch }: PartitionBatch,
  acks: number,
): Promise<number> {
  if (batch.length === 0) throw new WeirError("SIM_BATCH", "An empty batch was sent");
  return world.brokers.produce(node, { topic, number: partition, bytes: batch, acks });
}
