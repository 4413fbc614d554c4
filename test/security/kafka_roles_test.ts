/**
 * A user a program in Kafka, with the rights that docs/security.md says: each program does its work with them, and each
 * user is refused everything else. A real broker with a login and the authoriser that Kafka brings.
 */
import assert from "node:assert/strict";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { loadSettings } from "../../core/config/load.ts";
import { SideTopic } from "../../core/kafka/side_topic.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { LedgerLog } from "../../core/ledger/ledger_log.ts";
import { stopParts } from "../../core/lifecycle.ts";
import { readSeals } from "../../cli/audit/read_ledger.ts";
import { transferSettings } from "../../transfer/config.ts";
import { readTopic } from "../../transfer/consume/topic_reader.ts";
import { Transfer } from "../../transfer/transfer.ts";
import { makeAuthority } from "../agent/certificates.ts";
import { numberedChunks, openSink } from "../agent/ship_site.ts";
import { BulkEndpoint } from "../support/bulk_endpoint.ts";
import { PASSWORD, type SecuredKafka, startSecuredKafka } from "../support/real/secured_kafka.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { kafkaAcls } from "./roles.ts";

const USERS = ["weir-agent", "weir-transfer", "weir-page", "weir-operator"] as const;
type User = typeof USERS[number];
const LINES = 300, TOPIC = "web_access", PATIENT = { timeoutMs: 120_000 };

/** What each user may do with a topic: read, write, make it. Nothing where it is not named. */
const ALLOWED: Record<string, Partial<Record<User, string>>> = {
  [TOPIC]: {
    "weir-agent": "write make",
    "weir-transfer": "read",
    "weir-page": "read",
    "weir-operator": "read write",
  },
  "weir-ledger": {
    "weir-agent": "write make",
    "weir-transfer": "write make",
    "weir-page": "read",
    "weir-operator": "read",
  },
  "weir-detail": {
    "weir-agent": "write make",
    "weir-transfer": "write make",
    "weir-page": "read",
  },
  "weir-answers": { "weir-agent": "write make", "weir-page": "read", "weir-operator": "read" },
  "weir-dead": {
    "weir-transfer": "write make",
    "weir-page": "read",
    "weir-operator": "read write",
  },
  "elsewhere": {},
};
/** The groups that a user may join. */
const GROUPS: Record<string, User[]> = { "weir-transfer": ["weir-transfer"], "another": [] };

interface Site {
  kafka: SecuredKafka;
  folder: TempDir;
}

function settingsOf({ kafka, folder }: Site, user: User) {
  return {
    brokers: [kafka.login],
    connectionTimeout: "20s",
    requestTimeout: "30s",
    sasl: {
      mechanism: "plain",
      username: user,
      passwordFile: folder.join("password"),
      allowPlaintext: true,
    },
  };
}

/** As programs make their client. */
function programKafka(site: Site, user: User): Kafka {
  const kafka = settingsOf(site, user);
  const text = JSON.stringify({ kafka, elasticsearch: { nodes: ["http://127.0.0.1:1"] } });
  return createKafka(loadSettings(transferSettings, text, { name: "test" }).kafka, "test", 3);
}

function plainKafka({ kafka }: Site, username: User): Kafka {
  return new Kafka({
    brokers: [kafka.login],
    sasl: { mechanism: "plain", username, password: PASSWORD },
    logLevel: logLevel.NOTHING,
    connectionTimeout: 20_000,
    retry: { retries: 1 },
  });
}

/** True where it is allowed; throws what is neither that nor a refusal. */
async function may(what: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const said = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error);
    // The last is how kafkajs says that a group may not be asked for; who may join it finds its coordinator.
    const isRefused =
      /AUTHORIZATION_FAILED|[Nn]ot authorized|KAFKA_NOT_AUTHORISED|GroupCoordinatorNotFound/
        .test(said);
    assert(isRefused, `${what}: ${said}`);
    return false;
  }
}

async function send(kafka: Kafka, topic: string): Promise<void> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ key: "k", value: "x" }] });
  } finally {
    await producer.disconnect();
  }
}

async function read(kafka: Kafka, topic: string): Promise<number> {
  let batches = 0;
  for await (const _ of readTopic(kafka, topic)) batches++;
  return batches;
}

async function withAdmin<T>(
  kafka: Kafka,
  work: (admin: ReturnType<Kafka["admin"]>) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Makes it where it is not there; refused without the right, there or not. */
async function make(kafka: Kafka, topic: string): Promise<void> {
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: [{ topic }] }));
}

/** The offsets of a group are there for its members alone. */
async function join(kafka: Kafka, groupId: string): Promise<void> {
  await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId, topics: [TOPIC] }));
}

async function theAgentWorks(site: Site): Promise<void> {
  const { sink, failures } = openSink(settingsOf(site, "weir-agent"));
  const chunks = numberedChunks(TOPIC, "n", LINES, 100);
  await Promise.all(chunks.map((chunk) => sink.send(chunk)));
  await sink.stop(10_000);
  // That all of them arrived the transfer says; a topic that was made a moment ago may have no leader yet.
  assert(!failures.includes("KAFKA_NOT_AUTHORISED"), failures.join());
  const kafka = programKafka(site, "weir-agent");
  const ledger = new LedgerLog(kafka, "weir-ledger");
  await ledger.write([]);
  await ledger.close();
  for (const topic of ["weir-detail", "weir-answers"]) {
    const side = new SideTopic(kafka, { topic, retentionMs: 3_600_000 });
    await side.write([{ key: "k", value: "{}" }]);
    await side.close();
  }
}

/** It reads what the agent wrote, commits, writes a dead letter, and tells the ledger. */
async function theTransferWorks(site: Site): Promise<void> {
  const endpoint = new BulkEndpoint();
  const settings = loadSettings(
    transferSettings,
    JSON.stringify({
      kafka: settingsOf(site, "weir-transfer"),
      elasticsearch: { nodes: [endpoint.url], requestTimeout: "30s" },
      consumer: { topics: [TOPIC], commitInterval: "100ms", fetchWait: "50ms" },
      index: { replicas: 0 },
    }),
    { name: "test" },
  );
  assert.equal(settings.consumer.groupId, "weir-transfer");
  const transfer = new Transfer(settings), parts = transfer.parts();
  for (const part of parts) part.start();
  try {
    const { admin } = site.kafka;
    await waitFor("all committed", async () => {
      const [{ partitions }] = await admin.fetchOffsets({
        groupId: "weir-transfer",
        topics: [TOPIC],
      });
      return partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) >= LINES;
    }, { ...PATIENT, detail: () => transfer.notReady().join("\n") });
    assert.equal(endpoint.documents.size, LINES);
  } finally {
    await stopParts(parts, 10_000);
    await endpoint.close();
  }
  const kafka = programKafka(site, "weir-transfer");
  const dead = new SideTopic(kafka, { topic: "weir-dead", retentionMs: 3_600_000 });
  await dead.write([{ key: "k", value: "a dead letter" }]);
  await dead.close();
}

async function readersWork(site: Site): Promise<void> {
  for (const user of ["weir-page", "weir-operator"] as const) {
    const kafka = programKafka(site, user);
    await readSeals(kafka, "weir-ledger");
    assert(await read(kafka, TOPIC) > 0, user);
    assert(await read(kafka, "weir-dead") > 0, user);
  }
}

async function everythingElseIsRefused(site: Site): Promise<void> {
  const all = new Kafka({ brokers: [site.kafka.plain], logLevel: logLevel.NOTHING });
  for (const topic of Object.keys(ALLOWED)) {
    await make(all, topic);
    await send(all, topic); // so that there is something to read
  }
  let asked = 0, refused = 0;
  const check = async (is: boolean, what: string, work: () => Promise<unknown>) => {
    assert.equal(await may(what, work), is, what);
    asked++;
    if (!is) refused++;
  };
  for (const user of USERS) {
    const kafka = plainKafka(site, user);
    for (const [topic, users] of Object.entries(ALLOWED)) {
      const rights = users[user] ?? "";
      await check(rights.includes("write"), `${user} writes ${topic}`, () => send(kafka, topic));
      await check(rights.includes("read"), `${user} reads ${topic}`, () => read(kafka, topic));
      await check(rights.includes("make"), `${user} makes ${topic}`, () => make(kafka, topic));
      const topics = [topic];
      const remove = () => withAdmin(kafka, (admin) => admin.deleteTopics({ topics }));
      await check(false, `${user} deletes ${topic}`, remove);
    }
    for (const [group, members] of Object.entries(GROUPS)) {
      const is = members.includes(user);
      await check(is, `${user} joins ${group}`, () => join(kafka, group));
    }
    const acl = kafkaAcls().map((one) => ({ ...one, principal: `User:${user}` }));
    const grant = () => withAdmin(kafka, (admin) => admin.createAcls({ acl }));
    await check(false, `${user} gives rights`, grant);
  }
  console.log(`${asked} things tried by ${USERS.length} users, ${refused} refused`);
}

Deno.test({
  name:
    "Kafka: each program works with the rights of the documents, and is refused everything else",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  fn: async (t) => {
    await using folder = await tempDir("weir-roles-");
    await using kafka = await startSecuredKafka(await makeAuthority(folder), USERS);
    await Deno.writeTextFile(folder.join("password"), `${PASSWORD}\n`);
    const site = { kafka, folder };
    await kafka.admin.createAcls({ acl: kafkaAcls() });
    await t.step("the agent ships, and tells the ledger", () => theAgentWorks(site));
    await t.step(
      "the transfer reads, commits, tells the dead letters",
      () => theTransferWorks(site),
    );
    await t.step("a topic that is there needs no right to make it", async () => {
      const kafka = programKafka(site, "weir-operator");
      const side = new SideTopic(kafka, { topic: "weir-dead", retentionMs: 3_600_000 });
      await side.write([{ key: "k", value: "by one who makes no topics" }]);
      await side.close();
    });
    await t.step("the page and the operator read", () => readersWork(site));
    await t.step("everything else is refused", () => everythingElseIsRefused(site));
  },
});
