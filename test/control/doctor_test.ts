/** `weir doctor` over real servers: ticks where all is well, and the cross where one address is wrong. */
import assert from "node:assert/strict";
import { createElastic, JSON_HEADERS } from "../../core/elastic/client.ts";
import { createEtcd } from "../../core/etcd/client.ts";
import { loadSettings } from "../../core/config/load.ts";
import { ask } from "../cli/site.ts";
import { type Servers, servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { transferSettings } from "../../transfer/config.ts";
import { etcdSettings } from "./settings.ts";

type Found = { link: string; verdict: string; what: string; remedy: string };
type Part = "kafka" | "elasticsearch" | "etcd" | "influxdb";
type Addresses = Pick<Servers, Part>;

async function doctor(dir: TempDir, at: Addresses, key: string, name: string) {
  const write = (part: string, value: unknown) => {
    const file = dir.join(`${name}-${part}.yaml`);
    Deno.writeTextFileSync(file, JSON.stringify(value)); // JSON is YAML
    return file;
  };
  const token = dir.join(`${name}-token`);
  Deno.writeTextFileSync(token, at.influxdb.token);
  const kafka = { brokers: [at.kafka], connectionTimeout: "1s" };
  const etcd = { hosts: [at.etcd], timeout: "2s" };
  const agent = write("agent", {
    state: dir.join("state"),
    ip: "127.0.0.1",
    source: { key: `${key}/{ip}/collect_config`, groupKey: "" },
    etcd,
    kafka,
    tail: { roots: [dir.join("")] },
  });
  const transfer = write("transfer", {
    kafka,
    consumer: { topicPatterns: ["none"] },
    elasticsearch: { nodes: [at.elasticsearch] },
  });
  const { url, org, bucket } = at.influxdb;
  const monitor = write("monitor", {
    influx: { enabled: true, url, org, bucket, tokenFile: token },
  });
  const { code, stdout, stderr } = await ask([
    "doctor",
    "--json",
    "--agent-config",
    agent,
    "--transfer-config",
    transfer,
    "--monitor-config",
    monitor,
  ]);
  assert.notEqual(stdout, "", stderr);
  const { chain, findings } = JSON.parse(stdout);
  return { code, chain, findings: findings as Found[] };
}

Deno.test({
  name: "weir doctor: ticks on a healthy site, and a cross at the server whose address is wrong",
  sanitizeOps: false, // the clients keep timers and connections for a while after they are closed
  sanitizeResources: false,
  async fn() {
    const all: Addresses = await servers("kafka", "elasticsearch", "etcd", "influxdb");
    await using dir = await tempDir("weir-doctor-");
    const key = `/${uniqueName("doctor")}`, template = `weir-${uniqueName("doctor")}`;
    const etcd = createEtcd(etcdSettings({ hosts: [all.etcd] }));
    const elastic = createElastic(
      loadSettings(
        transferSettings,
        JSON.stringify({
          consumer: { topics: ["none"] },
          elasticsearch: { nodes: [all.elasticsearch] },
        }),
        { name: "test" },
      ).elasticsearch,
    );
    const headers = { headers: JSON_HEADERS };
    try {
      const entries = JSON.stringify([{ path: dir.join("*.log"), topic: "doctor" }]);
      await etcd.put(`${key}/127.0.0.1/collect_config`).value(entries);
      await elastic.indices.putIndexTemplate(
        { name: template, index_patterns: [template] },
        headers,
      );
      const { code, chain, findings } = await doctor(dir, all, key, "healthy");
      // The machine of the test may have a full disk or few watches: a warning, and none of the doctor's making.
      const bad = findings.filter(({ verdict, what }) =>
        verdict !== "ok" && !/disk|inotify|MiB free/.test(what)
      );
      assert.deepEqual(bad, []);
      assert.equal(code, 0);
      assert.equal(chain.length, 5);
      const texts = findings.map(({ what }) => what).join("\n");
      assert.match(texts, /1 entries to tail in 1 keys/);
      const [, index] = texts.match(/one document written to (weir-doctor-\S+) and deleted/) ?? [];
      assert.match(texts, /the token sees bucket/);
      assert.match(texts, /1 brokers answer/);
      assert.match(texts, /topic weir-dead: (not there yet, and may be made|\d+ partitions)/);
      assert.ok(index, texts);
      assert.equal(await elastic.indices.exists({ index }, headers), false, "its index is gone");

      const wrong: [Part, Addresses][] = [
        ["kafka", { ...all, kafka: "127.0.0.1:1" }],
        ["elasticsearch", { ...all, elasticsearch: "http://127.0.0.1:1" }],
        ["etcd", { ...all, etcd: "http://127.0.0.1:1" }],
        ["influxdb", { ...all, influxdb: { ...all.influxdb, url: "http://127.0.0.1:1" } }],
      ];
      for (const [link, addresses] of wrong) {
        const found = await doctor(dir, addresses, key, link);
        const crosses = found.findings.filter(({ verdict }) => verdict === "cross");
        assert.equal(found.code, 1, link);
        assert.deepEqual([...new Set(crosses.map((one) => one.link))], [link]);
        assert.ok(crosses.every(({ remedy }) => remedy !== ""), link);
      }
    } finally {
      await elastic.indices.deleteIndexTemplate({ name: template }, { ...headers, ignore: [404] });
      await etcd.delete().prefix(key);
      etcd.close();
      await elastic.close();
    }
  },
});
