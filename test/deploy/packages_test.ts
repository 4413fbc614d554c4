/**
 * The Debian packages in a clean system: installed, started as their units say, and a line that is written there is found
 * in Elasticsearch through the page; upgraded and downgraded with live state, nothing is lost or doubled; removed and purged.
 */
import assert from "node:assert/strict";
import { Client } from "@elastic/elasticsearch";
import { buildDeb } from "../../deploy/packages/deb.ts";
import { PACKAGES } from "../../deploy/packages/contents.ts";
import { deleteIndices } from "../e2e/indexed.ts";
import { distFolder } from "../support/dist.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { DebianRoot } from "./debian_root.ts";

const lenient = { sanitizeOps: false, sanitizeResources: false };
const WAIT = { timeoutMs: 60_000 };

async function packages(out: TempDir, names: string[], version: string): Promise<string[]> {
  const dist = distFolder("npm test -- deploy");
  const specs = PACKAGES.filter(({ name }) => names.includes(name));
  return await Promise.all(
    specs.map((spec) => buildDeb(spec, { dist, out: out.path, version, fast: true })),
  );
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Messages of the lines that were written in a step, the last of them line `end` - 1. */
function written(step: string, end: number): string[] {
  return Array.from({ length: 100 }, (_, i) => `line ${end - 100 + i} written when ${step}`).sort();
}

/** The lines that the installed `weir search` prints of the installed `weir page`. */
async function throughThePage(
  root: DebianRoot,
  elasticsearch: string,
  index: string,
  query: string,
): Promise<Record<string, unknown>[]> {
  const reads = [`--elasticsearch=${elasticsearch}`, `--index=${index}`];
  await using page = root.start("weir", "page", ...reads, "--listen=127.0.0.1:0");
  const [, url] = await page.waitForLine(/Weir is at {2}(http\S+)/);
  const said = await root.run("weir", "search", "--url", url, "--json", query);
  return said.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test({
  name: "packages: from dpkg -i to a document, over an upgrade and a downgrade with live state",
  ...lenient,
  async fn() {
    await using out = await tempDir();
    const names = ["weir", "weir-agent", "weir-transfer"];
    const old = await packages(out, names, "0.1.0"), newer = await packages(out, names, "0.1.1");
    const { kafka, elasticsearch } = await servers("kafka", "elasticsearch");
    await using root = await DebianRoot.open();
    const said = await root.install(...old);
    assert.match(said, /Edit \/etc\/weir\/agent\.yaml, then: systemctl enable --now weir-agent/);

    const topic = uniqueName("deb");
    await Deno.writeTextFile(
      root.join("/etc/weir/agent.yaml"),
      `kafka: {brokers: ["${kafka}"]}\nsource: {file: /etc/weir/collect.json}\nlisten: 127.0.0.1:0\n`,
    );
    await Deno.writeTextFile(
      root.join("/etc/weir/collect.json"),
      JSON.stringify([{ path: "/var/log/shop/*.log", topic }]),
    );
    await Deno.writeTextFile(
      root.join("/etc/weir/transfer.yaml"),
      `kafka: {brokers: ["${kafka}"]}\nconsumer: {groupId: ${topic}, topics: [${topic}], ` +
        `topicsRefresh: 1s}\nelasticsearch: {nodes: ["${elasticsearch}"]}\nlisten: 127.0.0.1:0\n`,
    );
    // As Debian's own logs: for group adm alone.
    await root.run("install", "-d", "-g", "adm", "-m", "750", "/var/log/shop");
    const log = root.join("/var/log/shop/app.log");
    const write = (text: string) => Deno.writeTextFile(log, text, { append: true });
    await write("");
    await root.run("chgrp", "adm", "/var/log/shop/app.log");
    await Deno.chmod(log, 0o640);

    const client = new Client({ node: elasticsearch });
    const index = `weir-${topic}-*`;
    const documents = async () => {
      await client.indices.refresh({ index, allow_no_indices: true });
      return (await client.count({ index, allow_no_indices: true })).count;
    };
    try {
      let lines = 0;
      for (
        const [step, debs] of [["installed", []], ["upgraded", newer], ["downgraded", old]] as const
      ) {
        if (debs.length > 0) await root.install(...debs);
        const agent = await root.startUnit("weir-agent");
        const transfer = await root.startUnit("weir-transfer");
        for (let i = 0; i < 100; i++) await write(`line ${lines++} written when ${step}\n`);
        await waitFor(`${lines} documents`, async () => await documents() === lines, WAIT);
        console.log(`${step}: ${lines} lines, ${await documents()} documents`);
        const found = await throughThePage(root, elasticsearch, index, `"written when ${step}"`);
        assert.deepEqual(found.map(({ message }) => message).sort(), written(step, lines));
        assert.ok(found.every((line) => line["log.file.path"] === "/var/log/shop/app.log"));
        await write(`line ${lines++}, unread when the agent ends\n`);
        assert.equal((await agent.stop()).code, 0, agent.stderr);
        assert.equal((await transfer.stop()).code, 0, transfer.stderr);
      }
      const settings = await Deno.readTextFile(root.join("/etc/weir/agent.yaml"));
      assert.ok(settings.includes(kafka), "the site's settings are kept over upgrades");
      const state = await Deno.stat(root.join("/var/lib/weir-agent"));
      assert.notEqual(state.uid, 0, "the state belongs to the program's user");
    } finally {
      await deleteIndices(client, index);
      await client.close();
    }

    await root.run("dpkg", "-r", "weir-agent");
    assert.ok(await exists(root.join("/var/lib/weir-agent")), "a removal keeps the state");
    assert.ok(await exists(root.join("/etc/weir/agent.yaml")), "a removal keeps the settings");
    assert.ok(!await exists(root.join("/usr/bin/weir-agent")));
    await root.run("dpkg", "-P", "weir-agent");
    assert.ok(!await exists(root.join("/var/lib/weir-agent")), "a purge removes the state");
    assert.ok(!await exists(root.join("/etc/weir/agent.yaml")), "a purge removes the settings");
  },
});

Deno.test({
  name:
    "packages: all four install side by side, say their version, and have man pages that man reads",
  ...lenient,
  async fn() {
    await using out = await tempDir();
    await using root = await DebianRoot.open();
    await root.install(...await packages(out, PACKAGES.map(({ name }) => name), "0.1.0"));
    for (const { name, settings } of PACKAGES) {
      assert.match(await root.run(name, "--version"), /^\d+\.\d+\.\d+\n$/);
      if (settings === undefined) continue;
      const said = await root.run(name, "--config", settings.path, "--check-config");
      assert.match(said, /the settings are right/);
    }
    assert.equal(await root.run("dpkg", "--audit"), "");
  },
});

Deno.test("packages: two builds give the same bytes", async () => {
  await using one = await tempDir();
  await using two = await tempDir();
  const [first] = await packages(one, ["weir-monitor"], "0.1.0");
  const [second] = await packages(two, ["weir-monitor"], "0.1.0");
  const digest = async (path: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path)));
  assert.deepEqual(await digest(first), await digest(second));
});
