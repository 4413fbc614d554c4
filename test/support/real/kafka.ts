/**
 * Apache Kafka from Maven Central on loopback, small and quick to start: one node that is broker and controller, or
 * several of them with replicated topics.
 */
import { freePort } from "../temp.ts";
import { run } from "../process.ts";
import { cached, kafkaJava, mavenJars, type Say, sayOnStderr } from "./install.ts";
import { Cluster, runFolder, Server, type ServerPlan, type StartOptions } from "./instance.ts";

// 4.4.0 lacks kafka-tools on Maven Central.
const VERSION = "4.3.1";
const JARS = [
  `org.apache.kafka:kafka_2.13:${VERSION}`,
  `org.apache.kafka:kafka-tools:${VERSION}`,
  "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
];
const CLUSTER_ID = "d2Vpci10ZXN0cy0wMDAwMQ";
const QUICK_JAVA = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"];

/** One more way into a node, beside its plain listener. */
export interface Listener {
  /** Capital letters. */
  name: string;
  port: number;
  /** Where clients are told to go, a proxy's port: its own where absent. */
  advertisedPort?: number;
  /** @default {"PLAINTEXT"} */
  protocol?: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
}

export interface KafkaOptions extends StartOptions {
  /** Added to server.properties, over ours. */
  properties?: Record<string, string>;
  /** Of a single node. */
  listeners?: readonly Listener[];
  /** @default {384} */
  heapMb?: number;
}

export interface KafkaClusterOptions extends KafkaOptions {
  /** Topics have 3 replicas, of which 2 must be in sync. At least 3. @default {3} */
  nodes?: number;
  /** More ways into each node, by its place from 0. */
  listenersOf?: (node: number) => readonly Listener[];
}

/** A node among those that choose the controller. */
interface Node {
  id: number;
  port: number;
  controllerPort: number;
}

/** Installs Kafka where it is not yet; returns its home. */
export async function installKafka(say: Say): Promise<string> {
  const java = await kafkaJava(say);
  return await cached(`kafka-${VERSION}-1`, say, async (home) => {
    await mavenJars(home, JARS, say);
    await Deno.writeTextFile(`${home}/log4j2.properties`, log4j("SYSTEM_OUT", "INFO"));
    await Deno.writeTextFile(`${home}/log4j2-tools.properties`, log4j("SYSTEM_ERR", "WARN"));
    // Formatting costs a start of Java; an empty node's data is the same each time, so it is made once and copied.
    const settings = `${home}/format.properties`;
    const node = { id: 1, port: 9092, controllerPort: 9093 };
    await Deno.writeTextFile(settings, lines(properties(`${home}/formatted`, node, [node])));
    const format = ["format", "-t", CLUSTER_ID, "-c", settings];
    await run(java, toolArgs(home, "kafka.tools.StorageTool", format));
    await Deno.stat(`${home}/formatted/meta.properties`);
  });
}

/** Starts a node on a port and data of its own. `address` is host:port of its plain listener. */
export async function startKafka(options: KafkaOptions = {}): Promise<Server> {
  const [plan] = await plans(1, options);
  return await Server.start(plan);
}

/** Starts nodes that form one cluster. The `address` of each is host:port, that of the cluster joins them by commas. */
export async function startKafkaCluster(options: KafkaClusterOptions = {}): Promise<Cluster> {
  return await Cluster.start(await plans(options.nodes ?? 3, options));
}

async function plans(count: number, options: KafkaClusterOptions): Promise<ServerPlan[]> {
  const { say = sayOnStderr, heapMb = 384 } = options;
  const listenersOf = options.listenersOf ?? (() => options.listeners ?? []);
  const home = await installKafka(say), java = await kafkaJava(say);
  const nodes = Array.from({ length: count }, (_, i): Node => {
    return { id: i + 1, port: freePort(), controllerPort: freePort() };
  });
  return await Promise.all(nodes.map(async (node) => {
    const folder = await runFolder("kafka");
    await layOutData(home, `${folder}/data`, node.id);
    const settings = {
      ...withListeners(properties(`${folder}/data`, node, nodes), listenersOf(node.id - 1)),
      ...options.properties,
    };
    await Deno.writeTextFile(`${folder}/server.properties`, lines(settings));
    return {
      name: count === 1 ? "kafka" : `kafka node ${node.id}`,
      address: `127.0.0.1:${node.port}`,
      folder,
      command: [
        java,
        `-Xmx${heapMb}m`,
        ...QUICK_JAVA,
        "-XX:+ExitOnOutOfMemoryError",
        `-Dlog4j2.configurationFile=${home}/log4j2.properties`,
        "-cp",
        `${home}/lib/*`,
        "kafka.Kafka",
        `${folder}/server.properties`,
      ],
      keep: options.keep,
      ready: (log) => log.includes("Kafka Server started"),
    };
  }));
}

/** What formatting makes, with the node's own id and a data folder id that no other node has. */
async function layOutData(home: string, data: string, id: number): Promise<void> {
  await Deno.mkdir(data);
  for await (const { name } of Deno.readDir(`${home}/formatted`)) {
    await Deno.copyFile(`${home}/formatted/${name}`, `${data}/${name}`);
  }
  const folderId = crypto.getRandomValues(new Uint8Array(16));
  folderId[0] &= 0x7f; // Kafka takes no id whose text begins with a dash
  const text = folderId.toBase64({ alphabet: "base64url", omitPadding: true });
  const meta = await Deno.readTextFile(`${data}/meta.properties`);
  await Deno.writeTextFile(
    `${data}/meta.properties`,
    meta.replace(/^node\.id=.*$/m, `node.id=${id}`)
      .replace(/^directory\.id=.*$/m, `directory.id=${text}`),
  );
}

/** Runs one of Kafka's own tools, such as `org.apache.kafka.tools.TopicCommand`; returns its standard output. */
export async function kafkaTools(className: string, args: readonly string[]): Promise<string> {
  const home = await installKafka(sayOnStderr);
  return await run(await kafkaJava(sayOnStderr), toolArgs(home, className, args));
}

function toolArgs(home: string, className: string, args: readonly string[]): string[] {
  const logging = `-Dlog4j2.configurationFile=${home}/log4j2-tools.properties`;
  return ["-Xmx256m", ...QUICK_JAVA, logging, "-cp", `${home}/lib/*`, className, ...args];
}

function properties(data: string, own: Node, all: readonly Node[]): Record<string, string> {
  const listener = `PLAINTEXT://127.0.0.1:${own.port}`;
  const replicas = String(Math.min(3, all.length)), inSync = all.length < 3 ? "1" : "2";
  return {
    "process.roles": "broker,controller",
    "node.id": String(own.id),
    "controller.quorum.voters": all.map((n) => `${n.id}@127.0.0.1:${n.controllerPort}`).join(","),
    "listeners": `${listener},CONTROLLER://127.0.0.1:${own.controllerPort}`,
    "advertised.listeners": listener,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": data,
    "num.partitions": "3",
    "default.replication.factor": replicas,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": "6",
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": inSync,
    "group.initial.rebalance.delay.ms": "0",
    // Tests of groups do not wait the usual 6 s for a member that was killed.
    "group.min.session.timeout.ms": "1000",
    // A killed node that starts again waits until its old session is over.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "16777216",
  };
}

function withListeners(
  settings: Record<string, string>,
  listeners: readonly Listener[],
): Record<string, string> {
  const joined = (name: string, more: (listener: Listener) => string) =>
    [settings[name], ...listeners.map(more)].join(",");
  return {
    ...settings,
    "listeners": joined("listeners", ({ name, port }) => `${name}://127.0.0.1:${port}`),
    "advertised.listeners": joined(
      "advertised.listeners",
      ({ name, port, advertisedPort = port }) => `${name}://127.0.0.1:${advertisedPort}`,
    ),
    "listener.security.protocol.map": joined(
      "listener.security.protocol.map",
      ({ name, protocol = "PLAINTEXT" }) => `${name}:${protocol}`,
    ),
  };
}

function lines(settings: Record<string, string>): string {
  return Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join("");
}

function log4j(target: string, level: string): string {
  return lines({
    "status": "error",
    "appender.all.type": "Console",
    "appender.all.name": "all",
    "appender.all.target": target,
    "appender.all.layout.type": "PatternLayout",
    "appender.all.layout.pattern": "%d{ISO8601} %p %m (%c)%n%throwable",
    "rootLogger.level": level,
    "rootLogger.appenderRef.all.ref": "all",
  });
}
