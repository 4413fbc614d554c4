/**
 * The archive of numbered lines, some of which come twice, on S3 and on HDFS, over kill -9 of the transfer; and as other
 * engines read it: DuckDB over the Parquet files as they lie.
 */
import assert from "node:assert/strict";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { HdfsObjects } from "../../core/archive/hdfs_objects.ts";
import { objectsOf } from "../../core/archive/days.ts";
import { checkTopic } from "../../transfer/archive/inspect.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { readObject } from "../../core/archive/read.ts";
import { S3Objects } from "../../core/archive/s3_objects.ts";
import { startHdfs } from "../support/real/hdfs.ts";
import { startMinio } from "../support/real/minio.ts";
import { tempDir } from "../support/temp.ts";
import { spawnTransfer } from "../transfer/programs.ts";
import { numberedLines, Site, until } from "../transfer/site.ts";
import { askDuckdb } from "./duckdb.ts";

const COUNT = 20_000;
const DAY = "2026-11-19";
const lenient = { sanitizeOps: false, sanitizeResources: false }; // the clients keep sockets for a while

/** Numbered lines of one day, the last 500 before the middle sent again behind it. */
async function sendLines(site: Site): Promise<{ topic: string; uids: string[] }> {
  const topic = await site.topic("numbered", 3);
  const { lines, uids } = numberedLines(topic, COUNT, 12), middle = COUNT / 2;
  const all = lines.map((line) => ({ ...line, headers: { "weir.day": DAY } }));
  await site.send(all.slice(0, middle), 1000);
  await site.send(all.slice(middle - 500), 1000);
  return { topic, uids: uids.sort() };
}

async function archivedIds(store: ObjectStore, topic: string): Promise<string[]> {
  const ids: string[] = [];
  for (const { name } of await objectsOf(store, topic, DAY)) {
    for (const { _id } of await readObject(store, name)) ids.push(_id);
  }
  return ids.sort();
}

/** A transfer that is killed after its first object, and then let to the end. */
async function archiveAll(
  site: Site,
  topic: string,
  archive: Record<string, unknown>,
  store: ObjectStore,
  file: string,
): Promise<void> {
  const text = await site.settingsText({
    archive: {
      segmentAge: "300ms",
      segmentRecords: 1000,
      groupId: `${site.prefix}-archive`,
      ...archive,
    },
    consumer: { instanceId: "the-one", sessionTimeout: "60s" },
  });
  await Deno.writeTextFile(file, text);
  const first = spawnTransfer(file);
  await until("an object", async () => (await objectsOf(store, topic, DAY)).length > 0, 60_000, 20);
  first.kill("SIGKILL");
  await first.status;
  const last = spawnTransfer(file);
  const records = async () =>
    (await checkTopic(store, topic)).partitions.reduce((sum, check) => sum + check.records, 0);
  await until("all records", async () => await records() >= COUNT, 120_000, 300);
  last.kill("SIGTERM");
  assert.equal((await last.status).code, 0);
  for (const { gaps, missing, pending } of (await checkTopic(store, topic)).partitions) {
    assert.deepEqual([gaps, missing, pending], [[], [], []]);
  }
}

Deno.test({
  name: "archive on S3: each line once over a kill",
  ...lenient,
  async fn() {
    const { server, access } = await startMinio();
    await using _ = server;
    await using folder = await tempDir();
    const site = await Site.open();
    try {
      const { topic, uids } = await sendLines(site);
      await Deno.writeTextFile(folder.join("access"), `${access.accessKey}\n`);
      await Deno.writeTextFile(folder.join("secret"), `${access.secretKey}\n`);
      const store = new S3Objects({ ...access, prefix: "some/logs/" });
      await archiveAll(
        site,
        topic,
        {
          location: `s3://${access.bucket}/some/logs`,
          endpoint: access.endpoint,
          accessKeyFile: folder.join("access"),
          secretKeyFile: folder.join("secret"),
          format: "ndjson",
        },
        store,
        folder.join("transfer.yaml"),
      );
      assert.deepEqual(await archivedIds(store, topic), uids);
    } finally {
      await site.close();
    }
  },
});

Deno.test({
  name: "archive on HDFS: each line once over a kill",
  ...lenient,
  async fn() {
    await using hdfs = await startHdfs();
    await using folder = await tempDir();
    const site = await Site.open();
    try {
      const { topic, uids } = await sendLines(site);
      const { endpoint } = hdfs;
      const location = `${endpoint.replace("http", "webhdfs")}/logs`;
      const store = new HdfsObjects({ endpoint, folder: "/logs", user: "weir" });
      const file = folder.join("transfer.yaml");
      await archiveAll(site, topic, { location, segmentRecords: 4000 }, store, file);
      assert.deepEqual(await archivedIds(store, topic), uids);
    } finally {
      await site.close();
    }
  },
});

const QUERY = `SELECT topic, CAST(day AS VARCHAR), count(*), count(DISTINCT uid), min(log_offset),
  sum(log_length), count(*) FILTER (message LIKE 'line %'), max(timestamp) < now() FROM ARCHIVE GROUP BY ALL`;

Deno.test({
  name: "archive in a folder: DuckDB reads it as it lies",
  ...lenient,
  async fn() {
    await using folder = await tempDir();
    const site = await Site.open();
    try {
      const { topic, uids } = await sendLines(site);
      const bytes = uids.reduce((sum, uid) => {
        const [, from, to] = /:(\d+)-(\d+)$/.exec(uid)!;
        return sum + Number(to) - Number(from);
      }, 0);
      const location = folder.join("archive"), store = new FolderObjects(location);
      await archiveAll(site, topic, { location, format: "both" }, store, folder.join("t.yaml"));
      const rows = await askDuckdb(location, QUERY);
      assert.deepEqual(rows, [[topic, DAY, COUNT, COUNT, 0, bytes, COUNT, true]]);
    } finally {
      await site.close();
    }
  },
});
