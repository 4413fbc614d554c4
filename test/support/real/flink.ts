/**
 * Apache Flink on loopback: a session cluster of one JobManager and one TaskManager, from the jars that PyPI and Maven
 * Central have. Those come without Flink's start scripts, so what the scripts compute is asked of Flink's own class once,
 * at the installation.
 */
import { buildFlinkJar } from "../../../deploy/flink/build.ts";
import { run } from "../process.ts";
import { freePort, removeAll } from "../temp.ts";
import { waitFor } from "../wait.ts";
import { cached, jdkHome, kafkaJava, needCommand, type Say, sayOnStderr } from "./install.ts";
import { answers, Cluster, runFolder, Server, type StartOptions } from "./instance.ts";

const VERSION = "2.2.1";
const KAFKA_CONNECTOR = "org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2";
const SQL_GATEWAY = `org.apache.flink:flink-sql-gateway:${VERSION}`;
/** Neither Flink nor its connector have the codec that agents pack with. */
const ZSTD = "com.github.luben:zstd-jni:1.5.6-10";
const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
const MEMORY = { jobmanager: "896m", taskmanager: "1280m" };
/** Packages that Flink reaches into. */
const OPENED = [
  ..."lang net io nio text time util lang.reflect util.concurrent util.concurrent.atomic"
    .split(" ").map((name) => `java.${name}`),
  "java.util.concurrent.locks",
  "sun.net.util",
  "sun.nio.ch",
].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
const LOG4J = (level: string) =>
  `rootLogger.level=${level}
rootLogger.appenderRef.c.ref=c
appender.c.name=c
appender.c.type=CONSOLE
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=%d %p %c{1} - %m%n
`;

type Node = keyof typeof MEMORY;

/** Options of the JVM and of the program, as Flink's scripts would set them. */
interface NodeOptions {
  jvm: string[];
  program: string[];
}

const MAIN: Record<Node, string> = {
  jobmanager: "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
  taskmanager: "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
};

/** Installs Flink with the Kafka connector where it is not yet; returns its home. */
export async function installFlink(say: Say): Promise<string> {
  await needCommand("mvn", "maven", say);
  const python = await needCommand("python3", "python3-pip", say), java = await kafkaJava(say);
  return await cached(`flink-${VERSION}-2`, say, async (home) => {
    const wheels = `${home}/wheels`, unpacked = `${home}/unpacked`;
    const pip = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", wheels];
    await run(python, [...pip, `apache-flink-libraries==${VERSION}`]);
    for (const { name } of Deno.readDirSync(wheels)) {
      await run(python, ["-m", "zipfile", "-e", `${wheels}/${name}`, unpacked]);
    }
    for (const name of ["lib", "opt", "bin", "licenses"]) {
      await Deno.rename(`${unpacked}/pyflink/${name}`, `${home}/${name}`);
    }
    await removeAll(wheels);
    await removeAll(unpacked);
    for (
      const [artifact, folder] of [[KAFKA_CONNECTOR, "lib"], [ZSTD, "lib"], [SQL_GATEWAY, "opt"]]
    ) {
      const target = [`-Dartifact=${artifact}`, `-DoutputDirectory=${home}/${folder}`];
      await run("mvn", ["-B", "-q", COPY, ...target], { cwd: home });
    }
    const options = {
      jobmanager: await ask(java, home, "JM"),
      taskmanager: await ask(java, home, "TM"),
    };
    await Deno.writeTextFile(`${home}/options.json`, JSON.stringify(options));
  });
}

/** What Flink's scripts ask of Flink: sizes of heap and other memory for the settings of these tests. */
async function ask(java: string, home: string, node: "JM" | "TM"): Promise<NodeOptions> {
  const conf = `${home}/sizes`;
  await Deno.mkdir(conf, { recursive: true });
  await Deno.writeTextFile(`${conf}/config.yaml`, text(sizes()));
  const jars = [...Deno.readDirSync(`${home}/lib`)].map(({ name }) => name)
    .filter((name) => /^(flink-dist|log4j)-/.test(name)).map((name) => `${home}/lib/${name}`);
  const output = await run(java, [
    "-cp",
    [`${home}/bin/bash-java-utils.jar`, ...jars].join(":"),
    "org.apache.flink.runtime.util.bash.BashJavaUtils",
    `GET_${node}_RESOURCE_PARAMS`,
    "-c",
    conf,
  ]);
  const found = output.split("\n").filter((line) => line.startsWith("BASH_JAVA_UTILS_EXEC_RESULT:"))
    .map((line) => line.slice(line.indexOf(":") + 1).split(" ").filter((word) => word !== ""));
  if (found.length !== 2) throw new Error(`Flink does not say its memory options: ${output}`);
  return { jvm: found[0], program: found[1] };
}

function sizes(): Record<string, string> {
  return {
    "jobmanager.memory.process.size": MEMORY.jobmanager,
    "taskmanager.memory.process.size": MEMORY.taskmanager,
    "taskmanager.numberOfTaskSlots": "8",
  };
}

function text(settings: Record<string, string>): string {
  return Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`).join("");
}

/** A running cluster. `await using` ends it and removes its data. */
export class Flink implements AsyncDisposable {
  /** URL of its REST interface, without a slash at its end. */
  readonly endpoint: string;
  readonly folder: string;
  readonly #cluster: Cluster;
  readonly #client: string[];

  private constructor(folder: string, endpoint: string, cluster: Cluster, client: string[]) {
    this.folder = folder;
    this.endpoint = endpoint;
    this.#cluster = cluster;
    this.#client = client;
  }

  /** @param settings added to config.yaml, over ours */
  static async start(
    settings: Record<string, string> = {},
    options: StartOptions = {},
  ): Promise<Flink> {
    const say = options.say ?? sayOnStderr;
    const home = await installFlink(say), java = await kafkaJava(say);
    const folder = await runFolder("flink"), jar = `${folder}/weir-flink.jar`;
    await buildFlinkJar({ jdk: await jdkHome(say), flinkLib: `${home}/lib`, jar });
    const rest = freePort(), endpoint = `http://127.0.0.1:${rest}`;
    const conf = `${folder}/conf`;
    await Deno.mkdir(conf);
    await Deno.writeTextFile(`${conf}/config.yaml`, text({ ...ours(folder, rest), ...settings }));
    for (const level of ["INFO", "OFF"]) {
      await Deno.writeTextFile(`${conf}/log4j-${level}.properties`, LOG4J(level));
    }
    const known: Record<Node, NodeOptions> = JSON.parse(
      await Deno.readTextFile(`${home}/options.json`),
    );
    const log = (level: string) =>
      `-Dlog4j.configurationFile=file:${conf}/log4j-${level}.properties`;
    const quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...OPENED];
    const env = { ...Deno.env.toObject(), FLINK_CONF_DIR: conf, FLINK_LIB_DIR: `${home}/lib` };
    const plan = (name: Node, ready: (log: string) => boolean | Promise<boolean>) => ({
      name: `flink ${name}`,
      address: endpoint,
      folder: `${folder}/${name}`,
      env,
      command: [
        java,
        ...known[name].jvm,
        ...quick,
        log("INFO"),
        "-cp",
        `${home}/lib/*:${jar}`,
        MAIN[name],
        "-c",
        conf,
        ...known[name].program,
      ],
      keep: options.keep,
      ready,
      readyTimeoutMs: 120_000,
    });
    for (const name of Object.keys(MEMORY)) await Deno.mkdir(`${folder}/${name}`);
    const cluster = await Cluster.start([
      plan("jobmanager", () => answers(`${endpoint}/overview`)),
      plan("taskmanager", (log) => log.includes("Successful registration at resource manager")),
    ]);
    const client = [
      java,
      "-Xmx400m",
      ...quick,
      log("OFF"),
      "-cp",
      `${home}/lib/*:${home}/opt/*:${jar}`,
    ];
    return new Flink(folder, endpoint, cluster, client);
  }

  get jobManager(): Server {
    return this.#cluster.nodes[0];
  }

  get taskManager(): Server {
    return this.#cluster.nodes[1];
  }

  /** Runs a script with Flink's SQL client; returns the ids of the jobs that it began. Throws where a statement fails. */
  async submit(script: string): Promise<string[]> {
    return [...(await this.sql(script)).matchAll(/Job ID: ([0-9a-f]{32})/g)].map(([, id]) => id);
  }

  /** The same; returns what the client said. */
  async sql(script: string): Promise<string> {
    const file = `${this.folder}/${crypto.randomUUID()}.sql`;
    await Deno.writeTextFile(file, script);
    const [java, ...args] = this.#client;
    const client = ["org.apache.flink.table.client.SqlClient", "embedded", "-f", file];
    const output = await run(java, [...args, ...client], {
      env: { ...Deno.env.toObject(), FLINK_CONF_DIR: `${this.folder}/conf` },
    });
    // It ends with 0 all the same.
    const fault = output.indexOf("[ERROR]");
    if (fault >= 0) {
      throw new Error(`Flink refuses: ${output.slice(Math.max(0, fault - 1500), fault + 3000)}`);
    }
    return output;
  }

  /** What its REST interface answers. */
  async rest(path: string, method = "GET", body?: unknown): Promise<any> {
    const answer = await fetch(`${this.endpoint}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said.slice(0, 2000)}`);
    return JSON.parse(said);
  }

  /** Waits until a job has that state. */
  async until(job: string, state: string, timeoutMs = 120_000): Promise<void> {
    const detail = async () =>
      JSON.stringify(await this.rest(`/jobs/${job}/exceptions`)).slice(0, 4000);
    await waitFor(`Flink's job ${state}`, async () => {
      return (await this.rest(`/jobs/${job}`)).state === state;
    }, { timeoutMs, everyMs: 100, detail });
  }

  /** Checkpoints that a job has completed. */
  async checkpoints(job: string): Promise<number> {
    return (await this.rest(`/jobs/${job}/checkpoints`)).counts?.completed ?? 0;
  }

  /** The sum of a counter over all parts of a job that have one of that name. */
  async metric(job: string, name: string): Promise<number> {
    let sum = 0;
    for (const { id } of (await this.rest(`/jobs/${job}`)).vertices) {
      const path = `/jobs/${job}/vertices/${id}/subtasks/metrics`;
      const names = (await this.rest(path)).map((one: { id: string }) => one.id)
        .filter((id: string) => id.endsWith(`.${name}`));
      if (names.length === 0) continue;
      const query = `?get=${encodeURIComponent(names.join(","))}&agg=sum`;
      for (const one of await this.rest(path + query)) sum += one.sum;
    }
    return sum;
  }

  /** Stops a job with a savepoint; returns where that lies. */
  async stopWithSavepoint(job: string): Promise<string> {
    const targetDirectory = `file://${this.folder}/savepoints`;
    const trigger =
      (await this.rest(`/jobs/${job}/stop`, "POST", { targetDirectory, drain: false }))[
        "request-id"
      ];
    const done = await waitFor("a savepoint", async () => {
      const found = await this.rest(`/jobs/${job}/savepoints/${trigger}`);
      return found.status.id === "COMPLETED" ? found.operation : undefined;
    }, { timeoutMs: 120_000, everyMs: 100 });
    if (done.location === undefined) throw new Error(`No savepoint: ${JSON.stringify(done)}`);
    await this.until(job, "FINISHED");
    return done.location;
  }

  async cancel(job: string): Promise<void> {
    await fetch(`${this.endpoint}/jobs/${job}?mode=cancel`, { method: "PATCH" })
      .then((answer) => answer.body?.cancel());
    await this.until(job, "CANCELED");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.remove();
    await removeAll(this.folder);
  }
}

function ours(folder: string, rest: number): Record<string, string> {
  return {
    ...sizes(),
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.rpc.port": String(freePort()),
    "jobmanager.bind-host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "taskmanager.host": "127.0.0.1",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "rest.port": String(rest),
    "io.tmp.dirs": `${folder}/tmp`,
    "parallelism.default": "2",
    "execution.checkpointing.dir": `file://${folder}/checkpoints`,
    // A killed TaskManager is known to be gone after seconds.
    "heartbeat.interval": "2000",
    "heartbeat.timeout": "15000",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "2147483647",
    "restart-strategy.fixed-delay.delay": "500ms",
  };
}
