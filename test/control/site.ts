/** Three agents of one group as processes, real etcd and Kafka, and the operator's commands beside them. */
import type { Etcd3 } from "etcd3";
import { Kafka, logLevel } from "kafkajs";
import { stringify } from "yaml";
import { createEtcd } from "../../core/etcd/client.ts";
import type { Registered } from "../../core/fleet/registration_schema.ts";
import { type Ended, type Program, startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { etcdSettings } from "./settings.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

export class Site implements AsyncDisposable {
  readonly folder: TempDir;
  readonly client: Etcd3;
  readonly group = uniqueName("g");
  readonly topic = uniqueName("control");
  readonly agents: Program[] = [];
  readonly etcd: string;
  readonly kafka: string;

  private constructor(folder: TempDir, etcd: string, kafka: string) {
    this.folder = folder;
    this.etcd = etcd;
    this.kafka = kafka;
    this.client = createEtcd(etcdSettings({ hosts: etcd.split(",") }));
  }

  /** @param etcd another one than the shared; several addresses with commas between */
  static async open(etcd?: string): Promise<Site> {
    const all = await servers("etcd", "kafka");
    return new Site(await tempDir("weir-control-"), etcd ?? all.etcd, all.kafka);
  }

  /** Where this site's agents tell what they tail. */
  get detailTopic(): string {
    return `${this.topic}-detail`;
  }

  /** Where this site's agents answer what a value would do. */
  get answerTopic(): string {
    return `${this.topic}-answers`;
  }

  /** Further variables of the commands. */
  env: Record<string, string> = {};

  get target(): string {
    return `group/${this.group}`;
  }

  get key(): string {
    return `/logagent/group/${this.group}/collect_config`;
  }

  /** Settings of an agent that may read `<folder>/logs` alone; all of a site read the same files. */
  async settingsOf(host: string): Promise<string> {
    const logs = this.folder.join("logs"), file = this.folder.join(`${host}.yaml`);
    await Deno.mkdir(logs, { recursive: true });
    const settings = {
      state: this.folder.join(`${host}-state`),
      host,
      ip: `${this.group}-${host}`,
      source: { groups: [this.group] },
      etcd: { hosts: this.etcd.split(","), timeout: "1s", reread: "2s" },
      fleet: { ttl: "3s", labels: { site: this.group } },
      kafka: { brokers: [this.kafka], newTopicPartitions: 1 },
      detail: { topic: this.detailTopic, interval: "1s" },
      plan: { topic: this.answerTopic },
      tail: { roots: [logs] },
      listen: "127.0.0.1:0",
    };
    await Deno.writeTextFile(file, stringify(settings));
    return file;
  }

  /** Starts an agent, or runs it with other arguments. */
  async startAgent(host: string, ...args: string[]): Promise<Program> {
    const file = await this.settingsOf(host);
    const agent = startProgram(Deno.execPath(), [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      `${ROOT}agent/main.ts`,
      "--config",
      file,
      ...args,
    ], { cwd: ROOT });
    this.agents.push(agent);
    return agent;
  }

  /** Runs `weir ARGS` to its end. */
  async weir(...args: string[]): Promise<Ended> {
    return await this.weirProgram(...args).toEnd();
  }

  weirProgram(...args: string[]): Program {
    return startProgram(Deno.execPath(), [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      `${ROOT}cli/main.ts`,
      ...args,
      ...args[0] === "page" || args[1] === "validate" ? [] : ["--etcd", this.etcd],
    ], { cwd: ROOT, env: { USER: "operator", ...this.env } });
  }

  /** A file with a value, for the commands. */
  async value(entries: unknown): Promise<string> {
    const path = this.folder.join(`${uniqueName("value")}.json`);
    await Deno.writeTextFile(path, JSON.stringify(entries));
    return path;
  }

  /** Registrations of this site's agents, by host. */
  async live(): Promise<Map<string, Registered>> {
    const values = await this.client.getAll().prefix("/weir/live/agent/").strings();
    const all = Object.values(values).map((text) => JSON.parse(text) as Registered);
    return new Map(
      all.filter(({ groups }) => groups.includes(this.group)).map((one) => [one.host, one]),
    );
  }

  async waitForAgents(count: number): Promise<void> {
    await waitFor(`${count} agents`, async () => (await this.live()).size === count, {
      detail: () => this.agents.map((agent) => agent.tail()).join("\n"),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.agents) await agent.stop();
    for (const prefix of [`/logagent/group/${this.group}/`, `/weir/history/group/${this.group}/`]) {
      await this.client.delete().prefix(prefix).catch(() => {}); // the test may have ended its etcd
    }
    this.client.close();
    const admin = new Kafka({ brokers: [this.kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const there = await admin.listTopics();
    const topics = [this.topic, this.detailTopic, this.answerTopic]
      .filter((topic) => there.includes(topic)); // not every test makes them, and kafkajs asks again and again
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await admin.disconnect();
    await this.folder.remove();
  }
}
