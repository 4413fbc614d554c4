/**
 * The archive beside the index, over a real Kafka: kill -9 in a loop while some lines are sent twice, and each line is
 * once in the archive and once in the index; rules of a topic say what goes where; a store that fails holds up nothing
 * else.
 */
import assert from "node:assert/strict";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { parseDataName } from "../../core/archive/names.ts";
import { readObject } from "../../core/archive/read.ts";
import { spawnTransfer } from "./programs.ts";
import { siteTest } from "./site_tests.ts";
import { elastic, numberedLines, type Site, until } from "./site.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const COUNT = 12_000;
const KILLS = 3;

/** Ids of all documents of the archive, sorted; what is there twice stands here twice. */
async function archivedIds(folder: string, topic: string, format: string): Promise<string[]> {
  const store = new FolderObjects(folder), ids: string[] = [];
  for await (const { name } of store.list(`topic=${topic}/`)) {
    if (parseDataName(name)?.format !== format) continue;
    for (const { _id } of await readObject(store, name)) ids.push(_id);
  }
  return ids.sort();
}

function archiveTest(name: string, run: (site: Site, folder: string) => Promise<void>): void {
  siteTest(`transfer, archive: ${name}`, async (site) => {
    const folder = await Deno.makeTempDir();
    try {
      await run(site, folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const archiveOf = (site: Site, folder: string, more: Record<string, unknown> = {}) => ({
  location: `${folder}/archive`,
  groupId: `${site.prefix}-archive`,
  segmentAge: "500ms",
  ...more,
});

archiveTest(`kill -9 in a loop, ${COUNT} lines are there once`, async (site, folder) => {
  const topic = await site.topic("numbered", 3), file = `${folder}/transfer.yaml`;
  await Deno.writeTextFile(
    file,
    await site.settingsText({
      archive: archiveOf(site, folder, { segmentRecords: 300, format: "both" }),
      consumer: { instanceId: "the-one", sessionTimeout: "60s" },
    }),
  );
  const { lines, uids } = numberedLines(topic, COUNT, 12);
  const share = COUNT / (KILLS + 1), ids = () => archivedIds(`${folder}/archive`, topic, "ndjson");
  for (let round = 0; round < KILLS; round++) {
    // The last lines of the round before come again, as from an agent that was killed.
    await site.send(lines.slice(Math.max(0, round * share - 500), (round + 1) * share), 1000);
    const child = spawnTransfer(file), before = (await ids()).length;
    await until("objects of this round", async () => (await ids()).length > before, 60_000, 50);
    child.kill("SIGKILL");
    assert.equal((await child.status).signal, "SIGKILL");
  }
  await site.send(lines.slice(KILLS * share - 500), 1000);
  const last = spawnTransfer(file);
  await until(
    "everything in the archive",
    async () => (await ids()).length >= COUNT && await site.count() >= COUNT,
    90_000,
    200,
  );
  last.kill("SIGTERM");
  assert.equal((await last.status).code, 0);
  const wanted = uids.sort();
  assert.deepEqual(await ids(), wanted);
  assert.deepEqual(await archivedIds(`${folder}/archive`, topic, "parquet"), wanted);
  assert.deepEqual(await site.ids(), wanted);
});

archiveTest("a topic's rule says what is archived and what is indexed", async (site, folder) => {
  const [both, archived, indexed] = await Promise.all(
    ["both", "archived", "indexed"].map((name) => site.topic(name)),
  );
  await Deno.writeTextFile(
    `${folder}/rules.json`,
    JSON.stringify([{ topic: archived, indexed: false }, { topic: indexed, archive: "none" }]),
  );
  for (const topic of [both, archived, indexed]) {
    await site.send(numberedLines(topic, 100, 2).lines);
  }
  const transfer = await site.transfer({
    archive: archiveOf(site, folder),
    topics: { file: `${folder}/rules.json` },
  });
  const ids = (topic: string) => archivedIds(`${folder}/archive`, topic, "parquet");
  await until(
    "both archived",
    async () => (await ids(both)).length === 100 && (await ids(archived)).length === 100,
  );
  await until("both indexed", async () => await site.count() === 200);
  await transfer.stop();
  assert.equal((await ids(indexed)).length, 0);
  assert.equal(await site.count(`${site.prefix}-${archived}-*`), 0);
  const dropped = await transfer.metric("weir_transfer_dropped_records_total", {
    rule: "not_indexed",
  });
  assert.equal(dropped, 100);
  assert.equal(await transfer.metric("weir_transfer_archive_records_total"), 200);
});

archiveTest("documents are those of the index, in both formats", async (site, folder) => {
  const topic = await site.topic("fields");
  await site.send([
    {
      topic,
      value: '{"level":"warn","user":"陈","n":3}',
      generation: "AbCdEfGh01234-_9",
      offset: 7,
    },
    { topic, value: "plain, of nobody", timestampMs: Date.UTC(2026, 10, 20, 23, 59) },
  ]);
  const transfer = await site.transfer({ archive: archiveOf(site, folder, { format: "both" }) });
  const store = new FolderObjects(`${folder}/archive`);
  const read = async (format: string) => {
    const found = [];
    for await (const { name } of store.list(`topic=${topic}/`)) {
      if (parseDataName(name)?.format === format) found.push(...await readObject(store, name));
    }
    return found.sort((a, b) => Number(a["kafka.offset"]) - Number(b["kafka.offset"]));
  };
  await until(
    "both formats",
    async () => (await read("parquet")).length === 2 && (await read("ndjson")).length === 2,
  );
  await until("both documents", async () => await site.count() === 2);
  await transfer.stop();
  const wanted = (await site.documents()).map(({ _id, _source }) => ({ _id, ..._source }))
    .sort((a, b) => a["kafka.offset"] - b["kafka.offset"]);
  for (const format of ["parquet", "ndjson"]) {
    const found = await read(format);
    for (const document of [...found, ...wanted]) delete document["event.ingested"];
    assert.deepEqual(found, wanted, format);
  }
});

archiveTest("a store that cannot be written holds up the archive alone", async (site, folder) => {
  const topic = await site.topic("blocked");
  await Deno.writeTextFile(`${folder}/archive`, "a file where the folder should be");
  await site.send(numberedLines(topic, 50, 1).lines);
  const transfer = await site.transfer({ archive: archiveOf(site, folder) });
  await until("the index", async () => await site.count() === 50);
  await until("the failure", () => transfer.transfer.archive!.notReady().length > 0);
  assert.match(transfer.transfer.notReady().join(), /archive: Cannot/);
  await Deno.remove(`${folder}/archive`);
  const ids = () => archivedIds(`${folder}/archive`, topic, "parquet");
  await until("the archive", async () => (await ids()).length === 50, 60_000);
  await until("ready again", () => transfer.transfer.notReady().length === 0);
  await transfer.stop();
});

/** Runs weir from source; gives what it printed. Fails where it exits with another code. */
async function weir(code: number, ...args: string[]): Promise<{ out: string; err: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", `${ROOT}cli/main.ts`, ...args],
  });
  const done = await command.output(), text = new TextDecoder();
  const said = { out: text.decode(done.stdout), err: text.decode(done.stderr) };
  assert.equal(done.code, code, said.err);
  return said;
}

archiveTest("a day comes back, into its index, one apart, or a store", async (site, folder) => {
  const topic = await site.topic("back"), file = `${folder}/transfer.yaml`;
  const day = "2026-11-19", headers = { "weir.day": day };
  const { lines, uids } = numberedLines(topic, 2000, 4);
  await site.send(lines.map((line) => ({ ...line, headers })));
  const changes = { archive: archiveOf(site, folder, { format: "both" }) };
  await Deno.writeTextFile(file, await site.settingsText(changes));
  const transfer = await site.transfer(changes);
  const ids = () => archivedIds(`${folder}/archive`, topic, "parquet");
  await until("both", async () => (await ids()).length === 2000 && await site.count() === 2000);
  await transfer.stop();
  const wanted = uids.sort();
  const listed = (await weir(0, "archive", "list", "-c", file, "--json")).out.trim();
  assert.deepEqual([JSON.parse(listed).topic, JSON.parse(listed).day], [topic, day]);
  assert.match((await weir(0, "archive", "check", topic, "-c", file)).out, /2000 records/);

  await elastic("DELETE", `/${site.prefix}-${topic}-2026.11.19`);
  assert.equal(await site.count(), 0);
  const restore = async (...more: string[]) =>
    JSON.parse((await weir(0, "restore", topic, day, "-c", file, "--json", ...more)).out);
  assert.equal((await restore()).created, 2000);
  assert.deepEqual(await site.ids(), wanted);
  const again = await restore();
  assert.deepEqual([again.created, again.existed], [0, 2000]);

  const apart = await restore("--apart");
  assert.equal(apart.target, `weir-@restored-${topic}-2026.11.19`);
  assert.equal(await site.count(encodeURIComponent(apart.target)), 2000);
  await elastic("DELETE", `/${encodeURIComponent(apart.target)}`);
  assert.equal((await restore("--store", `${folder}/store`)).created, 2000);
  assert.equal((await restore("--store", `${folder}/store`)).existed, 2000);

  const [{ name }] = await Array.fromAsync(
    new FolderObjects(`${folder}/archive`).list(`topic=${topic}/`),
  );
  await Deno.remove(`${folder}/archive/${name}`);
  const { out, err } = await weir(1, "archive", "check", topic, "-c", file);
  assert.ok(out.includes(`MISSING: ${name}`));
  assert.match(err, /Not all that was archived/);
  assert.match((await weir(1, "restore", topic, "2026-01-01", "-c", file)).err, /has nothing of/);
});
