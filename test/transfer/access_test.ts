/**
 * The transfer where a login or TLS is wanted: each way in; wrong passwords, certificates out of date, rights that are
 * taken away: each with a code of its own, nothing committed, a pause between attempts, and on when it is mended.
 */
import assert from "node:assert/strict";
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from "kafkajs";
import { type Authority, makeAuthority } from "../agent/certificates.ts";
import { loadSettings } from "../../core/config/load.ts";
import { stopParts } from "../../core/lifecycle.ts";
import { BulkEndpoint } from "../support/bulk_endpoint.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { transferSettings } from "../../transfer/config.ts";
import { Transfer } from "../../transfer/transfer.ts";
import {
  PASSWORD,
  type SecuredKafka,
  startSecuredKafka,
  USER,
} from "../support/real/secured_kafka.ts";
import { secureElastic } from "./secure_elastic.ts";
import { messageOf, numberedLines } from "./site.ts";

const LINES = 300;

interface Made {
  kafka: SecuredKafka;
  folder: TempDir;
  caFile: string;
  endpoint: BulkEndpoint;
}

/** A topic with numbered lines; alice may read it as a member of the group of its name. */
async function filledTopic({ kafka }: Made): Promise<string> {
  const topic = uniqueName("access");
  await kafka.admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
  await kafka.admin.createAcls({ acl: rights(topic) });
  await send(kafka, topic, 0);
  return topic;
}

async function send(kafka: SecuredKafka, topic: string, from: number): Promise<void> {
  const producer = new Kafka({ brokers: [kafka.plain], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const { lines } = numberedLines(topic, from + LINES, 4);
  await producer.send({ topic, acks: -1, messages: lines.slice(from).map(messageOf) });
  await producer.disconnect();
}

function rights(topic: string) {
  const right = (resourceType: AclResourceTypes, operation: AclOperationTypes) => ({
    resourceType,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${USER}`,
    host: "*",
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  });
  return [
    right(AclResourceTypes.TOPIC, AclOperationTypes.READ),
    right(AclResourceTypes.TOPIC, AclOperationTypes.DESCRIBE),
    right(AclResourceTypes.GROUP, AclOperationTypes.READ),
  ];
}

async function committed({ kafka }: Made, topic: string): Promise<number> {
  const [found] = await kafka.admin.fetchOffsets({ groupId: topic, topics: [topic] });
  return found.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

/** A transfer of this process, stopped at the end. */
async function withTransfer(
  topic: string,
  kafka: Record<string, unknown>,
  elasticsearch: Record<string, unknown>,
  run: (transfer: Transfer) => Promise<void>,
): Promise<void> {
  const settings = loadSettings(
    transferSettings,
    JSON.stringify({
      kafka: { connectionTimeout: "2s", ...kafka },
      elasticsearch: { requestTimeout: "2s", ...elasticsearch },
      consumer: { groupId: topic, topics: [topic], commitInterval: "100ms", fetchWait: "50ms" },
      index: { name: `${topic}-{topic}-{day}`, replicas: 0 },
      dead: { index: false },
      bulk: { linger: "20ms", retryMax: "500ms" },
    }),
    { name: "test" },
  );
  const transfer = new Transfer(settings), parts = transfer.parts();
  for (const part of parts) part.start();
  try {
    await run(transfer);
  } finally {
    await stopParts(parts, 5000);
  }
}

async function delivers(made: Made, kafka: Record<string, unknown>): Promise<void> {
  const topic = await filledTopic(made);
  await withTransfer(topic, kafka, { nodes: [made.endpoint.url] }, async () => {
    await waitFor("all committed", async () => await committed(made, topic) === LINES);
  });
  const index = [...made.endpoint.documents.keys()].filter((key) => key.startsWith(topic));
  assert.equal(index.length, LINES);
}

/** Nothing is read, and why is said by this code; there is a pause between attempts. */
async function refusedWith(made: Made, kafka: Record<string, unknown>, code: string) {
  const topic = await filledTopic(made);
  await withTransfer(topic, kafka, { nodes: [made.endpoint.url] }, async (transfer) => {
    const starts = async () => await metric(transfer, "weir_transfer_consumer_restarts_total");
    await waitFor("two attempts", async () => await starts() >= 2, { timeoutMs: 60_000 });
    const reasons = transfer.notReady().join("\n");
    assert.match(reasons, new RegExp(`^consumer is failed: ${code}: `));
    assert.ok(await starts() < 10, `a pause between attempts: ${await starts()}`);
  });
  assert.equal(await committed(made, topic), 0);
}

async function metric(transfer: Transfer, name: string): Promise<number> {
  const found = await transfer.registry.getSingleMetric(name)!.get();
  return found.values.reduce((sum, { value }) => sum + value, 0);
}

/** Reading is no longer allowed, then it is again. */
async function losesItsRights(made: Made, kafka: Record<string, unknown>): Promise<void> {
  const topic = await filledTopic(made), { admin } = made.kafka;
  await withTransfer(topic, kafka, { nodes: [made.endpoint.url] }, async (transfer) => {
    await waitFor("all committed", async () => await committed(made, topic) === LINES);
    const [read] = rights(topic);
    await admin.deleteAcls({ filters: [read] });
    await send(made.kafka, topic, LINES);
    await waitFor(
      "said so",
      () => transfer.notReady().some((reason) => reason.includes("KAFKA_NOT_AUTHORISED")),
    );
    assert.equal(await committed(made, topic), LINES);
    await admin.createAcls({ acl: [read] });
    const all = async () => await committed(made, topic) === 2 * LINES;
    await waitFor("all committed again", all, { timeoutMs: 90_000 });
  });
}

/** An index that lets nobody in is waited for; then it lets us in. */
async function waitsForTheIndex(made: Made, authority: Authority): Promise<void> {
  const topic = await filledTopic(made);
  await using elastic = await secureElastic(authority);
  const right = made.folder.join("key"), wrong = made.folder.join("wrong-key");
  await Deno.writeTextFile(right, elastic.apiKey);
  await Deno.writeTextFile(wrong, "bm90OnRoaXM=");
  const brokers = { brokers: [made.kafka.plain] };
  const access = { nodes: [elastic.url], caFile: made.caFile };
  const waits = async (elasticsearch: Record<string, unknown>, code: string) => {
    await withTransfer(topic, brokers, elasticsearch, async (transfer) => {
      await waitFor(code, () => transfer.notReady().some((reason) => reason.startsWith(code)));
      assert.ok(elastic.requests < 30, `a pause between attempts: ${elastic.requests}`);
      assert.equal(await committed(made, topic), 0);
    });
    elastic.requests = 0;
  };
  await waits({ ...access, apiKeyFile: wrong }, "ES_NOT_ALLOWED");
  await withTransfer(topic, brokers, { ...access, apiKeyFile: right }, async (transfer) => {
    await waitFor("all committed", async () => await committed(made, topic) === LINES);
    elastic.forbids = true;
    await send(made.kafka, topic, LINES);
    const refused = (reason: string) => reason.startsWith("ES_NOT_ALLOWED");
    await waitFor("refused", () => transfer.notReady().some(refused));
    assert.equal(await committed(made, topic), LINES);
    elastic.forbids = false;
    await waitFor("all committed again", async () => await committed(made, topic) === 2 * LINES);
  });
  assert.equal(elastic.documents.size, 2 * LINES);
}

Deno.test({
  name:
    "transfer logs in to Kafka and Elasticsearch, checks certificates, and outlives lost rights",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  fn: async (t) => {
    await using folder = await tempDir("weir-access-");
    const authority = await makeAuthority(folder);
    await using kafka = await startSecuredKafka(authority);
    await Deno.writeTextFile(folder.join("password"), `${PASSWORD}\n`);
    await Deno.writeTextFile(folder.join("wrong"), "not this one\n");
    const endpoint = new BulkEndpoint();
    const made: Made = { kafka, folder, caFile: authority.caFile, endpoint };
    const sasl = (mechanism: string, passwordFile = "password") => ({
      mechanism,
      username: USER,
      passwordFile: folder.join(passwordFile),
      allowPlaintext: true,
    });
    const login = [kafka.login], secure = [kafka.secure];
    const tls = { enabled: true, caFile: authority.caFile };
    try {
      for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"]) {
        await t.step(mechanism, () => delivers(made, { brokers: login, sasl: sasl(mechanism) }));
      }
      await t.step(
        "scram over TLS",
        () => delivers(made, { brokers: secure, sasl: sasl("scram-sha-256"), tls }),
      );
      for (const mechanism of ["plain", "scram-sha-512"]) {
        await t.step(
          `${mechanism}, wrong password`,
          () =>
            refusedWith(
              made,
              { brokers: login, sasl: sasl(mechanism, "wrong") },
              "KAFKA_LOGIN_REFUSED",
            ),
        );
      }
      await t.step(
        "a certificate that is out of date",
        () => refusedWith(made, { brokers: [kafka.late], tls }, "KAFKA_TLS"),
      );
      await t.step(
        "a certificate of an unknown authority",
        () =>
          refusedWith(
            made,
            { brokers: secure, sasl: sasl("plain"), tls: { enabled: true } },
            "KAFKA_TLS",
          ),
      );
      await t.step(
        "rights that are taken away and given back",
        () => losesItsRights(made, { brokers: login, sasl: sasl("plain") }),
      );
      await t.step(
        "Elasticsearch over TLS with an API key",
        () => waitsForTheIndex(made, authority),
      );
    } finally {
      await endpoint.close();
    }
  },
});
