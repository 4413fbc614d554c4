/** Apache Kafka 4.3.1 in KRaft mode from Maven's jars, broker and controller in one process, on loopback. */
import { debian, installed, maven, run, type Say } from "./install.ts";
import { answers, freePort, Server } from "./server.ts";

export const KAFKA_VERSION = "4.3.1";
const CLUSTER_ID = "V2VpclRlc3RDbHVzdGVyMQ";

export async function installKafka(say: Say): Promise<string> {
  await debian({ java: "openjdk-17-jre-headless", mvn: "maven" }, say);
  return await installed(`kafka-${KAFKA_VERSION}`, say, async (folder) => {
    await maven(folder, [
      `org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`,
      `org.apache.kafka:kafka-tools:${KAFKA_VERSION}`,
      "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
    ]);
    await Deno.writeTextFile(
      `${folder}/log4j2.properties`,
      [
        "status = error",
        "appender.out.type = Console",
        "appender.out.name = out",
        "appender.out.layout.type = PatternLayout",
        "appender.out.layout.pattern = [%d] %p %m (%c)%n%throwable",
        "rootLogger.level = INFO",
        "rootLogger.appenderRef.out.ref = out",
      ].join("\n"),
    );
  });
}

export interface RunningKafka {
  address: string;
  server: Server;
}

/** Starts one node with its data below `folder`. Its port stays over a restart of the same server. */
export async function startKafka(folder: string, say: Say): Promise<RunningKafka> {
  const home = await installKafka(say);
  const port = freePort(), controller = freePort();
  await Deno.mkdir(folder, { recursive: true });
  const settings = `${folder}/server.properties`;
  await Deno.writeTextFile(settings, properties(folder, port, controller));
  const java = [
    "-XX:+UseSerialGC",
    `-Dlog4j2.configurationFile=${home}/log4j2.properties`,
    "-cp",
    `${home}/lib/*`,
  ];
  await run("java", [
    "-Xmx256m",
    "-XX:TieredStopAtLevel=1",
    ...java,
    "kafka.tools.StorageTool",
    "format",
    "-t",
    CLUSTER_ID,
    "-c",
    settings,
  ]);
  const server = new Server({
    name: "kafka",
    command: "java",
    args: ["-Xms256m", "-Xmx384m", "-XX:+ExitOnOutOfMemoryError", ...java, "kafka.Kafka", settings],
    folder,
    ready: async () =>
      await answers(port) &&
      (await Deno.readTextFile(`${folder}/kafka.log`)).includes("Kafka Server started"),
  });
  await server.start();
  return { address: `127.0.0.1:${port}`, server };
}

function properties(folder: string, port: number, controller: number): string {
  return Object.entries({
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "listeners": `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": `${folder}/data`,
    "num.partitions": 3,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 6,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 3,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "log.cleaner.dedupe.buffer.size": 16777216,
    "broker.session.timeout.ms": 6000,
    "num.network.threads": 2,
    "num.io.threads": 4,
  }).map(([key, value]) => `${key}=${value}`).join("\n");
}
