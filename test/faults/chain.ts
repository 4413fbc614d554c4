/**
 * The chain under test: the agent and one or two transfers as executables, told by etcd what to tail, with short
 * time-outs, and what has arrived in the index. The agent's state is on a disk of its own that can be filled up.
 */
import { stringify } from "yaml";
import { FakeClock } from "../support/fake_clock.ts";
import { LossyLink } from "../support/lossy_link.ts";
import { type Program, startProgram } from "../support/process.ts";
import type { Random } from "../support/random.ts";
import { SmallDisk } from "../support/small_disk.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { FaultServers } from "./servers.ts";
import { TOPICS, Workload } from "./workload.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** The folder of the executables under test. */
export const DIST = Deno.env.get("WEIR_TEST_DIST") ?? `${ROOT}dist`;
const KEY = "/logagent/10.9.9.9/collect_config";
const STATE_BYTES = 1 << 20;

export const GROUP = "faults";
/** After this long without a sign of a transfer its partitions go to others. */
export const SESSION_MS = 6000;
/** Topic of what other producers write. */
export const POISON_TOPIC = "poison";

const WORKS_MS = 120_000;

export type ProgramName = "weir-agent" | "weir-transfer" | "second-transfer";

/** What a program may be started with beside its settings. */
export interface StartWith {
  dist?: string;
  env?: Readonly<Record<string, string>>;
}

export class FaultChain implements AsyncDisposable {
  readonly servers: FaultServers;
  readonly workload: Workload;
  readonly folder: TempDir;
  readonly disk: SmallDisk;
  readonly #running = new Map<ProgramName, Program>();
  /** Of programs that have another clock than the machine's. */
  readonly #clocks = new Map<ProgramName, FakeClock>();
  #link: Promise<LossyLink> | undefined;
  #ended = "";

  private constructor(
    made: { servers: FaultServers; folder: TempDir; disk: SmallDisk; workload: Workload },
  ) {
    this.servers = made.servers;
    this.folder = made.folder;
    this.disk = made.disk;
    this.workload = made.workload;
  }

  /** Servers, programs and an empty workload of `lines`. Needs root, for the small disk. */
  static async start(lines: number, random: Random): Promise<FaultChain> {
    const folder = await tempDir("weir-faults-");
    const disk = await SmallDisk.open(STATE_BYTES);
    const servers = await FaultServers.start();
    const workload = new Workload(folder.join("logs"), lines, random);
    const chain = new FaultChain({ servers, folder, disk, workload });
    await chain.#writeSettings();
    await chain.configure(chain.entries);
    chain.start("weir-agent");
    chain.start("weir-transfer");
    return chain;
  }

  /** What the agent is told to tail. */
  get entries(): unknown[] {
    return TOPICS.map((topic) => ({ path: this.folder.join(`logs/${topic}/*.log*`), topic }));
  }

  /** Writes a value into etcd, as an operator does: whatever it is. */
  async configure(value: unknown): Promise<void> {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    await this.servers.withEtcd(async (etcd) => await etcd.put(KEY).value(text));
  }

  async unconfigure(): Promise<void> {
    await this.servers.withEtcd((etcd) => etcd.delete().key(KEY));
  }

  /** @param dist folder of its executable */
  start(name: ProgramName, { dist = DIST, env = {} }: StartWith = {}): void {
    const command = name === "second-transfer" ? "weir-transfer" : name;
    const config = this.folder.join(`${name}.yaml`);
    this.#running.set(name, startProgram(`${dist}/${command}`, ["--config", config], { env }));
  }

  /** Ends it softly, starts it so, and waits until it does its work. */
  async restart(name: ProgramName, how: StartWith): Promise<void> {
    await this.end(name, "SIGTERM");
    this.start(name, how);
    await this.works(name);
  }

  /** Waits until an agent has its entries, a transfer its partitions. */
  async works(name: ProgramName): Promise<void> {
    if (name === "weir-agent") {
      const started = /Configuration applied|Going on with the last configuration/;
      await this.program(name).waitForLine(started, WORKS_MS);
      return;
    }
    await waitFor(`the group, with ${name}`, async () => {
      return await this.servers.groupIsStable(GROUP, this.members);
    }, { timeoutMs: WORKS_MS, everyMs: 50, detail: () => this.tail() });
  }

  /** The clock of a program that runs; where that is the machine's, it is started anew with one of its own. */
  async clockOf(name: ProgramName): Promise<FakeClock> {
    const known = this.#clocks.get(name);
    if (known !== undefined) return known;
    const clock = await FakeClock.make();
    await this.restart(name, { env: clock.env });
    this.#clocks.set(name, clock);
    return clock;
  }

  /** The piece of bad network that ways can be led over; made when it is first asked for. */
  async link(): Promise<LossyLink> {
    this.#link ??= LossyLink.open(this.servers.ways.map(({ target }) => target));
    return await this.#link;
  }

  program(name: ProgramName): Program {
    const program = this.#running.get(name);
    if (program === undefined) throw new Error(`${name} does not run`);
    return program;
  }

  /** Ends it and waits until it is gone; its last words are kept for a failure's text. */
  async end(name: ProgramName, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const program = this.program(name);
    await (signal === "SIGKILL" ? program.kill9() : program.stop(30_000));
    this.#ended = `${name} ended by ${signal}${program.tail()}`;
    this.#running.delete(name);
    await this.#clocks.get(name)?.[Symbol.asyncDispose]();
    this.#clocks.delete(name);
  }

  /** Programs that run, for measuring them. */
  get running(): ReadonlyMap<ProgramName, Program> {
    return this.#running;
  }

  /** Transfers that should be in the group. */
  get members(): number {
    return [...this.#running.keys()].filter((name) => name !== "weir-agent").length;
  }

  /** Numbered lines in the index that came from the workload's files, repeats included. */
  async documents(): Promise<number> {
    const { elastic } = this.servers, index = TOPICS.map((topic) => `weir-${topic}-*`);
    await elastic.indices.refresh({ index, allow_no_indices: true });
    return (await elastic.count({ index, allow_no_indices: true, query: this.query })).count;
  }

  /** Documents of the workload's files. */
  get query() {
    const should = this.prefixes.map((path) => ({ prefix: { "log.file.path": path } }));
    return { bool: { should } };
  }

  /** How paths of the workload's files begin, and of no others. */
  get prefixes(): string[] {
    return TOPICS.map((topic) => this.folder.join(`logs/${topic}/f`));
  }

  /** The last output of everything, for a failure's text. */
  tail(): string {
    const running = [...this.#running].map(([name, program]) => `--- ${name}${program.tail()}`);
    return [...running, this.#ended].join("\n");
  }

  async #writeSettings(): Promise<void> {
    const { toKafka, toElasticsearch, toEtcd } = this.servers;
    const kafka = (reader: "agent" | "transfer") => ({
      brokers: toKafka[reader].map(({ address }) => address),
      connectionTimeout: "1s",
      requestTimeout: "3s",
    });
    const etcd = { hosts: toEtcd.map(({ url }) => url), timeout: "2s", reread: "2s" };
    const transfer = {
      kafka: kafka("transfer"),
      etcd,
      consumer: {
        groupId: GROUP,
        topics: [...TOPICS, POISON_TOPIC],
        sessionTimeout: `${SESSION_MS / 1000}s`,
        rebalanceTimeout: "10s",
        heartbeat: "500ms",
        topicsRefresh: "1s",
      },
      elasticsearch: { nodes: [toElasticsearch.url], requestTimeout: "10s" },
      bulk: { retryMax: "1s" },
      index: { replicas: 0 },
      listen: "127.0.0.1:0",
    };
    const settings: Record<ProgramName, unknown> = {
      "weir-agent": {
        state: this.disk.join("state"),
        ip: "10.9.9.9",
        etcd,
        kafka: { ...kafka("agent"), newTopicPartitions: 4 },
        tail: { roots: [this.folder.join("logs")] },
        listen: "127.0.0.1:0",
      },
      "weir-transfer": transfer,
      "second-transfer": transfer,
    };
    for (const [name, value] of Object.entries(settings)) {
      await Deno.writeTextFile(this.folder.join(`${name}.yaml`), stringify(value));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((program) => program.kill9()));
    for (const clock of this.#clocks.values()) await clock[Symbol.asyncDispose]();
    this.workload.close();
    await (await this.#link?.catch(() => undefined))?.[Symbol.asyncDispose]();
    await this.servers[Symbol.asyncDispose]();
    await this.disk[Symbol.asyncDispose]();
    await this.folder.remove();
  }
}
