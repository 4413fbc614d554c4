/**
 * etcd as a cluster of three: whatever becomes of it, a real agent goes on with the last good
 * configuration, every line arrives once, and what was changed meanwhile is taken when it is back.
 */
import assert from "node:assert/strict";
import type { Etcd3 } from "etcd3";
import { Kafka, logLevel } from "kafkajs";
import { createEtcd, etcdInTurn } from "../../core/etcd/client.ts";
import { EtcdConfigSource } from "../../core/etcd/etcd_config_source.ts";
import { WellEtcd } from "../../core/etcd/well_etcd.ts";
import { LiveTable } from "../../core/fleet/live_table.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { EtcdDecisions } from "../../transfer/index/etcd_decisions.ts";
import { run } from "../support/process.ts";
import { sayOnStderr, unpackedCommand } from "../support/real/install.ts";
import { type Cluster, restoreEtcdCluster, startEtcdCluster } from "../support/servers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { waitFor } from "../support/wait.ts";
import { etcdSettings } from "./settings.ts";
import { Site } from "./site.ts";

/** A cluster, a way to each of its nodes that can be broken, and one agent that uses those ways. */
class Stand implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly ways: readonly TcpProxy[];
  readonly site: Site;
  /** Straight to the nodes. */
  readonly client: Etcd3;
  #kafka: Kafka;
  #written = 0;

  private constructor(cluster: Cluster, ways: TcpProxy[], site: Site) {
    this.cluster = cluster;
    this.ways = ways;
    this.site = site;
    const hosts = cluster.nodes.map(({ address }) => address);
    this.client = createEtcd(etcdSettings({ hosts, timeout: "2s" }));
    this.#kafka = new Kafka({ brokers: [site.kafka], logLevel: logLevel.NOTHING });
  }

  static async open(): Promise<Stand> {
    const cluster = await startEtcdCluster();
    const ways = await Promise.all(
      cluster.nodes.map(({ address }) => TcpProxy.to(new URL(address).host)),
    );
    const stand = new Stand(cluster, ways, await Site.open(ways.map(({ url }) => url).join()));
    await stand.site.startAgent("a");
    await stand.site.waitForAgents(1);
    await stand.applies(["a.log"]);
    await stand.ships("a.log");
    return stand;
  }

  path(name: string): string {
    return this.site.folder.join(`logs/${name}`);
  }

  /** Writes the configuration; resolves with its revision. Tried again while the cluster elects. */
  async put(names: readonly string[]): Promise<number> {
    const text = JSON.stringify(
      names.map((name) => ({ path: this.path(name), topic: this.site.topic })),
    );
    return await waitFor("a put", async () => {
      const answer = await this.client.put(this.site.key).value(text).exec();
      return Number(answer.header.revision);
    });
  }

  /** The agent says that it has taken what was written with this revision. */
  async hasApplied(revision: number): Promise<void> {
    await waitFor(`revision ${revision} at the agent`, async () => {
      const values = Object.values(
        await this.client.getAll().prefix("/weir/live/agent/").strings(),
      );
      return values.some((text) => {
        const { applied } = JSON.parse(text);
        return applied.keys[this.site.key] === revision && applied.state === "APPLIED";
      });
    }, { timeoutMs: 45_000, detail: () => this.site.agents[0].tail() });
  }

  async applies(names: readonly string[]): Promise<void> {
    await this.hasApplied(await this.put(names));
  }

  /** Ten more lines of a file arrive in Kafka, and not one line comes twice. */
  async ships(name: string): Promise<void> {
    const lines = Array.from({ length: 10 }, () => `line ${this.#written++}\n`);
    await Deno.writeTextFile(this.path(name), lines.join(""), { append: true });
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      await waitFor(`${this.#written} lines`, async () => {
        const [{ high }] = await admin.fetchTopicOffsets(this.site.topic);
        assert(Number(high) <= this.#written, `${high} records for ${this.#written} lines`);
        return Number(high) === this.#written;
      }, { timeoutMs: 45_000, detail: () => this.site.agents[0].tail() });
    } finally {
      await admin.disconnect();
    }
  }

  async etcdctl(...args: string[]): Promise<void> {
    const command = await unpackedCommand("etcdctl", "etcd-client", sayOnStderr);
    const { address } = this.cluster.nodes[0];
    await run(command, [`--endpoints=${address}`, ...args], { env: { ETCDCTL_API: "3" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.site[Symbol.asyncDispose]();
    for (const way of this.ways) await way.close();
    await this.cluster.remove();
  }
}

function test(name: string, work: (stand: Stand) => Promise<void>): void {
  Deno.test({
    name: `etcd of three: ${name}`,
    sanitizeOps: false, // gRPC keeps its connections for a while after they are closed
    sanitizeResources: false,
    async fn() {
      await using stand = await Stand.open();
      await work(stand);
    },
  });
}

test("a lost member, a lost quorum and a slow member stop no line, and changes are taken", async (stand) => {
  const [first, second, third] = stand.cluster.nodes;
  await first.kill9();
  await stand.ships("a.log");
  await stand.applies(["a.log", "b.log"]);
  await stand.ships("b.log");
  await first.start();

  await second.kill9();
  await third.kill9();
  await stand.ships("a.log");
  await stand.ships("b.log");
  await Promise.all([second.start(), third.start()]);
  await stand.applies(["a.log", "b.log", "c.log"]);
  await stand.ships("c.log");

  stand.ways[0].bytesPerSecond = 100;
  stand.ways[1].silent = true;
  await stand.ships("a.log");
  await stand.applies(["a.log", "b.log", "c.log", "d.log"]);
  await stand.ships("d.log");
  await withOneWell(stand);
});

/** One host slow, one silent, one well: commands, a page's table, rules of topics and decisions of transfers work. */
async function withOneWell({ site, ways }: Stand): Promise<void> {
  const fleet = await site.weir("fleet", "--label", `site=${site.group}`);
  assert.equal(fleet.code, 0, fleet.stderr);
  assert.match(fleet.stdout, /^agent +a /m);

  const settings = etcdSettings({ hosts: ways.map(({ url }) => url), timeout: "1s" });
  const prefix = `/test/${site.group}/`, key = `${prefix}rules`, connect = etcdInTurn(settings);
  const well = new WellEtcd(settings), end = new AbortController();
  const read = <T>(work: (client: Etcd3) => Promise<T>) => well.read(work);
  const table = new LiveTable({
    read,
    prefix: "/weir/live/",
    timeoutMs: 2000,
    clock: systemClock,
  });
  assert.ok((await table.programs()).some(({ host }) => host === "a"));

  const rereadMs = 60_000, timeoutMs = settings.timeout;
  const rules = new EtcdConfigSource({ connect, key, clock: systemClock, timeoutMs, rereadMs });
  const heard: (string | null)[] = [];
  const watching = rules.watch(({ text }) => heard.push(text), () => {}, end.signal);
  try {
    await waitFor("the rules to be read", () => heard.length > 0, { timeoutMs: 45_000 });
    await well.use((client) => client.put(key).value("[]").exec());
    await waitFor("the rules to be heard", () => heard.at(-1) === "[]", { timeoutMs: 45_000 });

    const decisions = new EtcdDecisions(connect, prefix);
    const decided = await waitFor("a decision", () => decisions.decide("t/day", "index-1"));
    assert.deepEqual([decided, await decidedAgain(decisions)], ["index-1", "index-1"]);
  } finally {
    end.abort();
    await watching;
    await rules.close();
    well.close();
  }
}

/** What another transfer is told, whatever it wanted. */
function decidedAgain(decisions: EtcdDecisions): Promise<string> {
  return waitFor("the same decision", () => decisions.decide("t/day", "index-2"));
}

test("after a compaction the last value counts; after an old backup what is in force", async (stand) => {
  const agent = stand.site.agents[0];
  agent.signal("SIGSTOP");
  let revision = 0;
  for (const more of ["x", "y", "b.log"]) revision = await stand.put(["a.log", more]);
  await stand.client.kv.compact({ revision: String(revision), physical: true });
  agent.signal("SIGCONT");
  await stand.hasApplied(revision);
  await stand.ships("b.log");

  const backup = stand.site.folder.join("backup");
  await stand.etcdctl("snapshot", "save", backup);
  await stand.applies(["a.log", "b.log", "c.log"]);
  await stand.ships("c.log");
  await restoreEtcdCluster(stand.cluster, backup);
  await waitFor("the agent's alarm", () => /only what is written now counts/.test(agent.stderr), {
    timeoutMs: 45_000,
    detail: () => agent.tail(),
  });
  // The backup knows nothing of c.log; it is tailed all the same.
  await stand.ships("c.log");
  await stand.applies(["a.log", "d.log"]);
  await stand.ships("d.log");
});
