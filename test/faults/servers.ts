/**
 * The servers of the fault suite, which are its own: three Kafka brokers, Elasticsearch, etcd of three. Each program
 * reaches each server by a way of its own that can be broken. Kafka tells clients where to go, so each broker has a
 * listener for each program, whose advertised address is the way.
 */
import { Client } from "@elastic/elasticsearch";
import { Etcd3 } from "etcd3";
import { type Admin, Kafka, logLevel } from "kafkajs";
import {
  type Cluster,
  type Server,
  startElasticsearch,
  startEtcdCluster,
  startKafkaCluster,
} from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { freePort } from "../support/temp.ts";

export const BROKERS = 3;
export type Reader = "agent" | "transfer";

export class FaultServers implements AsyncDisposable {
  readonly kafka: Cluster;
  readonly elasticsearch: Server;
  readonly etcd: Cluster;
  /** To each broker, by program. */
  readonly toKafka: Readonly<Record<Reader, readonly TcpProxy[]>>;
  readonly toElasticsearch: TcpProxy;
  readonly toEtcd: readonly TcpProxy[];
  readonly elastic: Client;

  private constructor(
    servers: { kafka: Cluster; elasticsearch: Server; etcd: Cluster },
    ways: Pick<FaultServers, "toKafka" | "toElasticsearch" | "toEtcd">,
  ) {
    this.kafka = servers.kafka;
    this.elasticsearch = servers.elasticsearch;
    this.etcd = servers.etcd;
    this.toKafka = ways.toKafka;
    this.toElasticsearch = ways.toElasticsearch;
    this.toEtcd = ways.toEtcd;
    this.elastic = new Client({
      node: this.elasticsearch.address,
      maxRetries: 0,
      requestTimeout: 3000,
    });
  }

  static async start(): Promise<FaultServers> {
    const nodes = Array.from({ length: BROKERS }, (_, i) => i);
    const ways = async () => {
      const ports = nodes.map(() => freePort());
      return { ports, proxies: await Promise.all(ports.map((p) => TcpProxy.to(`127.0.0.1:${p}`))) };
    };
    const agent = await ways(), transfer = await ways();
    const listener = (name: string, { ports, proxies }: typeof agent, node: number) => ({
      name,
      port: ports[node],
      advertisedPort: proxies[node].port,
    });
    const kafka = await startKafkaCluster({
      nodes: BROKERS,
      heapMb: 256,
      listenersOf: (node) => [
        listener("AGENT", agent, node),
        listener("TRANSFER", transfer, node),
      ],
    });
    const elasticsearch = await startElasticsearch();
    const etcd = await startEtcdCluster();
    const way = ({ address }: Server) => TcpProxy.to(new URL(address).host);
    return new FaultServers({ kafka, elasticsearch, etcd }, {
      toKafka: { agent: agent.proxies, transfer: transfer.proxies },
      toElasticsearch: await way(elasticsearch),
      toEtcd: await Promise.all(etcd.nodes.map(way)),
    });
  }

  get ways(): readonly TcpProxy[] {
    const { agent, transfer } = this.toKafka;
    return [...agent, ...transfer, this.toElasticsearch, ...this.toEtcd];
  }

  /** Straight to etcd, for one call. */
  async withEtcd<T>(use: (etcd: Etcd3) => PromiseLike<T>): Promise<T> {
    const etcd = new Etcd3({ hosts: this.etcd.nodes.map(({ address }) => address) });
    try {
      return await use(etcd);
    } finally {
      etcd.close();
    }
  }

  /** Straight to the brokers, for one call; throws where they do not answer. */
  async withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Kafka({
      brokers: this.kafka.address.split(","),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1000,
      requestTimeout: 2000,
      retry: { retries: 3, initialRetryTime: 50, maxRetryTime: 200 },
    }).admin();
    try {
      await admin.connect();
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** True when all brokers are there and every partition has a leader, Elasticsearch and all of etcd answer. */
  async allAnswer(): Promise<boolean> {
    const [kafka, elastic, etcd] = await Promise.all([
      this.withAdmin(async (admin) => {
        const { brokers } = await admin.describeCluster();
        const { topics } = await admin.fetchTopicMetadata();
        const ready = topics.every(({ partitions }) => partitions.every((p) => p.leader >= 0));
        return brokers.length === BROKERS && ready;
      }),
      this.elastic.cluster.health().then(({ status }) => status !== "red"),
      Promise.all(this.etcd.nodes.map(({ address }) => healthy(`${address}/health`))),
    ]);
    return kafka && elastic && etcd.every(Boolean);
  }

  /** True when the group has this many members, each with its partitions, and no change is under way. */
  async groupIsStable(groupId: string, members: number): Promise<boolean> {
    const { groups } = await this.withAdmin((admin) => admin.describeGroups([groupId]));
    return groups[0].state === "Stable" && groups[0].members.length === members;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.elastic.close();
    await Promise.all(this.ways.map((way) => way.close()));
    await Promise.all([this.kafka.remove(), this.elasticsearch.remove(), this.etcd.remove()]);
  }
}

async function healthy(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
  return answer.ok && (await answer.json()).health === "true";
}
