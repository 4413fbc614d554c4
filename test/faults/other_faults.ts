/** Faults of what comes in: a group that changes, leaders that move, records and lines of poison, hostile settings. */
import { Buffer } from "node:buffer";
import { Kafka, logLevel } from "kafkajs";
import { type FaultChain, POISON_TOPIC } from "./chain.ts";
import { endServers, type Fault, type Heal } from "./fault.ts";
import { TOPICS } from "./workload.ts";

/** What other producers may write: none of it is a line of ours, all of it must be got past. */
const POISON: readonly { value: Buffer | null; headers?: Record<string, string> }[] = [
  { value: null },
  { value: Buffer.alloc(0) },
  { value: Buffer.from([0, 255, 254, 192, 128]) },
  { value: Buffer.from("\u001b[31mred\u0007 <img src=x onerror=alert(1)> \r {") },
  { value: Buffer.from(`{"__proto__":{"a":1},"@timestamp":"x","message":{"a":[1]}}`) },
  { value: Buffer.from("[".repeat(5000)) },
  { value: Buffer.from(JSON.stringify(Object.fromEntries(manyKeys(3000)))) },
  { value: Buffer.from("plain"), headers: { "log.offset": "-1", "log.length": "x" } },
  { value: Buffer.from("plain"), headers: { "weir.v": "99", "weir.day": "0000-99-99" } },
];

function manyKeys(count: number): [string, number][] {
  return Array.from({ length: count }, (_, i) => [`key${i}`, i]);
}

async function poison(chain: FaultChain): Promise<Heal> {
  const brokers = chain.servers.kafka.address.split(",");
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  try {
    for (const topic of [POISON_TOPIC, ...TOPICS]) {
      await producer.send({ topic, messages: POISON.map((one) => ({ key: "poison", ...one })) });
    }
  } finally {
    await producer.disconnect();
  }
  return () => {};
}

/** Lines of a file of its own in the same folder, told apart by its path. */
function poisonLines({ folder }: FaultChain): Heal {
  const long = "x".repeat(600_000), path = folder.join(`logs/${TOPICS[0]}/poison.log`);
  const parts = [long, "\0\0\0", "\xff\xfe", "\r\r", "\u001b]0;title\u0007", "", long];
  Deno.writeTextFileSync(path, `${parts.join("\n")}\n`, { append: true });
  Deno.writeFileSync(path, Uint8Array.of(0xff, 0xfe, 0xc0, 0x0a), { append: true });
  return () => {};
}

/** None of these may change what is tailed. */
function hostileValues(good: unknown[]): unknown[] {
  return [
    "{",
    "",
    "null",
    `[{"path": 7}]`,
    [...good, { path: "/etc/shadow", topic: "../x" }],
    [{ path: "../../etc/passwd", topic: "a".repeat(300) }],
    [...good, { path: "/tmp/*.log", topic: "web", unknown: true }],
    "x".repeat(1_000_000),
  ];
}

export const OTHER_FAULTS: readonly Fault[] = [
  ...(["SIGTERM", "SIGKILL"] as const).map((signal): Fault => ({
    name: `a second transfer comes, and goes by ${signal}`,
    hits: "group",
    also: ["weir-transfer"],
    cases: [34],
    moreMs: signal === "SIGKILL" ? 6000 : 0,
    begin: (chain) => {
      chain.start("second-transfer");
      return () => chain.end("second-transfer", signal);
    },
  })),
  {
    name: "the leader of a partition dies",
    hits: "kafka",
    cases: [27],
    begin: async (chain, random) => {
      const leader = await chain.servers.withAdmin(async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [random.pick(TOPICS)] });
        return random.pick(topics[0].partitions).leader;
      });
      return await endServers([chain.servers.kafka.nodes[leader - 1]], "SIGKILL");
    },
  },
  {
    name: "records of poison in each topic",
    hits: "records",
    needs: ["kafka"],
    cases: [24, 36, 37, 48],
    begin: poison,
  },
  { name: "lines of poison in a file", hits: "lines", cases: [11, 25, 48], begin: poisonLines },
  {
    name: "hostile configuration",
    hits: "configuration",
    needs: ["etcd"],
    cases: [41, 44],
    begin: async (chain) => {
      const good = chain.entries;
      for (const value of hostileValues(good)) await chain.configure(value);
      return () => chain.configure(good);
    },
  },
  {
    name: "the entries are deleted, and come again",
    hits: "configuration",
    needs: ["etcd"],
    cases: [41],
    begin: async (chain) => {
      await chain.unconfigure();
      return () => chain.configure(chain.entries);
    },
  },
];
