/**
 * kafkajs's consumer group, without its runner: membership, assignment, offsets, metadata and
 * recovery are kafkajs's, loop, heartbeat and commits are ours. Fetch answers are decoded by
 * batches instead of records. What is used beyond the public face of kafkajs 2.2.4 (ConsumerGroup,
 * cluster, one private symbol) is used here alone.
 */
import { type Kafka, PartitionAssigners } from "kafkajs";
// @ts-ignore: kafkajs has no types for its inner files
import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
// @ts-ignore: as above
import InstrumentationEventEmitter from "kafkajs/src/instrumentation/emitter.js";
import { WeirError } from "../../core/errors.ts";
import { dropSilent } from "../../core/kafka/client.ts";
import { type BatchMessage, Damage, decodeFetchAnswer } from "./fetch_answer.ts";
import { laneKey } from "./lane.ts";

/**
 * Interval of a heartbeat that is sent in any case: kafkajs goes by the time of day, and where that was set back it
 * would send none until it is as late again, for which the group gives our partitions to others.
 */
export const AT_ONCE = -Infinity;

/** Fetch version whose answer we decode; every broker since Kafka 2.3 has it. */
const FETCH_VERSION = 11;

export interface GroupOptions {
  groupId: string;
  topics: readonly string[];
  /** Name of this member that outlives its process; empty: none. */
  instanceId: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  fetchWaitMs: number;
  fetchBytes: number;
  partitionBytes: number;
  /** Topics, and partitions added to them, are looked for so often. */
  topicsRefreshMs: number;
}

/** Who leads what is asked so often at least. */
const METADATA_MS_MAX = 60_000;

/** What of kafkajs's ConsumerGroup is used. */
export interface Group {
  memberId: string | null;
  /** How long a fetch waits where there is nothing, or where all partitions are paused; ms. */
  maxWaitTime: number;
  topicsSubscribed: string[];
  topicConfigurations: Record<string, { fromBeginning: boolean }>;
  offsetManager: OffsetManager;
  subscriptionState: {
    pause(topics: { topic: string; partitions: number[] }[]): void;
    resume(topics: { topic: string; partitions: number[] }[]): void;
  };
  connect(): Promise<void>;
  joinAndSync(): Promise<void>;
  leave(): Promise<void>;
  heartbeat(options: { interval: number }): Promise<void>;
  fetch(nodeId: number): Promise<FetchedBatch[]>;
  getNodeIds(): number[];
  assigned(): { topic: string; partitions: number[] }[];
}

export interface OffsetManager {
  resolveOffset(at: { topic: string; partition: number; offset: string }): void;
  resolveOffsets(): Promise<void>;
  committedOffsets(): Record<string, Record<number, string>>;
  commitOffsets(
    offsets: {
      topics: {
        topic: string;
        partitions: { partition: number; offset: string; metadata: null }[];
      }[];
    },
  ): Promise<void>;
}

/** kafkajs's Batch of one partition, its messages being whole record batches. */
export interface FetchedBatch {
  topic: string;
  partition: number;
  highWatermark: string;
  messages: BatchMessage[];
  isEmptyDueToFiltering(): boolean;
  isEmpty(): boolean;
  lastOffset(): string;
}

export interface Session {
  group: Group;
  /** Reads other topics from the next join on. */
  subscribe(topics: readonly string[]): Promise<void>;
  /** True once for a partition of which the group had no offset: it is read from the oldest on. */
  takesFirst(topic: string, partition: number): boolean;
  /** Drops all connections, none of which may lead anywhere, and finds the coordinator by new ones. */
  renew(error: unknown): Promise<void>;
  disconnect(): Promise<void>;
}

/** Kafka does not have the offset that was asked for; the oldest that it has is `first`, which is read next. */
export type OutOfRange = (topic: string, partition: number, first: number) => void;

/** Connects and makes a group that has not joined yet. Rejects with kafkajs's errors. */
export async function openGroup(
  kafka: Kafka,
  options: GroupOptions,
  outOfRange: OutOfRange,
): Promise<Session> {
  const metadataMaxAge = Math.min(METADATA_MS_MAX, options.topicsRefreshMs);
  const cluster = newCluster(kafka, metadataMaxAge), fresh = new Set<string>();
  await cluster.connect();
  await cluster.addMultipleTargetTopics([...options.topics]);
  const lean = leanCluster(cluster, options.instanceId, fresh);
  const emitter = new InstrumentationEventEmitter();
  const group = new (ConsumerGroup as any)({
    retry: { initialRetryTime: 200, maxRetryTime: 2000, retries: 5 },
    cluster: lean,
    groupId: options.groupId,
    topics: [...options.topics],
    topicConfigurations: Object.fromEntries(
      options.topics.map((topic) => [topic, { fromBeginning: true }]),
    ),
    logger: kafka.logger(),
    instrumentationEmitter: emitter,
    assigners: [PartitionAssigners.roundRobin].map((make) =>
      make({ groupId: options.groupId, cluster } as never)
    ),
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: options.rebalanceTimeoutMs,
    maxBytesPerPartition: options.partitionBytes,
    minBytes: 1,
    maxBytes: options.fetchBytes,
    maxWaitTimeInMs: options.fetchWaitMs,
    autoCommit: false,
    isolationLevel: 1,
    rackId: "",
    metadataMaxAge,
  }) as Group;
  goOnAtFirst(group, cluster, outOfRange);
  return {
    group,
    takesFirst: (topic, partition) => fresh.delete(laneKey(topic, partition)),
    async subscribe(topics) {
      await cluster.addMultipleTargetTopics([...topics]);
      group.topicsSubscribed = [...topics];
      for (const topic of topics) group.topicConfigurations[topic] = { fromBeginning: true };
    },
    async renew(error) {
      dropSilent(cluster, error, Infinity);
      const { groupId } = options;
      (group as any).coordinator = await lean.findGroupCoordinator({ groupId });
    },
    disconnect: () => cluster.disconnect(),
  };
}

/** One look at one partition, without a group. */
export interface PartitionFetch {
  topic: string;
  partition: number;
  fetchOffset: number;
  maxBytes: number;
}

/** Reads without being a member of a group, and leaves no trace in Kafka. */
export interface Fetcher {
  fetch(at: PartitionFetch): Promise<BatchMessage[]>;
  disconnect(): Promise<void>;
}

/** Connects; rejects with kafkajs's errors. */
export async function openFetcher(kafka: Kafka, topics: readonly string[]): Promise<Fetcher> {
  const cluster = newCluster(kafka);
  await cluster.connect();
  await cluster.addMultipleTargetTopics([...topics]);
  return {
    async fetch({ topic, partition, fetchOffset, maxBytes }) {
      const leaders = cluster.findLeaderForPartitions(topic, [partition]);
      const nodeId = Object.keys(leaders)[0];
      const broker = leanBroker(await cluster.findBroker({ nodeId }));
      const { responses } = await broker.fetch({
        maxWaitTime: 500,
        minBytes: 1,
        maxBytes,
        isolationLevel: 1,
        rackId: "",
        topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes }] }],
      });
      return responses[0]?.partitions[0]?.messages ?? [];
    },
    disconnect: () => cluster.disconnect(),
  };
}

function newCluster(kafka: Kafka, metadataMaxAge = METADATA_MS_MAX): any {
  const create = Object.getOwnPropertySymbols(kafka)
    .find((symbol) => symbol.description === "private:Kafka:createCluster");
  if (create === undefined) {
    throw new Error("This version of kafkajs is not the one that is pinned (2.2.4)");
  }
  return (kafka as any)[create]({
    metadataMaxAge,
    allowAutoTopicCreation: false,
    isolationLevel: 1,
  });
}

/**
 * Where Kafka does not have an offset any more the group reads on at the oldest, and says so. kafkajs would commit
 * "from the oldest on" before anything else: whoever started next could not see that something was removed.
 */
function goOnAtFirst(group: Group, cluster: any, outOfRange: OutOfRange): void {
  const recover = async ({ topic, partition }: { topic: string; partition: number }) => {
    const manager = group.offsetManager;
    const [found] = await cluster.fetchTopicsOffset([
      { topic, partitions: [{ partition }], fromBeginning: true },
    ]);
    const first = Number(found.partitions[0].offset);
    outOfRange(topic, partition, first);
    manager.resolveOffset({ topic, partition, offset: String(first - 1) });
  };
  Object.defineProperty(group, "recoverFromOffsetOutOfRange", { value: recover });
}

/**
 * The same cluster, its brokers decoding fetch answers by batches and knowing us by our name. `fresh` gets the partitions
 * whose offset the group asks Kafka for because it has none.
 */
function leanCluster(cluster: any, instanceId: string, fresh: Set<string>): any {
  return Object.create(cluster, {
    fetchTopicsOffset: {
      value: async (topics: { topic: string; partitions: { partition: number }[] }[]) => {
        const found = await cluster.fetchTopicsOffset(topics);
        for (const { topic, partitions } of topics) {
          for (const { partition } of partitions) fresh.add(laneKey(topic, partition));
        }
        return found;
      },
    },
    findBroker: {
      value: async (which: { nodeId: string }) => leanBroker(await cluster.findBroker(which)),
    },
    findGroupCoordinator: {
      value: async (which: { groupId: string }) => {
        const coordinator = await cluster.findGroupCoordinator(which);
        return instanceId === "" ? coordinator : staticMember(coordinator, instanceId);
      },
    },
  });
}

function privateSend(broker: any): symbol {
  const send = Object.getOwnPropertySymbols(Object.getPrototypeOf(broker))
    .find((symbol) => symbol.description === "private:Broker:sendRequest");
  if (send === undefined) {
    throw new Error("This version of kafkajs is not the one that is pinned (2.2.4)");
  }
  return send;
}

/**
 * The coordinator, told with each request of the group which instance asks (KIP-345): a process
 * that comes back under its name has its partitions at once, and nobody else has to join again.
 * kafkajs knows the field and never sets it.
 */
function staticMember(coordinator: any, groupInstanceId: string): any {
  return Object.create(coordinator, {
    lookupRequest: {
      value: (apiKey: number, definition: unknown) => {
        const make = coordinator.lookupRequest(apiKey, definition);
        return (fields: object) => make({ ...fields, groupInstanceId });
      },
    },
  });
}

const damage = new Damage();

function leanBroker(broker: any): any {
  const send = privateSend(broker);
  return Object.create(broker, {
    [send]: {
      value: (call: any) => {
        if (call.request.apiName !== "Fetch") return broker[send](call);
        if (call.request.apiVersion !== FETCH_VERSION) {
          return Promise.reject(
            new WeirError(
              "KAFKA_TOO_OLD",
              "Cannot fetch: the broker does not know Fetch 11",
              { hint: "Kafka 2.3 or newer is needed." },
            ),
          );
        }
        const response = {
          decode: (payload: Uint8Array) =>
            Promise.resolve().then(() => decodeFetchAnswer(payload, damage)),
          parse: call.response.parse,
        };
        return broker[send]({ ...call, response });
      },
    },
  });
}

/**
 * The error's protocol type where it has one: "REBALANCE_IN_PROGRESS". kafkajs wraps errors; the
 * innermost counts.
 */
export function protocolType(error: unknown): string {
  for (let at = error as any, depth = 0; at != null && depth < 5; at = at.cause, depth++) {
    if (typeof at.type === "string") return at.type;
  }
  return "";
}
