/**
 * The roles of docs/security.md in a real Elasticsearch with its own security module: each program does its work with
 * them, no privilege of a role can be taken away without a refusal that names it, and everything beyond is refused. What
 * is refused is not committed, and arrives once when the right is given back.
 */
import assert from "node:assert/strict";
import { audit } from "../../cli/audit/audit.ts";
import { createElastic } from "../../core/elastic/client.ts";
import { type Seal, sealKey } from "../../core/ledger/seal.ts";
import { ElasticReader } from "../../search/elastic/reader.ts";
import { Requests } from "../../search/elastic/requests.ts";
import {
  type SecuredElasticsearch,
  startSecuredElasticsearch,
} from "../support/real/secured_elasticsearch.ts";
import { waitFor } from "../support/wait.ts";
import type { Line, RunningTransfer, Site } from "../transfer/site.ts";
import { siteFileTest } from "../transfer/site_tests.ts";
import { type ElasticRole, elasticRoles } from "./roles.ts";

const GENERATION = "AbCdEfGh01234-_9", DAY_MS = 86_400_000, LENGTH = 100;
const PATIENT = { timeoutMs: 60_000, everyMs: 100 };
/** Programs and the roles that the page gives them. */
const PROGRAMS: Record<string, string[]> = {
  "transfer": ["weir-transfer", "weir-retention"],
  "page": ["weir-page"],
  "audit": ["weir-audit"],
};

/** Users, one a program, whose password is their name. */
class Accounts {
  readonly roles = elasticRoles();

  constructor(readonly elastic: SecuredElasticsearch) {}

  async make(): Promise<void> {
    for (const role of Object.keys(this.roles)) await this.restore(role);
    for (const [name, roles] of Object.entries(PROGRAMS)) {
      await this.elastic.ask("PUT", `/_security/user/${name}`, { password: name + name, roles });
    }
  }

  async restore(role: string): Promise<void> {
    await this.elastic.ask("PUT", `/_security/role/${role}`, this.roles[role]);
  }

  /** The role without one privilege, on the cluster or on its indices. */
  async takeAway(role: string, on: "cluster" | "indices", privilege: string): Promise<void> {
    const { cluster, indices } = structuredClone(this.roles[role]);
    const without = (all: string[]) => all.filter((one) => one !== privilege);
    const less: ElasticRole = on === "cluster" ? { cluster: without(cluster), indices } : {
      cluster,
      indices: indices.map((one) => ({ ...one, privileges: without(one.privileges) })),
    };
    assert.notDeepEqual(less, this.roles[role], `${role} has no ${privilege} on ${on}`);
    for (const one of less.indices) assert(one.privileges.length > 0);
    await this.elastic.ask("PUT", `/_security/role/${role}`, less);
  }

  /** Does the work without each privilege of a role in turn; the role is whole again at the end, and not in between. */
  async withoutEach(role: string, work: (privilege: string) => Promise<void>): Promise<void> {
    const { cluster, indices } = this.roles[role];
    const all = [
      ...cluster.map((one) => ["cluster", one] as const),
      ...indices.flatMap(({ privileges }) => privileges.map((one) => ["indices", one] as const)),
    ];
    for (const [on, privilege] of all) {
      if (on === "indices" && indices[0].privileges.length === 1) {
        await this.elastic.ask("PUT", `/_security/role/${role}`, { cluster, indices: [] });
      } else await this.takeAway(role, on, privilege);
      await work(privilege);
    }
    await this.restore(role);
  }

  authorization(user: string): string {
    return `Basic ${btoa(`${user}:${user}${user}`)}`;
  }

  client(user: string) {
    const files = { apiKeyFile: "", passwordFile: "", caFile: "" };
    const rest = { requestTimeout: 60_000, compression: false, sniff: false };
    const login = { username: user, password: user + user };
    return createElastic({ nodes: [this.elastic.url], ...login, ...files, ...rest });
  }

  /** Documents of a topic. */
  async count(topic: string): Promise<number> {
    const pattern = `/weir-${topic}-*`, missing = "ignore_unavailable=true";
    await this.elastic.ask("POST", `${pattern}/_refresh?${missing}`);
    const body = { size: 0, track_total_hits: true };
    const found = await this.elastic.ask("POST", `${pattern}/_search?${missing}`, body);
    return found.hits.total.value;
  }
}

function line(topic: string, i: number, daysBack: number): Line {
  const day = new Date(Date.now() - daysBack * DAY_MS).toISOString().slice(0, 10);
  return {
    ...{ topic, value: `line ${i}`, generation: GENERATION, offset: i * LENGTH, length: LENGTH },
    headers: { "weir.day": day },
  };
}

/** A transfer with its user, or with a key in place of it. */
async function transferOf(site: Site, accounts: Accounts, topic: string, more = {}, key = "") {
  const { url } = accounts.elastic, file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, key === "" ? "transfertransfer\n" : `${key}\n`);
  const login = key === "" ? { username: "transfer", passwordFile: file } : { apiKeyFile: file };
  try {
    return await site.transfer({
      elasticsearch: { nodes: [url], requestTimeout: "60s", ...login },
      consumer: { groupId: `${site.prefix}-group`, topicPatterns: [], topics: [topic] },
      index: { name: "", replicas: 0 },
      ledger: { topic: `${site.prefix}-ledger` },
      ...more,
    });
  } finally {
    await Deno.remove(file);
  }
}

/** Waits until the transfer says that this is not allowed, and which privilege would allow it. */
async function isTold({ transfer }: RunningTransfer, privilege: string): Promise<void> {
  const named = new RegExp(`granted by the (cluster|index) privileges .*\\b${privilege}\\b`);
  const problems = () => transfer.status().problems as { code: string; reason: string }[];
  const told = () =>
    problems().some(({ code, reason }) => code === "ES_NOT_ALLOWED" && named.test(reason));
  const detail = () => JSON.stringify(problems());
  await waitFor(`${privilege} is named`, told, { ...PATIENT, detail });
}

/** Without each privilege that writing needs: nothing is written or committed, it is told, and then all is there once. */
async function eachIsNeededToWrite(site: Site, accounts: Accounts): Promise<void> {
  const topic = await site.topic("write");
  let sent = 0, running: RunningTransfer | undefined;
  const committed = async () => (await site.committed(topic))[0] === sent;
  const detail = () => running!.transfer.notReady().join("\n");
  await accounts.withoutEach("weir-transfer", async (privilege) => {
    // A template is looked for once in a transfer's life; it needs its privilege then.
    await running?.stop();
    const before = sent;
    await site.send([line(topic, sent, sent)]);
    sent++;
    running = await transferOf(site, accounts, topic);
    if (privilege === "read") { // what it is for: readIsForComparing()
      await waitFor("written without read", committed, { ...PATIENT, detail });
      return;
    }
    await isTold(running, privilege);
    await waitFor("not ready, of which topic", () => {
      const [reason] = running!.transfer.notReady();
      return reason?.startsWith(`ES_NOT_ALLOWED: 1 line of ${topic} cannot be written since `);
    }, { ...PATIENT, detail });
    assert.notEqual((await site.committed(topic))[0], sent, privilege);
    assert.equal(await accounts.count(topic), before, privilege);
    await accounts.restore("weir-transfer");
    await waitFor("all committed", committed, { ...PATIENT, detail });
    assert.deepEqual(running.transfer.notReady(), []);
    assert.equal(await accounts.count(topic), sent, privilege);
  });
  await running?.stop();
}

/** `read` is for the comparison of what is there already: without it nothing is compared. */
async function readIsForComparing(site: Site, accounts: Accounts): Promise<void> {
  const topic = await site.topic("compare");
  const one = line(topic, 0, 0), running = await transferOf(site, accounts, topic);
  const detail = () => running.transfer.notReady().join("\n");
  let sent = 0;
  const again = async () => {
    await site.send([one]);
    sent++;
    await waitFor("committed", async () => (await site.committed(topic))[0] === sent, {
      ...PATIENT,
      detail,
    });
  };
  const compared = () => running.metric("weir_transfer_compared_total");
  await again();
  await again();
  assert.equal(await compared(), 1);
  await accounts.takeAway("weir-transfer", "indices", "read");
  await again();
  assert.equal(await compared(), 1);
  await accounts.restore("weir-transfer");
  await again();
  assert.equal(await compared(), 2);
  assert.equal(await accounts.count(topic), 1);
  await running.stop();
}

/** Each privilege of retention is named when it is not there, and nothing is deleted; then what is old goes. */
async function eachIsNeededForRetention(site: Site, accounts: Accounts, rules: string) {
  const topic = await site.topic("old");
  await Deno.writeTextFile(rules, JSON.stringify([{ topic, retention: { days: 2 } }]));
  await site.send([5, 4, 1, 0].map((back, i) => line(topic, i, back)));
  // Beyond retention a late line would go to today's index.
  const first = await transferOf(site, accounts, topic);
  await waitFor("committed", async () => (await site.committed(topic))[0] === 4, PATIENT);
  await first.stop();
  await accounts.elastic.ask("PUT", "/_security/role/weir-retention", { cluster: [], indices: [] });
  const running = await transferOf(site, accounts, topic, {
    topics: { file: rules },
    index: { name: "", replicas: 0, retentionInterval: "1s" },
  });
  const told = () => String((running.transfer.status().retention as any).lastError);
  await accounts.withoutEach("weir-retention", async (privilege) => {
    const named = new RegExp(`unauthorized.*privileges \\[[^\\]]*\\b${privilege}\\b`);
    await waitFor(`${privilege} is named`, () => named.test(told()), { ...PATIENT, detail: told });
    assert.equal(await accounts.count(topic), 4, privilege);
    await accounts.elastic.ask("PUT", "/_security/role/weir-retention", {
      cluster: [],
      indices: [],
    });
  });
  const areGone = async () => await accounts.count(topic) === 2;
  await waitFor("the old ones gone", areGone, { ...PATIENT, detail: told });
  await running.stop();
  return topic;
}

async function thePageWorks(accounts: Accounts, topic: string): Promise<void> {
  const limits = { index: `weir-${topic}-*`, timeoutMs: 60_000, answerBytesMax: 1 << 26 };
  const requests = new Requests(accounts.client("page"), limits);
  const reader = new ElasticReader({ requests, pollMs: 100 });
  const signal = AbortSignal.timeout(120_000), all = { query: { kind: "all" } } as const;
  const work: Record<string, () => Promise<unknown>> = {
    search: async () => {
      const found = await Array.fromAsync(
        reader.search({ ...all, order: "oldest", limit: 10 }, signal),
      );
      assert.deepEqual(found.flat().map(({ message }) => message).sort(), ["line 2", "line 3"]);
    },
    "more than a page": () =>
      Array.fromAsync(reader.search({ ...all, order: "newest", limit: 5000 }, signal)),
    count: async () => assert.equal(await reader.count(all, signal), 2),
    histogram: () => reader.histogram({ ...all, bucketMs: DAY_MS }, signal),
    values: () => reader.values({ ...all, field: "host.name", limit: 5 }, signal),
  };
  for (const one of Object.values(work)) await one();
  await accounts.withoutEach("weir-page", async (privilege) => {
    for (const [name, one] of Object.entries(work)) {
      await assert.rejects(one, (error: any) => {
        assert.equal(error.code, "ES_READ_DENIED", `${name}: ${error}`);
        assert.match(`${error.message} ${error.hint}`, new RegExp(`\\b${privilege}\\b`));
        return true;
      }, name);
    }
  });
  await reader.close();
}

/** Lists each document, and the totals. */
async function theAuditWorks(accounts: Accounts, topic: string): Promise<void> {
  const client = accounts.client("audit");
  const seal: Seal = {
    ...{ v: 1, host: "web-1", path: "/var/log/app.log", device: 1, inode: 2, topic, closed: false },
    ...{ generation: GENERATION, from: 2 * LENGTH, to: 4 * LENGTH, lines: 2, size: 4 * LENGTH },
    ...{ headLength: 10, head: "h", unread: 0, guarantee: "all", atMs: Date.now() },
  };
  const run = () =>
    audit(new Map([[sealKey(seal), seal]]), {
      ...{ client, index: `weir-${topic}-*`, topic, dead: new Map(), deep: true },
    });
  const { files } = await run();
  assert.deepEqual(files.map(({ indexed, missing }) => [indexed, missing]), [[2, []]]);
  await accounts.withoutEach("weir-audit", async (privilege) => {
    await assert.rejects(run, new RegExp(`unauthorized.*\\b${privilege}\\b`));
  });
  await client.close();
}

/** The next thing beyond, for each of them. */
async function everythingElseIsRefused(accounts: Accounts, topic: string): Promise<void> {
  const { elastic } = accounts, own = `weir-${topic}-2001.01.01`, other = "other-x";
  await elastic.ask("PUT", `/${own}`, {});
  await elastic.ask("PUT", `/${other}`, {});
  const bulk = (action: string, index: string) =>
    `${JSON.stringify({ [action]: { _index: index, _id: "1" } })}\n{"topic":"x"}\n`;
  type Asked = [method: string, path: string, body?: unknown];
  const beyondAll: Asked[] = [
    ["DELETE", `/${other}`],
    ["PUT", `/${other}-2`, {}],
    ["POST", `/${other}/_search`, {}],
    ["GET", `/${other}/_mapping`],
    ["POST", "/_bulk", bulk("create", other)],
    ["POST", "/_bulk", bulk("index", own)],
    ["POST", "/_bulk", bulk("create", ".security-7")],
    ["POST", "/.security-7/_search", {}],
    ["PUT", `/${own}/_settings`, { index: { number_of_replicas: 0 } }],
    ["DELETE", `/${own}/_doc/1`],
    ["POST", `/${own}/_close`],
    ["PUT", "/_security/role/weir-page", accounts.roles["weir-audit"]],
    ["PUT", "/_security/user/mine", { password: "minemine", roles: ["superuser"] }],
    ["POST", "/_security/api_key", { name: "mine" }],
    ["PUT", "/_cluster/settings", { persistent: { "action.auto_create_index": "false" } }],
    ["POST", "/_cluster/reroute", {}],
  ];
  const mapping: Asked = [
    "PUT",
    `/${own}/_mapping`,
    { properties: { mine: { type: "keyword" } } },
  ];
  const beyondReading: Asked[] = [
    mapping,
    ["POST", "/_bulk", bulk("create", own)],
    ["PUT", `/${own}-2`, {}],
    ["DELETE", `/${own}`],
    ["PUT", "/_index_template/mine", { index_patterns: ["mine-*"] }],
    ["GET", `/_cat/indices/${own}`],
    ["GET", `/${own}/_mapping`],
    ["GET", "/_cluster/health"],
  ];
  const beyond: Record<string, Asked[]> = {
    "transfer": beyondAll,
    "page": [...beyondAll, ...beyondReading, ["POST", `/${own}/_refresh`]],
    "audit": [...beyondAll, ...beyondReading],
  };
  const allowed: string[] = [];
  let tried = 0;
  for (const [user, all] of Object.entries(beyond)) {
    for (const [method, path, body] of all) {
      const { status, answer } = await elastic.try(
        accounts.authorization(user),
        method,
        path,
        body,
      );
      const text = JSON.stringify(answer);
      const isRefused = status === 403 || (path === "/_bulk" && /"status":403/.test(text));
      if (!isRefused) allowed.push(`${user} ${method} ${path}: ${status} ${text.slice(0, 300)}`);
      tried++;
    }
  }
  assert.deepEqual(allowed, []);
  // Elasticsearch lets whoever may create documents add fields to their mapping as well.
  const added = await elastic.try(accounts.authorization("transfer"), ...mapping);
  assert.equal(added.status, 200, JSON.stringify(added.answer));
  await elastic.ask("DELETE", `/${own}`);
  console.log(`${tried} things tried by ${Object.keys(beyond).length} users, all refused`);
}

/** The roles as an API key, in place of a user. */
async function aKeyWorksToo(site: Site, accounts: Accounts): Promise<void> {
  const topic = await site.topic("key");
  const { encoded } = await accounts.elastic.ask("POST", "/_security/api_key", {
    name: topic,
    role_descriptors: { "weir-transfer": accounts.roles["weir-transfer"] },
  });
  await site.send([line(topic, 0, 0)]);
  const running = await transferOf(site, accounts, topic, {}, encoded);
  const detail = () => running.transfer.notReady().join("\n");
  await waitFor("committed", async () => (await site.committed(topic))[0] === 1, {
    ...PATIENT,
    detail,
  });
  assert.equal(await accounts.count(topic), 1);
  await running.stop();
}

siteFileTest(
  "Elasticsearch: each program works with its roles of the documents, which are the least, and is refused the rest",
  ".json",
  async (site, rules) => {
    await using elastic = await startSecuredElasticsearch();
    const accounts = new Accounts(elastic);
    await accounts.make();
    await eachIsNeededToWrite(site, accounts);
    console.log("the transfer: done");
    await readIsForComparing(site, accounts);
    const topic = await eachIsNeededForRetention(site, accounts, rules);
    console.log("retention: done");
    await thePageWorks(accounts, topic);
    await theAuditWorks(accounts, topic);
    console.log("the page and the audit: done");
    await aKeyWorksToo(site, accounts);
    await everythingElseIsRefused(accounts, topic);
  },
);
