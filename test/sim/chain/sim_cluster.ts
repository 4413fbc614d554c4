/**
 * The simulated brokers as one process sees them: what kafkajs's own group, offsets and metadata code asks of its
 * cluster, and what weir's transfer asks of kafkajs. Each call goes over the simulated network; fetch answers are
 * written as bytes and read by the transfer's own decoder.
 */
// @ts-ignore: kafkajs has no types for its inner files
import * as kafkaErrors from "kafkajs/src/errors.js";
// @ts-ignore: as above
import fetchResponse from "kafkajs/src/protocol/requests/fetch/v11/response.js";
import type { Kafka } from "kafkajs";
import { encodeFetchAnswer } from "./fetch_wire.ts";
import type { Life, NetworkFault } from "./network.ts";
import type { KafkaWorld } from "./kafka_world.ts";
import { protocolError } from "./sim_broker.ts";

const NOT_COORDINATOR = 16;
const REQUEST_MS = 6000;
const SEND = Symbol("private:Broker:sendRequest");

/** The error that kafkajs throws for a fault of the network. */
export function kafkaFault(what: NetworkFault): Error {
  const { KafkaJSConnectionError, KafkaJSConnectionClosedError, KafkaJSRequestTimeoutError } =
    kafkaErrors as any;
  if (what === "timeout") return new KafkaJSRequestTimeoutError("Request timed out", {});
  if (what === "closed") return new KafkaJSConnectionClosedError("Closed connection", {});
  return new KafkaJSConnectionError("Connection refused", {});
}

interface Metadata {
  partitionId: number;
  leader: number;
  isr: number[];
  replicas: number[];
  offlineReplicas: number[];
}

/** kafkajs's Broker, as its group code uses it. The transfer derives from it: no private names here. */
class BrokerFace {
  constructor(
    readonly world: KafkaWorld,
    readonly life: Life,
    readonly nodeId: number,
  ) {}

  isConnected(): boolean {
    return this.world.brokers.broker(this.nodeId).up;
  }

  ask<T>(serve: () => T | Promise<T>, timeoutMs = REQUEST_MS): Promise<T> {
    const { world, life, nodeId } = this;
    const to = world.brokers.broker(nodeId);
    return world.network.call({ from: life, to, timeoutMs, fault: kafkaFault, serve });
  }

  coordinate<T>(serve: () => T | Promise<T>, timeoutMs?: number): Promise<T> {
    return this.ask(() => {
      if (this.world.coordinator !== this.nodeId) throw protocolError(NOT_COORDINATOR);
      return serve();
    }, timeoutMs);
  }

  joinGroup(asked: any) {
    return this.coordinate(
      () => this.world.group.join(asked),
      asked.rebalanceTimeout + REQUEST_MS,
    );
  }
  syncGroup(asked: any) {
    return this.coordinate(async () => ({
      memberAssignment: await this.world.group.sync(asked),
    }), 2 * REQUEST_MS);
  }
  heartbeat({ memberId, groupGenerationId }: any) {
    return this.coordinate(() => this.world.group.heartbeat(memberId, groupGenerationId));
  }
  leaveGroup({ memberId }: any) {
    return this.coordinate(() => this.world.group.leave(memberId));
  }
  offsetCommit({ memberId, groupGenerationId, topics }: any) {
    const offsets = topics.flatMap(({ topic, partitions }: any) =>
      partitions.map((one: any) => ({ topic, ...one }))
    );
    return this.coordinate(() => this.world.group.commit(memberId, groupGenerationId, offsets));
  }
  offsetFetch({ topics }: any) {
    return this.coordinate(() => ({
      responses: topics.map(({ topic, partitions }: any) => ({
        topic,
        partitions: partitions.map(({ partition }: any) => ({
          partition,
          offset: String(this.world.group.committed.get(`${topic} ${partition}`) ?? -1),
        })),
      })),
    }));
  }

  fetch(asked: any): Promise<any> {
    return (this as any)[SEND]({
      request: { apiName: "Fetch", apiVersion: 11, asked },
      response: { parse: fetchResponse.parse },
    });
  }

  async [SEND]({ request: { asked }, response }: any): Promise<unknown> {
    const wanted = asked.topics.flatMap(({ topic, partitions }: any) =>
      partitions.map(({ partition, fetchOffset, maxBytes }: any) => ({
        topic,
        number: partition,
        offset: Number(fetchOffset),
        bytesMax: maxBytes,
      }))
    );
    const { brokers } = this.world;
    const found = await this.ask(() => brokers.fetch(this.nodeId, wanted, asked.maxWaitTime));
    return response.parse(await response.decode(encodeFetchAnswer(found)));
  }
}

/** kafkajs's Cluster, as its group code uses it. The transfer derives from it as well. */
class ClusterFace {
  readonly targetTopics = new Set<string>();
  readonly state = { metadata: new Map<string, Metadata[]>(), loadedMs: -Infinity };
  readonly committed: Record<string, Record<number, string>> = {};
  /** Its connections are never kept. */
  readonly brokerPool = { brokers: {}, seedBroker: undefined };

  constructor(
    readonly world: KafkaWorld,
    readonly life: Life,
    readonly metadataMaxAge: number,
  ) {}

  async connect(): Promise<void> {
    await this.ask(() => {});
  }
  async disconnect(): Promise<void> {}

  /** Any broker that is up answers. */
  ask<T>(serve: () => T): Promise<T> {
    const { brokers } = this.world.brokers;
    const up = brokers.find((broker) => broker.up) ?? brokers[0];
    return new BrokerFace(this.world, this.life, up.node).ask(serve);
  }

  async addMultipleTargetTopics(topics: string[]): Promise<void> {
    for (const topic of topics) this.targetTopics.add(topic);
    await this.refreshMetadata();
  }

  async refreshMetadata(): Promise<void> {
    const { brokers } = this.world;
    const found = await this.ask(() =>
      [...this.targetTopics].map((topic): [string, Metadata[]] => [
        topic,
        (brokers.topics.get(topic) ?? []).map((one) => ({
          partitionId: one.number,
          leader: one.leader,
          isr: [...one.inSync],
          replicas: [...one.logs.keys()],
          offlineReplicas: [],
        })),
      ])
    );
    this.state.metadata = new Map(found);
    this.state.loadedMs = Date.now();
  }

  async refreshMetadataIfNecessary(): Promise<void> {
    if (Date.now() - this.state.loadedMs > this.metadataMaxAge) await this.refreshMetadata();
  }

  findTopicPartitionMetadata(topic: string): Metadata[] {
    return this.state.metadata.get(topic) ?? [];
  }
  getNodeIds(): number[] {
    return this.world.brokers.brokers.map(({ node }) => node);
  }
  findBroker({ nodeId }: { nodeId: number | string }): Promise<BrokerFace> {
    return Promise.resolve(new BrokerFace(this.world, this.life, Number(nodeId)));
  }
  async findGroupCoordinator(): Promise<BrokerFace> {
    const node = await this.ask(() => this.world.coordinator);
    return new BrokerFace(this.world, this.life, node);
  }
  defaultOffset(): string {
    return "-2";
  }
  committedOffsets(): Record<string, Record<number, string>> {
    return this.committed;
  }
  removeBroker(): void {}

  /** For partitions that nobody has committed: the first offset. */
  fetchTopicsOffset(topics: { topic: string; partitions: { partition: number }[] }[]) {
    return this.ask(() =>
      topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => {
          const { logStart } = this.world.brokers.partition(topic, partition);
          return { partition, offset: String(logStart) };
        }),
      }))
    );
  }
}

/** What the transfer uses of kafkajs's Kafka, in one process. */
export function simKafka(world: KafkaWorld, life: Life): Kafka {
  const silent = { info() {}, error() {}, warn() {}, debug() {}, namespace: () => silent };
  const ask = <T>(serve: () => T | Promise<T>) => {
    const { brokers } = world.brokers;
    const up = brokers.find((broker) => broker.up) ?? brokers[0];
    return new BrokerFace(world, life, up.node).ask(serve);
  };
  return {
    [Symbol("private:Kafka:createCluster")]: ({ metadataMaxAge }: { metadataMaxAge: number }) =>
      new ClusterFace(world, life, metadataMaxAge),
    logger: () => silent,
    admin: () => ({
      connect: () => ask(() => {}),
      disconnect: () => Promise.resolve(),
      listTopics: () => ask(() => [...world.brokers.topics.keys(), ...world.plain.keys()]),
      describeCluster: () => ask(() => ({ brokers: world.brokers.brokers })),
      describeConfigs: () => ask(() => ({ resources: [] })),
      createTopics: ({ topics }: any) =>
        ask(() => {
          for (const { topic } of topics) {
            if (!world.plain.has(topic)) world.plain.set(topic, []);
          }
          return true;
        }),
      fetchTopicOffsets: (topic: string) =>
        ask(() =>
          (world.brokers.topics.get(topic) ?? []).map((one) => ({
            partition: one.number,
            high: String(one.highWatermark),
            low: String(one.logStart),
          }))
        ),
    }),
    producer: () => ({
      connect: () => ask(() => {}),
      disconnect: () => Promise.resolve(),
      send: ({ topic, messages }: any) =>
        ask(() => {
          world.plain.set(topic, [...world.plain.get(topic) ?? [], ...messages]);
        }),
    }),
  } as unknown as Kafka;
}
