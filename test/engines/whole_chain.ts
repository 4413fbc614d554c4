/**
 * The whole chain with an archive on S3 and another on HDFS: agent and two transfers as executables, which share the
 * index and have each an archive of their own; numbered lines in rotating files; kill -9 of each program while lines
 * are on their way. Other engines that take the topic are added as outputs: each line has to be in each of them once.
 */
import { Client } from "@elastic/elasticsearch";
import { Kafka, logLevel } from "kafkajs";
import { stringify } from "yaml";
import { HdfsObjects } from "../../core/archive/hdfs_objects.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { S3Objects } from "../../core/archive/s3_objects.ts";
import { deleteIndices, indexedMessages } from "../e2e/indexed.ts";
import { distFolder } from "../support/dist.ts";
import { numberedLine } from "../support/numbered.ts";
import { type Ended, type Program, startProgram } from "../support/process.ts";
import { startHdfs } from "../support/real/hdfs.ts";
import { startMinio } from "../support/real/minio.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";

export const FILES = 20;
const ROTATIONS = 2;

/** Where the lines end up, once each: the index, an archive, another engine's output. */
export interface Output {
  name: string;
  /** Lines in it now, repeats included; asked while they come. */
  lines(): Promise<number>;
  /** Rejects where it does not have each line once; asked when the programs have ended. */
  check(): Promise<void>;
  /** kill -9 of its program, and its next start; undefined where another output's program is the same. */
  kill?: () => Promise<void>;
}

export class WholeChain implements AsyncDisposable {
  readonly topic = uniqueName("whole");
  readonly ledger = uniqueName("ledger");
  readonly folder: TempDir;
  readonly kafka: string;
  readonly elastic: Client;
  readonly s3: ObjectStore;
  readonly hdfs: ObjectStore;
  readonly #elasticsearch: string;
  readonly #stores: { s3: Awaited<ReturnType<typeof startMinio>>; hdfs: AsyncDisposable };
  readonly #dist: string;
  readonly #running = new Map<string, { command: string; program: Program }>();

  private constructor(
    folder: TempDir,
    kafka: string,
    elasticsearch: string,
    s3: Awaited<ReturnType<typeof startMinio>>,
    hdfs: Awaited<ReturnType<typeof startHdfs>>,
    dist: string,
  ) {
    this.folder = folder;
    this.kafka = kafka;
    this.#elasticsearch = elasticsearch;
    this.#dist = dist;
    this.elastic = new Client({ node: elasticsearch, maxRetries: 0 });
    this.#stores = { s3, hdfs };
    this.s3 = new S3Objects({ ...s3.access, prefix: "" });
    this.hdfs = new HdfsObjects({ endpoint: hdfs.endpoint, folder: "/logs", user: "weir" });
  }

  static async open(): Promise<WholeChain> {
    const dist = distFolder("npm test -- engines");
    const { kafka, elasticsearch } = await servers("kafka", "elasticsearch");
    const folder = await tempDir("weir-whole-");
    const [s3, hdfs] = [await startMinio(), await startHdfs()];
    const chain = new WholeChain(folder, kafka, elasticsearch, s3, hdfs, dist);
    const { access } = s3;
    await Deno.mkdir(folder.join("logs"));
    await Deno.writeTextFile(folder.join("access"), access.accessKey);
    await Deno.writeTextFile(folder.join("secret"), access.secretKey);
    await chain.#agentSettings();
    await chain.#transferSettings("s3", {
      location: `s3://${access.bucket}`,
      endpoint: access.endpoint,
      accessKeyFile: folder.join("access"),
      secretKeyFile: folder.join("secret"),
    });
    const location = `${hdfs.endpoint.replace("http", "webhdfs")}/logs`;
    await chain.#transferSettings("hdfs", { location });
    return chain;
  }

  async #agentSettings(): Promise<void> {
    const { path } = this.folder;
    await this.#write("collect.json", [{ path: `${path}/logs/*.log*`, topic: this.topic }]);
    await this.#write("agent.yaml", {
      state: `${path}/state`,
      host: "whole-host",
      source: { file: `${path}/collect.json` },
      kafka: { brokers: [this.kafka], newTopicPartitions: 4 },
      tail: { roots: [`${path}/logs`] },
      ledger: { topic: this.ledger, interval: "500ms" },
      listen: "127.0.0.1:0",
    });
  }

  async #transferSettings(name: string, archive: Record<string, unknown>): Promise<void> {
    await this.#write(`${name}.yaml`, {
      kafka: { brokers: [this.kafka] },
      consumer: {
        groupId: this.topic,
        topics: [this.topic],
        sessionTimeout: "6s",
        heartbeat: "500ms",
        topicsRefresh: "1s",
      },
      elasticsearch: { nodes: [this.#elasticsearch], requestTimeout: "30s" },
      bulk: { retryMax: "2s" },
      index: { replicas: 0 },
      ledger: { topic: this.ledger },
      archive: {
        groupId: `${this.topic}-${name}`,
        segmentAge: "1s",
        segmentRecords: 10_000,
        ...archive,
      },
      listen: "127.0.0.1:0",
    });
  }

  async #write(name: string, value: unknown): Promise<void> {
    const text = name.endsWith(".json") ? JSON.stringify(value) : stringify(value);
    await Deno.writeTextFile(this.folder.join(name), text);
  }

  /** `agent`, `s3` or `hdfs`; the latter two are transfers. */
  start(name: string): void {
    const command = name === "agent" ? "weir-agent" : "weir-transfer";
    const args = ["--config", this.folder.join(`${name}.yaml`)];
    this.#running.set(name, { command, program: startProgram(`${this.#dist}/${command}`, args) });
  }

  /** kill -9, and the next start. */
  async kill(name: string): Promise<void> {
    await this.#running.get(name)!.program.kill9();
    this.start(name);
  }

  /** Ends it as systemd does; fails where it does not end well. */
  async stop(name: string): Promise<void> {
    const { code } = await this.#running.get(name)!.program.stop();
    if (code !== 0) throw new Error(`${name} ended with ${code}`);
  }

  /** Runs a command of `weir` to its end, with the settings of the transfer that archives to S3. */
  async weir(...args: string[]): Promise<Ended> {
    const all = [...args, "--config", this.folder.join("s3.yaml")];
    return await startProgram(`${this.#dist}/weir`, all).toEnd();
  }

  get indices(): string {
    return `weir-${this.topic}-*`;
  }

  /** Documents; -1 while Elasticsearch does not answer so. */
  async documents(): Promise<number> {
    const index = this.indices;
    try {
      await this.elastic.indices.refresh({ index, allow_no_indices: true });
      return (await this.elastic.count({ index, allow_no_indices: true })).count;
    } catch {
      return -1; // the shard of an index that was made just now
    }
  }

  async messages(): Promise<string[]> {
    return await indexedMessages(this.elastic, this.indices);
  }

  /** Writes lines number `from` to `to` of each file, both counted; the file is renamed twice on the way. */
  async writeLines(from: number, to: number, each: number): Promise<void> {
    for (let file = 0; file < FILES; file++) {
      const name = `f${file}`, path = this.folder.join(`logs/${name}.log`);
      let text = "";
      for (let n = from; n <= to; n++) text += `${numberedLine(name, n, each)}\n`;
      await Deno.writeTextFile(path, text, { append: true });
      const turn = Math.floor(to * (ROTATIONS + 1) / each);
      const before = Math.floor((from - 1) * (ROTATIONS + 1) / each);
      if (turn > before && turn <= ROTATIONS) await Deno.rename(path, `${path}.${turn}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { program } of this.#running.values()) await program.kill9();
    await deleteIndices(this.elastic, this.indices);
    await this.elastic.close();
    const admin = new Kafka({ brokers: [this.kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const own = (await admin.listTopics()).filter((topic) =>
      [this.topic, this.ledger].includes(topic)
    );
    await admin.deleteTopics({ topics: own });
    await admin.disconnect();
    await this.#stores.s3.server.remove();
    await this.#stores.hdfs[Symbol.asyncDispose]();
    await this.folder.remove();
  }
}
