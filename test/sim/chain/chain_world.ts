/**
 * A simulated world around the whole chain: programs that write, two hosts with real agents, three brokers, one group
 * of real transfers, one index, one etcd, and faults that overlap. It begins shortly before midnight. Every seed is one
 * world. `chain_check.ts` says what must hold when all is healed.
 */
import type { Audit } from "../../../cli/audit/audit.ts";
import type { DropSeal } from "../../../core/ledger/drop_seal.ts";
import { Random } from "../../support/random.ts";
import { type AgentSeams, PATHS, SEAL_INTERVAL_MS, SimHost, TOPIC } from "./agent_process.ts";
import { pickFault } from "./chain_faults.ts";
import { pickJoinings } from "./joining.ts";
import { KafkaWorld } from "./kafka_world.ts";
import { Network } from "./network.ts";
import { SimBrokers } from "./sim_broker.ts";
import { SimEtcd } from "./sim_decisions.ts";
import { NO_FAULTS, SimIndex } from "./sim_index.ts";
import { type Loss, SimTransfer, type TransferSeams } from "./transfer_process.ts";
import { repair } from "./retention.ts";
import { auditWorld } from "./sim_ledger.ts";
import { VirtualTime } from "./virtual_time.ts";
import { Writers } from "./writers.ts";

/** Planted bugs: none in the real chain. */
export interface Seams extends AgentSeams, TransferSeams {
  beforeAudit?: (world: ChainWorld) => void;
  /** Lines are not joined in any file, and Kafka keeps what it has. */
  plain?: boolean;
}

const STEPS = 50;
const START_MS = Date.UTC(2026, 10, 21, 23, 59, 25);
const PARTITIONS = 3;
/** Within this time after the last fault every line is in the index and committed. */
export const RECOVERY_MS = 120_000;
/** A seal that was on its way may time out, and goes with the next one. */
const LAST_SEALS_MS = SEAL_INTERVAL_MS + 8000;
const NAMES = ["weir-{topic}-{day}", "logs-{topic}-{day}"];

export class ChainWorld {
  readonly time: VirtualTime;
  readonly network: Network;
  readonly kafka: KafkaWorld;
  readonly index: SimIndex;
  readonly etcd = new SimEtcd();
  readonly hosts: SimHost[];
  readonly writers: Writers[];
  transfers: SimTransfer[] = [];
  /** Dropped ranges that the ledger was not told of before the commit, as it was not to be had for too long. */
  readonly untold: DropSeal[] = [];
  /** What transfers counted as removed by Kafka before they read it. */
  readonly losses: Loss[] = [];
  /** Kafka removes records here that nobody has read. */
  readonly hasRetention: boolean;
  /** What must never happen and did. */
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  readonly #random: Random;
  readonly #seams: Seams;
  readonly #endings = new Set<Promise<unknown>>();
  #heals = new Set<() => void>();
  #named = 0;
  /** True where all agents had sent all there is when the time was up. */
  wereSettled = false;
  /** What the audit says in the end. */
  audited: Audit | undefined;
  /** And what it says where Kafka had removed lines, after they were sent again. */
  repaired: Audit | undefined;
  /** Faults that began. */
  faults = 0;

  constructor(seed: number, seams: Seams = {}) {
    const random = this.#random = new Random(seed);
    this.#seams = seams;
    this.time = new VirtualTime(random, START_MS);
    this.network = new Network(random);
    const brokers = new SimBrokers(random);
    this.kafka = new KafkaWorld(brokers, this.network);
    this.index = new SimIndex(random);
    const joinings = () => seams.plain ? new Map() : pickJoinings(random, PATHS);
    this.hosts = ["h1", "h2"].map((name) =>
      new SimHost(name, random, this.kafka, seams, joinings())
    );
    this.hasRetention = !seams.plain && random.chance(0.2);
    this.writers = this.hosts.map((host) => new Writers(host, random));
  }

  /**
   * A life of the world, from its start to the state after the last fault. Throws nothing that `check` should say.
   * @param look called when all is healed and audited, and before what Kafka removed is sent again
   */
  async run(look: () => void): Promise<void> {
    this.time.install();
    try {
      this.kafka.brokers.createTopic(TOPIC, PARTITIONS);
      for (const host of this.hosts) this.startAgent(host);
      this.startTransfer();
      this.startTransfer();
      for (let i = 0; i < STEPS; i++) await this.#step();
      this.#heal();
      await this.#settle();
      this.wereSettled = this.hosts.every((host) => host.settled);
      this.#seams.beforeAudit?.(this);
      this.audited = await this.#inTime(auditWorld(this));
      look();
      if (this.hasRetention) await this.#repair(this.audited);
      await this.#end();
    } finally {
      this.time.restore();
    }
  }

  note(text: string): void {
    this.trace.push(`${((this.time.nowMs - START_MS) / 1000).toFixed(3)} ${text}`);
  }

  /** For the end of the world: what is still on its way out. */
  wait(ending: Promise<unknown>): void {
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  startAgent(host: SimHost): void {
    if (host.runs) return;
    if (host.isChanging) return void setTimeout(() => this.startAgent(host), 100);
    void host.start().then((started) => {
      if (started) return;
      this.note(`${host.name} could not start`);
      setTimeout(() => this.startAgent(host), 1000);
    });
  }

  startTransfer(): SimTransfer {
    const { kafka, index, etcd, untold, losses } = this, seams = this.#seams;
    const site = { kafka, index, etcd, seams, untold, losses };
    const transfer = new SimTransfer(`${++this.#named}`, site, this.#random.pick(NAMES));
    this.transfers.push(transfer);
    transfer.start();
    return transfer;
  }

  /** The last one is replaced at once. */
  remove(transfer: SimTransfer): SimTransfer {
    this.transfers = this.transfers.filter((other) => other !== transfer);
    if (this.transfers.length === 0) this.startTransfer();
    return transfer;
  }

  async #step(): Promise<void> {
    const random = this.#random, roll = random.below(100);
    if (roll < 60) random.pick(this.writers).append();
    else if (roll < 70) random.pick(this.writers).rotate();
    else if (roll < 95) this.#fault();
    await this.time.pass(random.below(4) === 0 ? random.below(4000) : random.below(600));
  }

  #fault(): void {
    const fault = pickFault(this.#random, this.hasRetention);
    const heal = fault.begin(this, this.#random);
    this.note(fault.name);
    this.faults++;
    if (heal === undefined) return;
    const once = () => {
      if (!this.#heals.delete(once)) return;
      this.note(`healed: ${fault.name}`);
      heal();
    };
    this.#heals.add(once);
    const ms = this.#random.chance(0.2) ? this.#random.below(25_000) : this.#random.below(6000);
    setTimeout(once, ms);
  }

  #heal(): void {
    for (const heal of [...this.#heals].sort(() => this.#random.next() - 0.5)) heal();
    this.note("all healed");
    Object.assign(this.index.faults, NO_FAULTS);
    for (const host of this.hosts) host.files.faulty = false;
    for (const writer of this.writers) writer.finish();
  }

  /** Until everything has arrived, at most as long as a recovery may take. */
  async #settle(): Promise<void> {
    for (let passed = 0; passed < RECOVERY_MS; passed += 2000) {
      await this.time.pass(2000);
      if (this.isDone()) break;
    }
    // What comes late comes now, and the agents' last seals.
    await this.time.pass(Math.max(LAST_SEALS_MS, this.network.latestMs - this.time.nowMs + 1000));
  }

  /** True where all agents have sent, and the group has committed, all there is. */
  isDone(): boolean {
    const { brokers, group } = this.kafka;
    return this.hosts.every((host) => host.settled) &&
      brokers.partitions.every(({ topic, number, highWatermark }) =>
        (group.committed.get(`${topic} ${number}`) ?? 0) === highWatermark
      );
  }

  /** Where lines are missing they are sent again, and the world is audited anew. */
  async #repair(found: Audit): Promise<void> {
    if (found.files.every(({ missing }) => missing.length === 0)) return;
    this.note("repair");
    await this.#inTime(repair(this, found));
    await this.#settle();
    this.repaired = await this.#inTime(auditWorld(this));
  }

  /** Lets time pass until it is there. */
  async #inTime<T>(asked: Promise<T>): Promise<T> {
    let isOpen = true;
    void asked.catch(() => {}).then(() => isOpen = false);
    for (let i = 0; isOpen && i < 60; i++) await this.time.pass(1000);
    return await asked;
  }

  async #end(): Promise<void> {
    for (const host of this.hosts) this.wait(host.kill());
    for (const transfer of this.transfers) this.wait(transfer.kill());
    for (let i = 0; i < 60 && this.#endings.size > 0; i++) await this.time.pass(1000);
  }
}
