/**
 * The whole chain for a test: agent, transfer and monitor as executables, real servers, and questions at each hop. What
 * it sees it prints, so that a run tells the story of its lines.
 */
import { Client } from "@elastic/elasticsearch";
import { Kafka, logLevel } from "kafkajs";
import { Etcd3 } from "etcd3";
import { stringify } from "yaml";
import { deleteIndices, indexedMessages } from "./indexed.ts";
import { distFolder } from "../support/dist.ts";
import { type Ended, type Program, startProgram } from "../support/process.ts";
import { type Servers, servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { clearOfMidnight, waitFor } from "../support/wait.ts";

export class Chain implements AsyncDisposable {
  readonly folder: TempDir;
  readonly servers: Omit<Servers, "prometheus">;
  readonly topic = uniqueName("chain");
  readonly ledger = uniqueName("ledger");
  readonly ip: string;
  readonly etcd: Etcd3;
  readonly elastic: Client;
  readonly kafka: Kafka;
  readonly #dist: string;
  readonly #programs: Program[] = [];

  private constructor(folder: TempDir, all: Omit<Servers, "prometheus">, dist: string) {
    this.folder = folder;
    this.servers = all;
    this.#dist = dist;
    this.ip = uniqueName("10.0.0"); // a key of this test's own
    this.etcd = new Etcd3({ hosts: all.etcd });
    this.elastic = new Client({ node: all.elasticsearch });
    this.kafka = new Kafka({ brokers: [all.kafka], logLevel: logLevel.NOTHING });
  }

  /** Needs WEIR_TEST_DIST, the folder of the executables, which the runner sets. */
  static async open(): Promise<Chain> {
    const dist = distFolder("npm test -- e2e");
    const all = await servers("kafka", "elasticsearch", "etcd", "influxdb");
    await clearOfMidnight(); // indices are those of a day
    return new Chain(await tempDir("weir-e2e-"), all, dist);
  }

  say(hop: string, text: string): void {
    console.log(`${hop.padEnd(14)} ${text}`);
  }

  /** Writes so many lines as `logs/app.log`; returns its path. */
  async writeLog(count: number): Promise<string> {
    const path = this.folder.join("logs/app.log");
    await Deno.mkdir(this.folder.join("logs"));
    const lines = Array.from({ length: count }, (_, i) => `2026-11-20 10:00:00 INFO line ${i}\n`);
    await Deno.writeTextFile(path, lines.join(""));
    return path;
  }

  /** Tells the agent what to tail, as an operator with etcdctl does. */
  async tail(entries: unknown[]): Promise<void> {
    await this.etcd.put(`/logagent/${this.ip}/collect_config`).value(JSON.stringify(entries));
  }

  async #start(name: string, settings: unknown, command: string[] = []): Promise<Program> {
    const path = this.folder.join(`${name}.yaml`);
    await Deno.writeTextFile(path, stringify(settings));
    const program = startProgram(`${this.#dist}/${name}`, [...command, "--config", path]);
    this.#programs.push(program);
    return program;
  }

  startAgent(): Promise<Program> {
    return this.#start("weir-agent", {
      state: this.folder.join("state"),
      host: "e2e-host",
      ip: this.ip,
      etcd: { hosts: [this.servers.etcd] },
      kafka: { brokers: [this.servers.kafka], newTopicPartitions: 3 },
      tail: { roots: [this.folder.join("logs")] },
      ledger: { topic: this.ledger, interval: "500ms" },
      listen: "127.0.0.1:0",
    });
  }

  /** @param rules file with rules of topics; empty: none */
  startTransfer(rules = ""): Promise<Program> {
    return this.#start("weir-transfer", {
      kafka: { brokers: [this.servers.kafka] },
      consumer: {
        groupId: this.topic,
        topics: [this.topic],
        sessionTimeout: "6s",
        heartbeat: "500ms",
        topicsRefresh: "1s",
      },
      elasticsearch: { nodes: [this.servers.elasticsearch] },
      ledger: { topic: this.ledger },
      topics: { file: rules },
      listen: "127.0.0.1:0",
    });
  }

  /** The page, and its address. */
  async startPage(): Promise<string> {
    const page = await this.#start("weir", {
      elasticsearch: { nodes: [this.servers.elasticsearch] },
      index: [this.indices],
      etcd: { hosts: [this.servers.etcd] },
      fleet: { register: false },
      kafka: { brokers: [this.servers.kafka], ledgerTopic: this.ledger },
      listen: "127.0.0.1:0",
    }, ["page"]);
    return (await page.waitForLine(/Weir is at\s+(http:\S+)/))[1];
  }

  startMonitor(): Promise<Program> {
    const { url, org, bucket, token } = this.servers.influxdb;
    Deno.writeTextFileSync(this.folder.join("token"), token);
    return this.#start("weir-monitor", {
      listen: "127.0.0.1:0",
      influx: {
        enabled: true,
        url,
        org,
        bucket,
        tokenFile: this.folder.join("token"),
        interval: "1s",
      },
    });
  }

  /** Runs a command of `weir` to its end. */
  async weir(...args: string[]): Promise<Ended> {
    return await startProgram(`${this.#dist}/weir`, args).toEnd();
  }

  /** Where a program's own status server listens. */
  async addressOf(program: Program): Promise<string> {
    return await waitFor("the address in the program's log", () => {
      return /http:\/\/127\.0\.0\.1:\d+/.exec(program.stderr)?.[0];
    });
  }

  /** Records in the topic, repeats included. */
  async recordsInKafka(): Promise<number> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      const offsets = await admin.fetchTopicOffsets(this.topic);
      return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
    } catch {
      return 0; // no topic yet
    } finally {
      await admin.disconnect();
    }
  }

  get indices(): string {
    return `weir-${this.topic}-*`;
  }

  async documents(): Promise<number> {
    await this.elastic.indices.refresh({ index: this.indices, allow_no_indices: true });
    const { count } = await this.elastic.count({ index: this.indices, allow_no_indices: true });
    return count;
  }

  /** All messages in the index, in no order. */
  async messages(): Promise<string[]> {
    return await indexedMessages(this.elastic, this.indices);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.kill9();
    await this.etcd.delete().prefix(`/logagent/${this.ip}/`);
    this.etcd.close();
    await deleteIndices(this.elastic, this.indices);
    await this.elastic.close();
    const admin = this.kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [this.topic, this.ledger] }).catch(() => {}); // a test that failed early made none
    await admin.disconnect();
    await this.folder.remove();
  }
}
