/**
 * Days of the archive while a transfer runs: sealed once they are over, their objects merged, sealed again after late
 * lines, deleted by the topic's own age; and read by DuckDB as they lie.
 */
import assert from "node:assert/strict";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { dayOf } from "../../core/record/identity.ts";
import { checkTopic } from "../../transfer/archive/inspect.ts";
import { tempDir } from "../support/temp.ts";
import { numberedLines, Site, until } from "../transfer/site.ts";
import { askDuckdb } from "./duckdb.ts";

const COUNT = 2000, LATE = 30, PARTITIONS = 2;
const lenient = { sanitizeOps: false, sanitizeResources: false }; // the clients keep sockets for a while
const daysAgo = (days: number) => dayOf(Date.now() - days * 86_400e3);
const WAIT_MS = 90_000;

async function withSite(
  run: (site: Site, folder: string, archive: Record<string, unknown>) => Promise<void>,
): Promise<void> {
  await using folder = await tempDir();
  const site = await Site.open();
  try {
    await run(site, folder.path, {
      location: folder.join("archive"),
      groupId: `${site.prefix}-archive`,
      segmentAge: "300ms",
      segmentRecords: 100,
      sealAfter: "0s",
      upkeepInterval: "200ms",
    });
  } finally {
    await site.close();
  }
}

Deno.test({
  name: "archive: days that are over are sealed, and again after late lines",
  ...lenient,
  fn: () =>
    withSite(async (site, folder, archive) => {
      const topic = await site.topic("sealed", PARTITIONS), [old, today] = [daysAgo(3), daysAgo(0)];
      const { lines } = numberedLines(topic, 2 * COUNT + LATE, 6);
      const on = (day: string, from: number, to: number) =>
        site.send(lines.slice(from, to).map((line) => ({ ...line, headers: { "weir.day": day } })));
      await on(old, 0, COUNT);
      await on(today, COUNT, 2 * COUNT);
      const transfer = await site.transfer({ archive: { ...archive, format: "both" } });
      const store = new FolderObjects(`${folder}/archive`);
      const check = async (day: string) =>
        (await checkTopic(store, topic)).days.find((one) => one.day === day);
      const sealed = async (records: number) =>
        (await until(
          `${records} lines sealed`,
          async () => {
            const found = await check(old);
            return found?.state === "complete" && found.records === records ? found : undefined;
          },
          WAIT_MS,
          100,
        ))!;
      const first = await sealed(COUNT);
      assert.deepEqual([first.records, first.objects, first.superseded], [
        COUNT,
        2 * PARTITIONS,
        0,
      ]);
      const ask = () =>
        askDuckdb(
          `${folder}/archive`,
          `SELECT count(*)::INT, count(DISTINCT uid)::INT FROM ARCHIVE WHERE day = '${old}'`,
        );
      assert.deepEqual(await ask(), [[COUNT, COUNT]], "as the files lie");

      await on(old, 2 * COUNT, 2 * COUNT + LATE);
      const second = await sealed(COUNT + LATE);
      assert.ok(
        second.revision > first.revision,
        "one for each partition's late lines, or for both",
      );
      assert.equal(second.superseded, 0);
      assert.deepEqual(await ask(), [[COUNT + LATE, COUNT + LATE]]);
      await until(
        "today's lines",
        async () => (await check(today))?.records === COUNT,
        WAIT_MS,
        100,
      );
      assert.equal((await check(today))!.state, "open", "a day that is not over is not sealed");
      assert.ok(await transfer.metric("weir_transfer_archive_sealed_days_total") >= 2);
      assert.ok(await transfer.metric("weir_transfer_archive_merged_objects_total") > 0);

      await transfer.stop();
      const [{ name }] = await Array.fromAsync(store.list(`topic=${topic}/day=${old}/`));
      await store.delete(name);
      const hole = (await check(old))!;
      assert.equal(hole.state, "hole");
      assert.ok(hole.missing.includes(name));
    }),
});

Deno.test({
  name: "archive: each topic keeps its days as long as its rule says, whatever its index does",
  ...lenient,
  fn: () =>
    withSite(async (site, folder, archive) => {
      const [long, short, none] = [
        await site.topic("long"),
        await site.topic("short"),
        await site.topic("none"),
      ];
      await Deno.writeTextFile(
        `${folder}/rules.json`,
        JSON.stringify([
          { topic: long, archiveDays: 400, retention: { days: 1 } },
          { topic: none, archive: "none" },
        ]),
      );
      for (const topic of [long, short, none]) {
        const { lines } = numberedLines(topic, 300, 2);
        for (const [i, day] of [daysAgo(5), daysAgo(1), daysAgo(0)].entries()) {
          const some = lines.slice(100 * i, 100 * (i + 1));
          await site.send(some.map((line) => ({ ...line, headers: { "weir.day": day } })));
        }
      }
      const transfer = await site.transfer({
        archive: { ...archive, retentionDays: 2 },
        topics: { file: `${folder}/rules.json` },
      });
      const store = new FolderObjects(`${folder}/archive`);
      const days = async (topic: string) => {
        const found = (await checkTopic(store, topic, daysAgo(9))).days;
        return found.filter(({ objects }) => objects > 0).map(({ day }) => day);
      };
      const all = [daysAgo(5), daysAgo(1), daysAgo(0)];
      await until(
        "the long one",
        async () => String(await days(long)) === String(all),
        WAIT_MS,
        100,
      );
      await until(
        "the short one",
        async () => String(await days(short)) === String(all.slice(1)),
        WAIT_MS,
        100,
      );
      await until("all in the index", async () => await site.count() === 900, WAIT_MS, 100);
      assert.deepEqual(await days(long), all);
      const asked = await askDuckdb(
        `${folder}/archive`,
        `SELECT count(*)::INT FROM ARCHIVE WHERE topic = '${long}'`,
      );
      assert.deepEqual(asked, [[300]]);
      const { partitions } = transfer.transfer.archive!.status() as {
        partitions: { topic: string }[];
      };
      const read = new Set(partitions.map(({ topic }) => topic));
      assert.deepEqual([read.has(long), read.has(short), read.has(none)], [true, true, false]);
      assert.ok(await transfer.metric("weir_transfer_archive_expired_objects_total") > 0);
    }),
});
