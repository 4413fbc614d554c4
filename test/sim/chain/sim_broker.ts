/**
 * The simulated brokers: partitions with a log on each of three brokers, followers that lag, an in-sync set, a high
 * watermark, idempotent producers whose numbers are found in the log, leaders that change. A broker that loses power
 * loses what it had not synced; one that is killed does not. Retention removes the oldest batches, read or not. Brokers
 * take and give record batches as they are.
 */
import { WeirError } from "../../../core/errors.ts";
// @ts-ignore: kafkajs has no types for its inner files
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import { readBatches, type RecordBatch } from "../../../transfer/consume/record_batch.ts";
import type { Random } from "../../support/random.ts";
import type { Server } from "./network.ts";
import { changeOrTime, sleep } from "./virtual_time.ts";

export const CODE = {
  OFFSET_OUT_OF_RANGE: 1,
  UNKNOWN_TOPIC: 3,
  NOT_LEADER: 6,
  TIMED_OUT: 7,
  TOO_LARGE: 10,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  OUT_OF_ORDER: 45,
} as const;

const MIN_IN_SYNC = 2;
const BATCHES_REMEMBERED = 5;
/** A follower that did not catch up for so long is no longer in sync. */
const LAG_MAX_MS = 3000;

/** The protocol's error of a code, as kafkajs makes it. */
export function protocolError(code: number): Error & { type: string } {
  return createErrorFromCode(code);
}

interface Stored extends RecordBatch {
  epoch: number;
  sequence: number;
}

interface Log {
  batches: Stored[];
  /** Batches that survive a loss of power. */
  synced: number;
  caughtUpMs: number;
}

export class SimPartition {
  readonly logs = new Map<number, Log>();
  leader = 1;
  inSync: Set<number>;
  highWatermark = 0;
  /** Grows with each change of the leader. */
  term = 0;
  /** Retention removed what is before it; what that was is kept for the checker, and for the producers' numbers. */
  logStart = 0;
  readonly removed: Stored[] = [];
  /** What is before it was removed before the group had an offset: nobody can know that there was more. */
  unseen = 0;
  /** Settles with the next change. */
  changed = Promise.withResolvers<void>();

  constructor(readonly topic: string, readonly number: number, nodes: readonly number[]) {
    for (const node of nodes) this.logs.set(node, { batches: [], synced: 0, caughtUpMs: 0 });
    this.inSync = new Set(nodes);
  }

  end(node = this.leader): number {
    const last = this.logs.get(node)!.batches.at(-1);
    return last === undefined ? this.logStart : last.lastOffset + 1;
  }
  /** What consumers can read. */
  get readable(): Stored[] {
    return this.logs.get(this.leader)!.batches
      .filter(({ lastOffset }) => lastOffset < this.highWatermark);
  }

  /** Retention removes the oldest of what consumers can read. */
  remove(count: number): void {
    const gone = this.readable.slice(0, count);
    if (gone.length === 0) return;
    this.removed.push(...gone);
    this.logStart = gone.at(-1)!.lastOffset + 1;
    for (const log of this.logs.values()) {
      const kept = log.batches.findIndex(({ lastOffset }) => lastOffset >= this.logStart);
      const old = kept < 0 ? log.batches.length : kept;
      log.batches.splice(0, old);
      log.synced = Math.max(0, log.synced - old);
    }
  }
}

export class SimBroker implements Server {
  readonly name: string;
  up = true;
  starts = 0;
  /** Its fetches from leaders take this long at most, ms. */
  lagMs = 20;

  constructor(readonly node: number) {
    this.name = `broker ${node}`;
  }
}

export class SimBrokers {
  readonly brokers: readonly SimBroker[];
  readonly topics = new Map<string, SimPartition[]>();
  readonly #random: Random;
  #nextProducer = 1n;
  /** Larger batches are refused. */
  batchBytesMax = Infinity;

  constructor(random: Random, count = 3) {
    this.#random = random;
    this.brokers = Array.from({ length: count }, (_, i) => new SimBroker(i + 1));
  }

  broker(node: number): SimBroker {
    return this.brokers[node - 1];
  }
  partition(topic: string, number: number): SimPartition {
    const found = this.topics.get(topic)?.[number];
    if (found === undefined) throw protocolError(CODE.UNKNOWN_TOPIC);
    return found;
  }
  get partitions(): SimPartition[] {
    return [...this.topics.values()].flat();
  }

  createTopic(topic: string, partitions: number): void {
    const nodes = this.brokers.map(({ node }) => node);
    const made = Array.from({ length: partitions }, (_, i) => new SimPartition(topic, i, nodes));
    this.topics.set(topic, made);
    made.forEach((partition, i) => partition.leader = nodes[i % nodes.length]);
    for (const partition of made) this.#elect(partition);
  }

  addPartition(topic: string): void {
    const partitions = this.topics.get(topic)!, nodes = this.brokers.map(({ node }) => node);
    const added = new SimPartition(topic, partitions.length, nodes);
    partitions.push(added);
    added.leader = this.#random.pick(nodes);
    this.#elect(added);
  }

  newProducer(): { id: bigint; epoch: number } {
    return { id: this.#nextProducer++, epoch: 0 };
  }

  // What happens to brokers:

  /** The process ends. `power`: with what it had not synced; only where everything is in sync elsewhere. */
  crash(node: number, power: boolean): void {
    const broker = this.broker(node);
    broker.up = false;
    broker.starts++;
    for (const partition of this.partitions) {
      const log = partition.logs.get(node)!;
      if (power) log.batches.length = log.synced;
      if (partition.inSync.size > 1) partition.inSync.delete(node);
      this.#elect(partition);
    }
  }

  get allInSync(): boolean {
    const count = this.brokers.length;
    return this.partitions.every(({ inSync }) => inSync.size === count);
  }

  start(node: number): void {
    this.broker(node).up = true;
    for (const partition of this.partitions) this.#elect(partition);
  }

  /** Another of those in sync leads, as after a rolling restart. */
  moveLeader(partition: SimPartition): void {
    const others = [...partition.inSync]
      .filter((node) => node !== partition.leader && this.broker(node).up);
    if (others.length === 0) return;
    partition.leader = this.#random.pick(others);
    this.#lead(partition);
  }

  #elect(partition: SimPartition): void {
    const able = [...partition.inSync].filter((node) => this.broker(node).up);
    if (able.length > 0 && !able.includes(partition.leader)) partition.leader = able[0];
    this.#lead(partition);
  }

  #lead(partition: SimPartition): void {
    partition.term++;
    this.#advance(partition);
    for (const { node } of this.brokers) {
      if (node !== partition.leader) void this.#follow(partition, node, partition.term);
    }
    void this.#sync(partition, partition.term);
    wake(partition);
  }

  /** A follower copies from the leader until another one leads. */
  async #follow(partition: SimPartition, node: number, term: number): Promise<void> {
    const broker = this.broker(node), log = partition.logs.get(node)!;
    while (partition.term === term) {
      const isUp = broker.up && this.broker(partition.leader).up;
      const behind = partition.end() > partition.end(node) || !partition.inSync.has(node);
      if (isUp) this.#copy(partition, node, log);
      if (!behind || !isUp) {
        await changeOrTime([partition.changed.promise], 1000);
        if (partition.term !== term) return;
      }
      await sleep(this.#random.below(broker.lagMs));
    }
  }

  #copy(partition: SimPartition, node: number, log: Log): void {
    const leaders = partition.logs.get(partition.leader)!.batches;
    let same = 0;
    while (same < log.batches.length && log.batches[same] === leaders[same]) same++;
    log.batches.length = same;
    log.synced = Math.min(log.synced, same);
    log.batches.push(...leaders.slice(same));
    log.caughtUpMs = Date.now();
    partition.inSync.add(node);
    this.#advance(partition);
  }

  /** Pages reach the disk when the kernel finds time. */
  async #sync(partition: SimPartition, term: number): Promise<void> {
    while (partition.term === term) {
      await sleep(500 + this.#random.below(8000));
      for (const log of partition.logs.values()) {
        if (this.#random.chance(0.5)) log.synced = log.batches.length;
      }
      this.#shrink(partition);
    }
  }

  #shrink(partition: SimPartition): void {
    for (const node of [...partition.inSync]) {
      if (node === partition.leader || partition.inSync.size === 1) continue;
      const isBehind = partition.end(node) < partition.end();
      const late = Date.now() - partition.logs.get(node)!.caughtUpMs > LAG_MAX_MS;
      if (isBehind && late) partition.inSync.delete(node);
    }
    this.#advance(partition);
  }

  #advance(partition: SimPartition): void {
    const ends = [...partition.inSync].map((node) => partition.end(node));
    const high = Math.min(...ends);
    if (high <= partition.highWatermark) return;
    partition.highWatermark = high;
    wake(partition);
  }

  // What clients ask for; `node` is the broker that is asked:

  /** Appends a batch; returns the protocol's error code, 0 where it is acknowledged. */
  async produce(
    node: number,
    { topic, number, bytes, acks }: {
      topic: string;
      number: number;
      bytes: Uint8Array;
      acks: number;
    },
  ): Promise<number> {
    const partition = this.topics.get(topic)?.[number];
    if (partition === undefined) return CODE.UNKNOWN_TOPIC;
    if (partition.leader !== node) return CODE.NOT_LEADER;
    if (bytes.length > this.batchBytesMax) return CODE.TOO_LARGE;
    if (acks === -1 && partition.inSync.size < MIN_IN_SYNC) return CODE.NOT_ENOUGH_REPLICAS;
    const end = this.#append(partition, bytes);
    if (end < 0) return -end;
    if (acks !== -1) return 0;
    const { term } = partition, limit = Date.now() + 3000;
    while (partition.highWatermark < end) {
      await changeOrTime([partition.changed.promise], limit - Date.now());
      if (partition.term !== term) return CODE.NOT_LEADER;
      if (Date.now() >= limit) return CODE.TIMED_OUT;
    }
    return partition.inSync.size < MIN_IN_SYNC ? CODE.NOT_ENOUGH_REPLICAS_AFTER_APPEND : 0;
  }

  /** The offset behind the batch, or minus an error code. */
  #append(partition: SimPartition, bytes: Uint8Array): number {
    const raw = bytes.slice(), view = new DataView(raw.buffer);
    view.setBigInt64(0, BigInt(partition.end()));
    const [batch] = readBatches(raw);
    if (batch === undefined) throw new WeirError("SIM_BATCH", "Not one whole batch arrived");
    const stored: Stored = { ...batch, epoch: view.getInt16(51), sequence: view.getInt32(53) };
    const { batches } = partition.logs.get(partition.leader)!;
    if (stored.producerId !== "-1") {
      const known = [...partition.removed, ...batches].filter(({ producerId }) =>
        producerId === stored.producerId
      )
        .slice(-BATCHES_REMEMBERED);
      const twin = known.find((one) =>
        one.sequence === stored.sequence && one.count === stored.count
      );
      if (twin !== undefined) return twin.lastOffset + 1;
      const last = known.at(-1);
      const isNext = last === undefined || stored.sequence === last.sequence + last.count;
      if (!isNext) return -CODE.OUT_OF_ORDER;
    }
    batches.push(stored);
    partition.logs.get(partition.leader)!.caughtUpMs = Date.now();
    this.#advance(partition);
    wake(partition);
    return stored.lastOffset + 1;
  }

  /** Whole batches from the offset on, as far as consumers may see; waits for the first. */
  async fetch(
    node: number,
    asked: { topic: string; number: number; offset: number; bytesMax: number }[],
    waitMs: number,
  ): Promise<Fetched[]> {
    const until = Date.now() + waitMs;
    for (;;) {
      const found = asked.map((one) => this.#read(node, one));
      if (found.some(({ code, bytes }) => code !== 0 || bytes.length > 0)) return found;
      if (Date.now() >= until) return found;
      const changes = asked.map(({ topic, number }) =>
        this.partition(topic, number).changed.promise
      );
      await changeOrTime(changes, until - Date.now());
    }
  }

  #read(
    node: number,
    { topic, number, offset, bytesMax }: {
      topic: string;
      number: number;
      offset: number;
      bytesMax: number;
    },
  ): Fetched {
    const none = { topic, number, highWatermark: 0, logStart: 0, bytes: [] as Uint8Array[] };
    const partition = this.topics.get(topic)?.[number];
    if (partition === undefined) return { ...none, code: CODE.UNKNOWN_TOPIC };
    if (partition.leader !== node) return { ...none, code: CODE.NOT_LEADER };
    const { highWatermark, logStart } = partition;
    if (offset > partition.end() || offset < logStart) {
      return { ...none, highWatermark, logStart, code: CODE.OFFSET_OUT_OF_RANGE };
    }
    const bytes: Uint8Array[] = [];
    let size = 0;
    for (const batch of partition.readable) {
      if (batch.lastOffset < offset) continue;
      if (size > 0 && size + batch.raw.length > bytesMax) break;
      bytes.push(batch.raw);
      size += batch.raw.length;
    }
    return { topic, number, code: 0, highWatermark, logStart, bytes };
  }
}

function wake(partition: SimPartition): void {
  partition.changed.resolve();
  partition.changed = Promise.withResolvers();
}

export interface Fetched {
  topic: string;
  number: number;
  /** Of the protocol, 0 where all is well. */
  code: number;
  highWatermark: number;
  logStart: number;
  /** Whole batches. */
  bytes: Uint8Array[];
}
