/**
 * Real servers for tests. The test run starts one set and names it in the environment (WEIR_TEST_KAFKA and so on); a
 * person may name servers of his own there. Without, the first test that asks starts what it needs, and the servers end
 * with the process of the tests. A test that kills a server starts one of its own instead: startKafka() and the like.
 *
 * Shared servers are shared: a test uses names of its own (uniqueName) and removes what it made.
 */
import { installElasticsearch, startElasticsearch } from "./real/elasticsearch.ts";
import { installEtcd, startEtcd } from "./real/etcd.ts";
import { installInfluxdb, startInfluxdb } from "./real/influxdb.ts";
import { type Say, sayOnStderr, withLock } from "./real/install.ts";
import type { Server, StartOptions } from "./real/instance.ts";
import { installKafka, startKafka } from "./real/kafka.ts";
import { installPrometheus, startPrometheus } from "./real/prometheus.ts";
import { removeAll } from "./temp.ts";

export { startAlertmanager } from "./real/alertmanager.ts";
export { startElasticsearch } from "./real/elasticsearch.ts";
export { restoreEtcdCluster, startEtcd, startEtcdCluster } from "./real/etcd.ts";
export { startInfluxdb } from "./real/influxdb.ts";
export { kafkaTools, startKafka, startKafkaCluster } from "./real/kafka.ts";
export { promtool, startPrometheus } from "./real/prometheus.ts";
export type { Cluster, Server } from "./real/instance.ts";

export interface InfluxAccess {
  url: string;
  org: string;
  bucket: string;
  /** May do everything in this server. */
  token: string;
}

/** Where each server is. */
export interface Servers {
  /** host:port of a broker. */
  kafka: string;
  /** URL without a slash at its end; so for the others. */
  elasticsearch: string;
  etcd: string;
  influxdb: InfluxAccess;
  /** It scrapes nothing: for the API and for expressions. A test that wants samples calls startPrometheus(). */
  prometheus: string;
}

export type ServerName = keyof Servers;

export interface ServerSet {
  /** Name these in the environment of the tests. */
  env: Record<string, string>;
  /** Process ids of the servers that were started. */
  pids: number[];
  /** The same by name. */
  pidOf: Partial<Record<ServerName, number>>;
  /** Ends the servers and removes their data; twice is no fault. */
  stop(): Promise<void>;
}

const VARIABLE: Record<ServerName, string> = {
  kafka: "WEIR_TEST_KAFKA",
  elasticsearch: "WEIR_TEST_ELASTICSEARCH",
  etcd: "WEIR_TEST_ETCD",
  influxdb: "WEIR_TEST_INFLUXDB",
  prometheus: "WEIR_TEST_PROMETHEUS",
};

/** In the order in which a run installs them: what takes longest comes last. */
const INSTALL: Record<ServerName, (say: Say) => Promise<unknown>> = {
  etcd: installEtcd,
  prometheus: installPrometheus,
  kafka: installKafka,
  elasticsearch: installElasticsearch,
  influxdb: installInfluxdb,
};

type Start = (options: StartOptions) => Promise<{ server: Server; value: string }>;

const START: Record<ServerName, Start> = {
  kafka: async (options) => plain(await startKafka(options)),
  elasticsearch: async (options) => plain(await startElasticsearch(options)),
  etcd: async (options) => plain(await startEtcd(options)),
  prometheus: async (options) => plain(await startPrometheus({ targets: [], ...options })),
  influxdb: async (options) => {
    const { server, access } = await startInfluxdb(options);
    const { url, org, bucket, token } = access;
    return { server, value: [url, org, bucket, token].join("|") };
  },
};

/**
 * The addresses of these servers, which are started for this process where the environment does not name them.
 *
 *     const { kafka, etcd } = await servers("kafka", "etcd");
 *
 * Throws where one cannot be installed or started, with what to do about it.
 */
export async function servers<N extends ServerName>(...names: N[]): Promise<Pick<Servers, N>> {
  if (names.some((name) => !Deno.env.get(VARIABLE[name]))) {
    // Test files run beside one another in one process and share its environment, but no variables.
    const lock = `${tempFolder()}/weir-test-${Deno.pid}.lock`;
    await withLock(lock, async () => {
      const missing = names.filter((name) => !Deno.env.get(VARIABLE[name]));
      const { env } = await startSet(missing, sayOnStderr);
      for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
      await removeAll(lock);
    });
  }
  const found = names.map((name) => [name, parse(name, Deno.env.get(VARIABLE[name])!)]);
  return Object.fromEntries(found);
}

/** The servers that the environment does not name. */
export function missingServers(): ServerName[] {
  return (Object.keys(INSTALL) as ServerName[]).filter((name) => !Deno.env.get(VARIABLE[name]));
}

/** Installs servers where they are not yet, one after the other: each keeps the machine busy. */
export async function installServers(names: readonly ServerName[], say: Say): Promise<void> {
  for (const name of names) await INSTALL[name](say);
}

/**
 * Starts servers side by side and says how long each took. Where one fails the others are ended and it throws. With
 * `keep` they outlive this process, unless stop() is called.
 */
export async function startSet(
  names: readonly ServerName[],
  say: Say,
  keep = false,
): Promise<ServerSet> {
  const started: Server[] = [], env: Record<string, string> = {};
  const pidOf: ServerSet["pidOf"] = {};
  const since = performance.now();
  const stop = async () => {
    await Promise.all(started.splice(0).map((server) => server.remove()));
  };
  const results = await Promise.allSettled(names.map(async (name) => {
    const { server, value } = await START[name]({ say, keep });
    started.push(server);
    env[VARIABLE[name]] = value;
    pidOf[name] = server.pid;
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    say(`${name} at ${server.address} after ${seconds} s`);
  }));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { env, pids: started.map((server) => server.pid), pidOf, stop };
}

function plain(server: Server): { server: Server; value: string } {
  return { server, value: server.address };
}

function parse(name: ServerName, value: string): Servers[ServerName] {
  if (name !== "influxdb") return value.replace(/\/$/, "");
  const [url, org, bucket, token] = value.split("|");
  if (!token) throw new Error(`${VARIABLE.influxdb} is not url|org|bucket|token`);
  return { url: url.replace(/\/$/, ""), org, bucket, token };
}

function tempFolder(): string {
  return Deno.env.get("TMPDIR") ?? "/tmp";
}
