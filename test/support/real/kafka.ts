/** Apache Kafka from Maven Central: one node that is broker and controller, on loopback, small and quick to start. */
import { freePort } from "../temp.ts";
import { run } from "../process.ts";
import { cached, kafkaJava, mavenJars, type Say, sayOnStderr } from "./install.ts";
import { runFolder, Server } from "./instance.ts";

// 4.4.0 lacks kafka-tools on Maven Central.
const VERSION = "4.3.1";
const JARS = [
  `org.apache.kafka:kafka_2.13:${VERSION}`,
  `org.apache.kafka:kafka-tools:${VERSION}`,
  "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
];
const CLUSTER_ID = "d2Vpci10ZXN0cy0wMDAwMQ";
const QUICK_JAVA = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"];

export interface KafkaOptions {
  /** Added to server.properties, over ours. */
  properties?: Record<string, string>;
  /** @default {384} */
  heapMb?: number;
  say?: Say;
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
    await Deno.writeTextFile(settings, lines(properties(`${home}/formatted`, 9092, 9093)));
    const format = ["format", "-t", CLUSTER_ID, "-c", settings];
    await run(java, toolArgs(home, "kafka.tools.StorageTool", format));
    await Deno.stat(`${home}/formatted/meta.properties`);
  });
}

/** Starts a node on a port and data of its own. `address` is host:port of its plain listener. */
export async function startKafka(options: KafkaOptions = {}): Promise<Server> {
  const { say = sayOnStderr, heapMb = 384 } = options;
  const home = await installKafka(say), java = await kafkaJava(say);
  const folder = await runFolder("kafka");
  const port = freePort(), controllerPort = freePort();
  await Deno.mkdir(`${folder}/data`);
  for await (const { name } of Deno.readDir(`${home}/formatted`)) {
    await Deno.copyFile(`${home}/formatted/${name}`, `${folder}/data/${name}`);
  }
  const settings = { ...properties(`${folder}/data`, port, controllerPort), ...options.properties };
  await Deno.writeTextFile(`${folder}/server.properties`, lines(settings));
  return await Server.start({
    name: "kafka",
    address: `127.0.0.1:${port}`,
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
    ready: (log) => log.includes("Kafka Server started"),
  });
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

function properties(data: string, port: number, controllerPort: number): Record<string, string> {
  const listener = `PLAINTEXT://127.0.0.1:${port}`;
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "listeners": `${listener},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": listener,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": data,
    "num.partitions": "3",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "6",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
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
