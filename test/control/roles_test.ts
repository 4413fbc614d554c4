/**
 * An etcd with TLS, client certificates and users: roles made by `weir etcd roles`, and by the commands
 * that it prints; each program works with its own role, and is refused everything else.
 */
import assert from "node:assert/strict";
import type { Etcd3 } from "etcd3";
import { Kafka, logLevel } from "kafkajs";
import { LayeredSource } from "../../core/etcd/layered_source.ts";
import { createEtcd } from "../../core/etcd/client.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { servers } from "../support/servers.ts";
import { freePort, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { SecureEtcd, USERS } from "./secure_etcd.ts";
import { etcdSettings } from "./settings.ts";

// gRPC keeps its connection for a while after it is closed.
const LOOSE = { sanitizeOps: false, sanitizeResources: false };

async function weirRoles(etcd: SecureEtcd, ...args: string[]): Promise<string> {
  const program = await etcd.start(
    "cli/main.ts",
    { etcd: etcd.settings("root") },
    "etcd",
    "roles",
    ...args,
  );
  assert.equal((await program.exit).code, 0, program.tail());
  return program.stdout;
}

Deno.test({
  name: "weir etcd roles: the command and the commands that it prints make the same roles",
  ...LOOSE,
  async fn() {
    await using etcd = await SecureEtcd.start();
    const printed = (await weirRoles(etcd, "--print")).split("\n")
      .filter((line) => line.startsWith("etcdctl "));
    for (const line of printed) await etcd.etcdctl(...line.split(" ").slice(1));
    const again = await weirRoles(etcd);
    for (const name of USERS) {
      assert(again.includes(`${name}: was there, 0 granted, 0 taken away\n`), again);
    }
    await etcd.etcdctl("role", "grant-permission", "weir-monitor", "readwrite", "/logagent/x");
    const mended = await weirRoles(etcd, "weir-monitor");
    assert.equal(mended, "weir-monitor: was there, 0 granted, 1 taken away\n");
  },
});

/** What each user may do with a key: r, rw, or nothing. */
const ALLOWED: Record<string, Partial<Record<typeof USERS[number], "r" | "rw">>> = {
  "/logagent/10.0.0.7/collect_config": { "weir-agent": "r", "weir-operator": "rw" },
  "/logagent/group/web/collect_config": { "weir-agent": "r", "weir-operator": "rw" },
  "/weir/transfer/topics": { "weir-transfer": "r", "weir-operator": "rw" },
  "/weir/candidate/group/web": { "weir-agent": "r", "weir-operator": "rw" },
  "/weir/question/group/web/q": { "weir-agent": "r", "weir-operator": "rw" },
  "/weir/history/group/web/00000001": { "weir-operator": "rw" },
  "/weir/index/t/2026-11-21": { "weir-transfer": "rw" },
  "/weir/live/agent/x": { "weir-agent": "rw", "weir-page": "r", "weir-operator": "r" },
  "/weir/live/transfer/x": { "weir-transfer": "rw", "weir-page": "r", "weir-operator": "r" },
  "/weir/live/monitor/x": { "weir-monitor": "rw", "weir-page": "r", "weir-operator": "r" },
  "/weir/live/page/x": { "weir-page": "rw", "weir-operator": "r" },
  "/elsewhere": {},
};

async function may(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    assert.match(String(error), /permission denied/i);
    return false;
  }
}

async function everyOtherKeyIsRefused(etcd: SecureEtcd): Promise<void> {
  let asked = 0;
  for (const user of USERS) {
    const client = etcd.client(user);
    for (const [key, allowed] of Object.entries(ALLOWED)) {
      const right = allowed[user] ?? "";
      assert.equal(await may(client.get(key).exec()), right !== "", `${user} reads ${key}`);
      assert.equal(
        await may(client.put(key).value("x").exec()),
        right === "rw",
        `${user} writes ${key}`,
      );
      asked += 2;
    }
    assert.equal(await may(client.getAll().exec()), false, `${user} reads everything`);
    assert.equal(await may(client.role("weir-agent").create()), false, `${user} makes roles`);
  }
  await etcd.root.delete().all();
  console.log(`${asked} reads and writes tried by ${USERS.length} users`);
}

Deno.test({
  name: "etcd with TLS and roles: each program works with its own, and is refused everything else",
  ...LOOSE,
  async fn() {
    const all = await servers("kafka", "elasticsearch");
    await using etcd = await SecureEtcd.start();
    await weirRoles(etcd);
    await etcd.requireLogin(USERS);
    await everyOtherKeyIsRefused(etcd);

    const topic = uniqueName("roles"), secret = `secret-${crypto.randomUUID()}`;
    const place = await startPrograms(etcd, all, topic, secret);
    const live = async () =>
      Object.keys(await etcd.root.getAll().prefix("/weir/live/").strings())
        .map((key) => key.split("/")[3]).sort();
    await waitFor(
      "the registrations",
      async () => (await live()).join() === "agent,monitor,page,transfer",
      { detail: place.tails },
    );

    const key = "/logagent/group/web/collect_config";
    const value = etcd.folder.join("value.json");
    await Deno.writeTextFile(value, JSON.stringify([{ path: place.log, topic }]));
    await operator(etcd, "config", "set", "group/web", value, "--why", "with a role");
    await Deno.writeTextFile(place.log, "one line\n");
    await waitFor(
      "the name of the index",
      async () => (await etcd.root.getAll().prefix(`/weir/index/${topic}/`).keys()).length === 1,
      {
        detail: place.tails,
        timeoutMs: 60_000,
      },
    );
    assert.match(await operator(etcd, "fleet"), /agent .* APPLIED/);
    assert.match(await operator(etcd, "config", "history", "group/web"), /with a role/);

    // Everybody has to log in again: etcd forgets its tokens, and nothing of it is lost.
    await etcd.server.kill9();
    await etcd.server.start();
    const { header } = await etcd.root.put(key).value("[]").exec();
    await waitFor("the change after etcd's restart", async () => {
      const [text] = Object.values(await etcd.root.getAll().prefix("/weir/live/agent/").strings());
      return text !== undefined &&
        JSON.parse(text).applied.keys[key] === Number(header.revision);
    }, { detail: place.tails });
    assert(!(await etcd.everything()).includes(secret), "a secret is in etcd");
    await forget(all, topic);
  },
});

/** Takes the topic and its indices from the shared servers. */
async function forget(
  { kafka, elasticsearch }: { kafka: string; elasticsearch: string },
  topic: string,
): Promise<void> {
  const found = await (await fetch(`${elasticsearch}/weir-${topic}-*`)).json();
  for (const index of Object.keys(found)) {
    const answer = await fetch(`${elasticsearch}/${index}`, { method: "DELETE" });
    await answer.body?.cancel();
  }
  const admin = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
}

/** Runs an operator's command with the operator's certificate. */
async function operator(etcd: SecureEtcd, ...args: string[]): Promise<string> {
  const program = await etcd.start(
    "cli/main.ts",
    { etcd: etcd.settings("weir-operator") },
    ...args,
  );
  const { code } = await program.exit;
  assert(code === 0 || args[0] === "fleet", program.tail());
  return program.stdout;
}

/** One of each, as a host would have them; the secret is in a file that one of them reads. */
async function startPrograms(
  etcd: SecureEtcd,
  { kafka, elasticsearch }: { kafka: string; elasticsearch: string },
  topic: string,
  secret: string,
): Promise<{ log: string; tails: () => string }> {
  const folder = etcd.folder, logs = folder.join("logs");
  await Deno.mkdir(logs);
  await Deno.writeTextFile(folder.join("token"), secret);
  const listen = "127.0.0.1:0", fleet = { ttl: "3s" };
  const programs = await Promise.all([
    etcd.start("agent/main.ts", {
      ...{ listen, fleet, state: folder.join("state"), host: "h", ip: "10.0.0.7" },
      ...{ source: { groups: ["web"] }, tail: { roots: [logs] } },
      kafka: { brokers: [kafka], newTopicPartitions: 1 },
      etcd: etcd.settings("weir-agent"),
    }),
    etcd.start("transfer/main.ts", {
      ...{
        listen,
        fleet,
        etcd: etcd.settings("weir-transfer"),
        consumer: { groupId: topic, topicPatterns: [topic], topicsRefresh: "1s" },
      },
      kafka: { brokers: [kafka] },
      elasticsearch: { nodes: [elasticsearch] },
    }),
    etcd.start("monitor/main.ts", {
      ...{ listen, fleet, etcd: etcd.settings("weir-monitor") },
      influx: {
        ...{ enabled: true, url: `http://127.0.0.1:${freePort()}`, org: "o", bucket: "b" },
        tokenFile: folder.join("token"),
      },
    }),
    etcd.start("cli/main.ts", {
      ...{ listen, fleet, etcd: etcd.settings("weir-page") },
      elasticsearch: { nodes: [elasticsearch] },
    }, "page"),
  ]);
  return {
    log: `${logs}/a.log`,
    tails: () => programs.map((program) => program.tail()).join("\n"),
  };
}

Deno.test({
  name: "a role of one host: its agent follows its keys, and may not read another's",
  ...LOOSE,
  async fn() {
    const user = "weir-agent-10.0.0.7";
    await using etcd = await SecureEtcd.start(user);
    await weirRoles(etcd, "--host", "10.0.0.7", "--groups", "web");
    await etcd.requireLogin([user]);
    const own = "/logagent/10.0.0.7/collect_config", group = "/logagent/group/web/collect_config";
    await etcd.root.put(own).value("own");
    await etcd.root.put(group).value("web");
    const client: Etcd3 = etcd.client(user);
    for (const key of ["/logagent/10.0.0.8/collect_config", "/logagent/group/db/collect_config"]) {
      assert.equal(await may(client.get(key).exec()), false, key);
    }
    const source = new LayeredSource({
      connect: () => createEtcd(etcdSettings(etcd.settings(user))),
      keys: [{ target: "host/10.0.0.7", key: own }, { target: "group/web", key: group }],
      prefix: "/logagent/",
      id: "me",
      clock: systemClock,
      timeoutMs: 2000,
      rereadMs: 1000,
      onQuestion: () => {},
    });
    const seen: string[] = [], faults: string[] = [], end = new AbortController();
    const watch = source.watch(
      (one) => seen.push(one.layers?.map(({ text }) => text).join(" ") ?? String(one.text)),
      (error) => faults.push(error.message),
      end.signal,
    );
    try {
      await waitFor("both", () => seen.at(-1) === "own web", { detail: () => faults.join("\n") });
      await etcd.root.put(group).value("changed");
      await waitFor("the change", () => seen.at(-1) === "own changed");
      await etcd.root.delete().key(own);
      await waitFor("a deletion", () => seen.at(-1) === "changed");
      // All that it may see is gone: that may be the whole etcd, so the last value stays.
      await etcd.root.delete().key(group);
      await waitFor("the alarm", () => faults.some((text) => /vanished/.test(text)));
      assert.equal(seen.at(-1), "changed");
    } finally {
      end.abort();
      await watch;
      await source.close();
    }
  },
});
