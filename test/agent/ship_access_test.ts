/** Delivery to a broker that wants a login or TLS: each way in, wrong passwords, certificates out of date, lost rights. */
import assert from "node:assert/strict";
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes } from "kafkajs";
import { type Admin, Kafka, logLevel, ResourcePatternTypes } from "kafkajs";
import { countNumbered } from "../support/numbered.ts";
import { kafkaTools, type Server, startKafka } from "../support/servers.ts";
import { freePort, type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { type Authority, makeAuthority } from "./certificates.ts";
import { numberedChunks, openSink, textsOf } from "./ship_site.ts";

const PASSWORD = "correct horse";
const PORTS = { LOGIN: freePort(), SECURE: freePort(), LATE: freePort() };
const TOTAL = 2000;

function jaas(module: string, options: string): string {
  return `org.apache.kafka.common.security.${module}LoginModule required ${options};`;
}

async function startBroker(authority: Authority): Promise<Server> {
  const year = new Date().getUTCFullYear();
  const valid = await authority.issue("broker", `${year - 1}0101000000Z`, `${year + 1}0101000000Z`);
  const late = await authority.issue("late", "20200101000000Z", "20200201000000Z");
  const tls = (name: string, pem: string) => ({
    [`listener.name.${name}.ssl.keystore.type`]: "PEM",
    [`listener.name.${name}.ssl.keystore.location`]: pem,
  });
  return await startKafka({
    listeners: [
      { name: "LOGIN", port: PORTS.LOGIN, protocol: "SASL_PLAINTEXT" },
      { name: "SECURE", port: PORTS.SECURE, protocol: "SASL_SSL" },
      { name: "LATE", port: PORTS.LATE, protocol: "SSL" },
    ],
    properties: {
      "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
      ...Object.fromEntries(["login", "secure"].flatMap((name) => [
        [
          `listener.name.${name}.plain.sasl.jaas.config`,
          jaas("plain.Plain", `user_alice="${PASSWORD}"`),
        ],
        [`listener.name.${name}.scram-sha-256.sasl.jaas.config`, jaas("scram.Scram", "")],
        [`listener.name.${name}.scram-sha-512.sasl.jaas.config`, jaas("scram.Scram", "")],
      ])),
      ...tls("secure", valid),
      ...tls("late", late),
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:ANONYMOUS",
    },
  });
}

interface Site {
  broker: Server;
  admin: Admin;
  folder: TempDir;
  authority: Authority;
}

async function withSite(run: (site: Site) => Promise<void>): Promise<void> {
  await using folder = await tempDir("weir-access-");
  const authority = await makeAuthority(folder);
  await using broker = await startBroker(authority);
  const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  // One at a time: a user is not altered twice in one request.
  for (const hash of ["SHA-256", "SHA-512"]) {
    await kafkaTools("kafka.admin.ConfigCommand", [
      "--bootstrap-server",
      broker.address,
      "--alter",
      "--entity-type",
      "users",
      "--entity-name",
      "alice",
      "--add-config",
      `SCRAM-${hash}=[password=${PASSWORD}]`,
    ]);
  }
  await Deno.writeTextFile(folder.join("password"), `${PASSWORD}\n`);
  await Deno.writeTextFile(folder.join("wrong"), "not this one\n");
  try {
    await run({ broker, admin, folder, authority });
  } finally {
    await admin.disconnect();
  }
}

/** Alice may or may not write to the topic. */
function acl(topic: string, operation: AclOperationTypes) {
  return {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: "User:alice",
    host: "*",
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  };
}

async function madeTopic({ admin }: Site): Promise<string> {
  const topic = uniqueName("access");
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  const operations = [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE];
  await admin.createAcls({ acl: operations.map((operation) => acl(topic, operation)) });
  return topic;
}

async function delivers(site: Site, kafka: Record<string, unknown>): Promise<void> {
  const topic = await madeTopic(site);
  const { sink } = openSink({ connectionTimeout: "5s", ...kafka });
  await Promise.all(numberedChunks(topic, "n", TOTAL, 500).map((chunk) => sink.send(chunk)));
  await sink.stop(2000);
  const { lost, doubled } = countNumbered(await textsOf(site.broker.address, topic), "n", TOTAL);
  assert.deepEqual({ lost, doubled }, { lost: 0, doubled: 0 });
}

/** The code with which nothing is delivered. */
async function failsWith(site: Site, kafka: Record<string, unknown>): Promise<string> {
  const { sink, failures } = openSink({ connectionTimeout: "2s", ...kafka });
  const sent = sink.send(numberedChunks(await madeTopic(site), "n", 1, 1)[0]).catch(() => {});
  await waitFor("two attempts", () => failures.length >= 2);
  await sink.stop(100);
  await sent;
  assert(failures.length < 10, `a pause between attempts: ${failures}`);
  return [...new Set(failures)].join();
}

async function losesItsRights(site: Site, kafka: Record<string, unknown>): Promise<void> {
  const topic = await madeTopic(site), other = await madeTopic(site);
  const { sink, failures } = openSink(kafka);
  const chunks = numberedChunks(topic, "n", TOTAL, 200);
  for (const chunk of chunks.slice(0, 3)) await sink.send(chunk);
  const rights = acl(topic, AclOperationTypes.ANY);
  await site.admin.deleteAcls({ filters: [{ ...rights, permissionType: AclPermissionTypes.ANY }] });
  const waiting = Promise.all(chunks.slice(3).map((chunk) => sink.send(chunk)));
  await waitFor("a refusal", () => failures.includes("KAFKA_NOT_AUTHORISED"));
  const others = numberedChunks(other, "n", TOTAL, 200);
  await Promise.all(others.map((chunk) => sink.send(chunk))); // goes on
  const operations = [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE];
  await site.admin.createAcls({ acl: operations.map((operation) => acl(topic, operation)) });
  await waiting;
  await sink.stop(2000);
  for (const name of [topic, other]) {
    const count = countNumbered(await textsOf(site.broker.address, name), "n", TOTAL);
    assert.deepEqual([count.lost, count.doubled, count.reordered], [0, 0, 0]);
  }
  assert.deepEqual([...new Set(failures)], ["KAFKA_NOT_AUTHORISED"]);
}

Deno.test({
  name: "KafkaLineSink logs in by PLAIN and SCRAM, checks certificates, and outlives lost rights",
  sanitizeOps: false, // the client keeps sockets for a while
  sanitizeResources: false,
  fn: async (t) => {
    await withSite(async (site) => {
      const { folder, authority } = site;
      const sasl = (mechanism: string, passwordFile = "password") => ({
        mechanism,
        username: "alice",
        passwordFile: folder.join(passwordFile),
        allowPlaintext: true,
      });
      const login = [`127.0.0.1:${PORTS.LOGIN}`], secure = [`127.0.0.1:${PORTS.SECURE}`];
      const tls = { enabled: true, caFile: authority.caFile };
      for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"]) {
        await t.step(
          `${mechanism}`,
          () => delivers(site, { brokers: login, sasl: sasl(mechanism) }),
        );
        await t.step(
          `${mechanism} over TLS`,
          () => delivers(site, { brokers: secure, sasl: sasl(mechanism), tls }),
        );
        await t.step(`${mechanism}, wrong password`, async () => {
          const kafka = { brokers: login, sasl: sasl(mechanism, "wrong") };
          assert.equal(await failsWith(site, kafka), "KAFKA_LOGIN_REFUSED");
        });
      }
      await t.step("a certificate that is out of date", async () => {
        const kafka = { brokers: [`127.0.0.1:${PORTS.LATE}`], tls };
        assert.equal(await failsWith(site, kafka), "KAFKA_TLS");
      });
      await t.step("a certificate of an unknown authority", async () => {
        const kafka = { brokers: secure, sasl: sasl("plain"), tls: { enabled: true } };
        assert.equal(await failsWith(site, kafka), "KAFKA_TLS");
      });
      await t.step(
        "rights that are taken away and given back; other topics go on",
        () => losesItsRights(site, { brokers: login, sasl: sasl("plain") }),
      );
    });
  },
});
