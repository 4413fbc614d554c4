/** Delivery to a broker that wants a login or TLS: each way in, wrong passwords, certificates out of date, lost rights. */
import assert from "node:assert/strict";
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes } from "kafkajs";
import { ResourcePatternTypes } from "kafkajs";
import { countNumbered } from "../support/numbered.ts";
import {
  PASSWORD,
  type SecuredKafka,
  startSecuredKafka,
  USER,
} from "../support/real/secured_kafka.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { type Authority, makeAuthority } from "./certificates.ts";
import { numberedChunks, openSink, textsOf } from "./ship_site.ts";

const TOTAL = 2000;

interface Site {
  kafka: SecuredKafka;
  folder: TempDir;
  authority: Authority;
}

async function withSite(run: (site: Site) => Promise<void>): Promise<void> {
  await using folder = await tempDir("weir-access-");
  const authority = await makeAuthority(folder);
  await using kafka = await startSecuredKafka(authority);
  await Deno.writeTextFile(folder.join("password"), `${PASSWORD}\n`);
  await Deno.writeTextFile(folder.join("wrong"), "not this one\n");
  await run({ kafka, folder, authority });
}

/** Alice may or may not write to the topic. */
function acl(topic: string, operation: AclOperationTypes) {
  return {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${USER}`,
    host: "*",
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  };
}

async function madeTopic({ kafka: { admin } }: Site): Promise<string> {
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
  const { lost, doubled } = countNumbered(await textsOf(site.kafka.plain, topic), "n", TOTAL);
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
  await site.kafka.admin.deleteAcls({
    filters: [{ ...rights, permissionType: AclPermissionTypes.ANY }],
  });
  const waiting = Promise.all(chunks.slice(3).map((chunk) => sink.send(chunk)));
  await waitFor("a refusal", () => failures.includes("KAFKA_NOT_AUTHORISED"));
  const others = numberedChunks(other, "n", TOTAL, 200);
  await Promise.all(others.map((chunk) => sink.send(chunk))); // goes on
  const operations = [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE];
  await site.kafka.admin.createAcls({ acl: operations.map((operation) => acl(topic, operation)) });
  await waiting;
  await sink.stop(2000);
  for (const name of [topic, other]) {
    const count = countNumbered(await textsOf(site.kafka.plain, name), "n", TOTAL);
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
      const { folder, authority, kafka: { login, secure, late } } = site;
      const sasl = (mechanism: string, passwordFile = "password") => ({
        mechanism,
        username: "alice",
        passwordFile: folder.join(passwordFile),
        allowPlaintext: true,
      });
      const tls = { enabled: true, caFile: authority.caFile };
      for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"]) {
        await t.step(
          `${mechanism}`,
          () => delivers(site, { brokers: [login], sasl: sasl(mechanism) }),
        );
        await t.step(
          `${mechanism} over TLS`,
          () => delivers(site, { brokers: [secure], sasl: sasl(mechanism), tls }),
        );
        await t.step(`${mechanism}, wrong password`, async () => {
          const kafka = { brokers: [login], sasl: sasl(mechanism, "wrong") };
          assert.equal(await failsWith(site, kafka), "KAFKA_LOGIN_REFUSED");
        });
      }
      await t.step("a certificate that is out of date", async () => {
        const kafka = { brokers: [late], tls };
        assert.equal(await failsWith(site, kafka), "KAFKA_TLS");
      });
      await t.step("a certificate of an unknown authority", async () => {
        const kafka = { brokers: [secure], sasl: sasl("plain"), tls: { enabled: true } };
        assert.equal(await failsWith(site, kafka), "KAFKA_TLS");
      });
      await t.step(
        "rights that are taken away and given back; other topics go on",
        () => losesItsRights(site, { brokers: [login], sasl: sasl("plain") }),
      );
    });
  },
});
