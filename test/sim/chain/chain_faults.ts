/** The faults of a simulated world: each begins, and heals by itself after a time of its own, so that they overlap. */
import type { Random } from "../../support/random.ts";
import { type IndexFaults, NO_FAULTS } from "./sim_index.ts";
import type { SimPartition } from "./sim_broker.ts";
import type { ChainWorld } from "./chain_world.ts";
import { WeirError } from "../../../core/errors.ts";
import { PARTIAL_FLUSH_MS, TOPIC } from "./agent_process.ts";

/** A topic grows to so many. */
const PARTITIONS_MAX = 8;

interface Fault {
  name: string;
  /** Share of all faults. */
  weight: number;
  /** Begins; returns what heals it, undefined where it did not begin or is over at once. */
  begin(world: ChainWorld, random: Random): (() => void) | undefined;
}

export const FAULTS: readonly Fault[] = [
  {
    name: "agent killed",
    weight: 6,
    begin(world, random) {
      const host = random.pick(world.hosts);
      if (!host.runs) return undefined;
      world.wait(host.kill());
      return () => world.startAgent(host);
    },
  },
  {
    name: "agent stopped",
    weight: 2,
    begin(world, random) {
      const host = random.pick(world.hosts);
      if (!host.runs) return undefined;
      const stopped = host.stop();
      world.wait(stopped);
      return () => void stopped.then(() => world.startAgent(host));
    },
  },
  {
    name: "agent cut off",
    weight: 3,
    begin(world, random) {
      const { life } = random.pick(world.hosts);
      if (life === undefined) return undefined;
      life.cut = true;
      return () => life.cut = false;
    },
  },
  {
    name: "clock jumps",
    weight: 1,
    begin(world, random) {
      random.pick(world.hosts).jumpMs = random.below(7_200_000) - 3_600_000;
      return undefined;
    },
  },
  {
    name: "disk full",
    weight: 2,
    begin(world, random) {
      const { files } = random.pick(world.hosts);
      files.writeFailure = new WeirError("DISK_FULL", "No room", { retriable: true });
      return () => files.writeFailure = undefined;
    },
  },
  {
    name: "slow disk",
    weight: 3,
    begin(world, random) {
      const host = random.pick(world.hosts);
      host.writeMs = 1500;
      return () => host.writeMs = 30;
    },
  },
  {
    name: "agent killed while a file is rotated",
    weight: 5,
    begin(world, random) {
      const at = random.below(world.hosts.length), host = world.hosts[at];
      if (!host.runs) return undefined;
      world.writers[at].rotate();
      const { life } = host;
      let healed = false;
      setTimeout(() => {
        if (host.life === life && host.runs) world.wait(host.kill());
        if (healed) world.startAgent(host);
      }, random.below(300));
      return () => {
        healed = true;
        world.startAgent(host);
      };
    },
  },
  {
    name: "agent killed while a trace is told slowly",
    weight: 5,
    begin(world, random) {
      const at = random.below(world.hosts.length), host = world.hosts[at];
      const [path] = [...host.joinings.keys()];
      if (!host.runs || path === undefined) return undefined;
      const writer = world.writers[at], { life } = host;
      writer.trace(path, true);
      let healed = false;
      setTimeout(() => {
        if (host.life === life && host.runs) world.wait(host.kill());
        writer.trace(path, false);
        if (healed) world.startAgent(host);
      }, PARTIAL_FLUSH_MS + random.below(800));
      return () => {
        healed = true;
        world.startAgent(host);
      };
    },
  },
  {
    name: "broker killed",
    weight: 3,
    begin: (world, random) => crash(world, random, false),
  },
  {
    name: "broker without power",
    weight: 6,
    begin: (world, random) => crash(world, random, true),
  },
  {
    name: "leader moved",
    weight: 3,
    begin(world, random) {
      const { brokers } = world.kafka;
      brokers.moveLeader(random.pick(brokers.partitions));
      return undefined;
    },
  },
  {
    name: "partition added",
    weight: 3,
    begin({ kafka: { brokers } }) {
      // A new one is in sync with all, so all have to be there.
      if (brokers.partitions.length >= PARTITIONS_MAX || !brokers.brokers.every(({ up }) => up)) {
        return undefined;
      }
      brokers.addPartition(TOPIC);
      return undefined;
    },
  },
  {
    name: "slow follower",
    weight: 3,
    begin(world, random) {
      const broker = random.pick(world.kafka.brokers.brokers);
      broker.lagMs = 2000;
      return () => broker.lagMs = 20;
    },
  },
  {
    name: "slow network between brokers",
    weight: 6,
    begin(world) {
      const { brokers } = world.kafka.brokers;
      for (const broker of brokers) broker.lagMs = 1500;
      return () => {
        for (const broker of brokers) broker.lagMs = 20;
      };
    },
  },
  {
    name: "brokers take small batches only",
    weight: 2,
    begin(world) {
      const { brokers } = world.kafka;
      brokers.batchBytesMax = 1000;
      return () => brokers.batchBytesMax = Infinity;
    },
  },
  {
    name: "transfer killed",
    weight: 6,
    begin(world, random) {
      const transfer = random.pick(world.transfers);
      world.wait(world.remove(transfer).kill());
      return () => world.startTransfer();
    },
  },
  {
    name: "transfer stopped",
    weight: 2,
    begin(world, random) {
      world.wait(world.remove(random.pick(world.transfers)).stop());
      return () => world.startTransfer();
    },
  },
  {
    name: "another transfer",
    weight: 2,
    begin(world) {
      if (world.transfers.length > 2) return undefined;
      const extra = world.startTransfer();
      return () => {
        if (world.transfers.includes(extra)) world.wait(world.remove(extra).stop());
      };
    },
  },
  {
    name: "transfer cut off",
    weight: 3,
    begin(world, random) {
      const { life } = random.pick(world.transfers);
      life.cut = true;
      return () => life.cut = false;
    },
  },
  {
    name: "index down",
    weight: 3,
    begin(world) {
      world.index.crash();
      return () => world.index.up = true;
    },
  },
  index("index throttles", { throttled: 0.3 }),
  index("shards missing", { unavailable: 0.3 }),
  index("index refuses", { refused: 0.4 }),
  index("proxy answers", { proxy: 0.4 }),
  index("taken in part", { partly: 0.3 }),
  index("disk of the index full", { blocked: true }),
  index("no index can be made", { shardLimit: true }),
  index("small bodies", { bytesMax: 1500 }),
  {
    name: "etcd down",
    weight: 2,
    begin(world) {
      world.etcd.crash();
      return () => world.etcd.up = true;
    },
  },
  network("requests lost", { request: 0.1 }),
  network("answers lost", { answer: 0.15 }),
  network("requests late", { late: 0.1 }),
];

/** Kafka removes what the group has not committed; only in worlds whose end is looked at with that in mind. */
const RETENTION: Fault = {
  name: "retention ahead of the transfers",
  weight: 0,
  begin({ kafka: { brokers, group } }, random) {
    const committedOf = ({ topic, number }: SimPartition) =>
      group.committed.get(`${topic} ${number}`);
    const unread = (partition: SimPartition) => {
      const committed = committedOf(partition) ?? 0;
      return partition.readable.filter(({ lastOffset }) => lastOffset >= committed).length;
    };
    const behind = brokers.partitions.filter((partition) => unread(partition) > 0);
    if (behind.length === 0) return undefined;
    const partition = random.pick(behind), count = unread(partition);
    partition.remove(partition.readable.length - count + 1 + random.below(count));
    if (committedOf(partition) === undefined) partition.unseen = partition.logStart;
    return undefined;
  },
};

function crash(world: ChainWorld, random: Random, power: boolean): (() => void) | undefined {
  const { brokers } = world.kafka;
  const broker = random.pick(brokers.brokers.filter(({ up }) => up));
  const others = brokers.brokers.filter(({ up }) => up).length;
  // Two that lose power at once lose what both had not synced: docs/record-format.md says what then.
  if (broker === undefined || others < 2 || (power && !brokers.allInSync)) return undefined;
  brokers.crash(broker.node, power);
  return () => brokers.start(broker.node);
}

function index(name: string, faults: Partial<IndexFaults>): Fault {
  return {
    name,
    weight: 1,
    begin(world) {
      Object.assign(world.index.faults, faults);
      return () => {
        for (const key of Object.keys(faults) as (keyof IndexFaults)[]) {
          Object.assign(world.index.faults, { [key]: NO_FAULTS[key] });
        }
      };
    },
  };
}

function network(name: string, loss: Partial<ChainWorld["network"]["loss"]>): Fault {
  return {
    name,
    weight: 2,
    begin(world) {
      Object.assign(world.network.loss, loss);
      return () => {
        for (const key of Object.keys(loss)) Object.assign(world.network.loss, { [key]: 0 });
      };
    },
  };
}

const TOTAL = FAULTS.reduce((sum, { weight }) => sum + weight, 0);

export function pickFault(random: Random, hasRetention: boolean): Fault {
  if (hasRetention && random.chance(0.2)) return RETENTION;
  let roll = random.below(TOTAL);
  return FAULTS.find(({ weight }) => (roll -= weight) < 0)!;
}
