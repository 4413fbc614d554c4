/**
 * kill -9 of the transfer at each step of writing an object, and of sealing a day and merging its objects, on S3: a
 * proxy ends it at that very request, before or after the store has done it. After each kill no reader sees a line
 * twice; in the end each is there once, in one object, and the day is complete.
 */
import assert from "node:assert/strict";
import { readDay } from "../../core/archive/read_day.ts";
import { readObject } from "../../core/archive/read.ts";
import { S3Objects } from "../../core/archive/s3_objects.ts";
import { dayOf } from "../../core/record/identity.ts";
import { checkTopic } from "../../transfer/archive/inspect.ts";
import { startMinio } from "../support/real/minio.ts";
import { tempDir } from "../support/temp.ts";
import { spawnTransfer } from "../transfer/programs.ts";
import { numberedLines, Site, until } from "../transfer/site.ts";
import { askDuckdb, copyTopic } from "./duckdb.ts";
import { KillingProxy, type Step } from "./killing_proxy.ts";

const COUNT = 3000, PART = 300;
const lenient = { sanitizeOps: false, sanitizeResources: false }; // the clients keep sockets for a while

/** In the order in which they come. */
const KINDS: [name: string, fits: RegExp][] = [
  ["where the chain begins", /^PUT-IF-NEW \/.*\/head\.json$/],
  ["announcing a segment", /^PUT-IF-NEW \/.*\/0\/\d+\.json$/],
  ["writing its object", /^PUT \/.*\/topic=.*\.parquet$/],
  ["saying that it is there", /^PUT \/.*\/0\/\d+\.json$/],
  ["announcing a manifest", /^PUT-IF-NEW \/.*\/days\//],
  ["writing the merged object", /^PUT \/.*\/topic=.*\.parquet$/],
  ["deleting a small one", /^DELETE \/.*\/topic=.*\.parquet$/],
  ["saying that the day is complete", /^PUT \/.*\/days\//],
];
const STEPS: Step[] = KINDS.flatMap(([name, fits]) =>
  (["before", "after"] as const).map((when) => ({ name, fits, when }))
);

Deno.test({
  name: "archive: kill -9 at each step of writing, sealing and merging",
  ...lenient,
  async fn() {
    const { server, access } = await startMinio();
    await using _ = server;
    await using proxy = await KillingProxy.start(access.endpoint);
    await using folder = await tempDir();
    const site = await Site.open(), store = new S3Objects({ ...access, prefix: "" });
    try {
      const topic = await site.topic("steps"), day = dayOf(Date.now() - 2 * 86_400e3);
      const { lines, uids } = numberedLines(topic, COUNT, 5);
      const all = lines.map((line) => ({ ...line, headers: { "weir.day": day } }));
      await Deno.writeTextFile(folder.join("access"), access.accessKey);
      await Deno.writeTextFile(folder.join("secret"), access.secretKey);
      const text = await site.settingsText({
        archive: {
          location: `s3://${access.bucket}`,
          endpoint: proxy.endpoint,
          accessKeyFile: folder.join("access"),
          secretKeyFile: folder.join("secret"),
          groupId: `${site.prefix}-archive`,
          segmentAge: "300ms",
          sealAfter: "0s",
          upkeepInterval: "200ms",
        },
        consumer: { instanceId: "the-one", sessionTimeout: "60s" },
      });
      const config = folder.join("transfer.yaml");
      await Deno.writeTextFile(config, text);
      const seen = async () => {
        const ids: string[] = [];
        const offsetOf = (document: Record<string, unknown>) => Number(document["kafka.offset"]);
        for await (const { rows } of readDay(store, topic, day, readObject, offsetOf)) {
          ids.push(...rows.map(({ _id }) => _id));
        }
        return ids.sort();
      };
      let before = 0;
      for (const [i, step] of STEPS.entries()) {
        // Some at a time, so that there are several segments; all before the day can be sealed.
        await site.send(all.slice(i * PART, (i + 1) * PART));
        const child = spawnTransfer(config);
        await proxy.killAt(step, async () => {
          child.kill("SIGKILL");
          await child.status;
        });
        const ids = await seen();
        assert.equal(new Set(ids).size, ids.length, `${step.name}, ${step.when}: none twice`);
        assert.ok(ids.length >= before, `${step.name}, ${step.when}: none gone`);
        before = ids.length;
        console.log(`kill -9 ${step.when} ${step.name}: ${ids.length} lines`);
      }
      const last = spawnTransfer(config);
      const check = async () =>
        (await checkTopic(store, topic)).days.find((one) => one.day === day);
      await until("a complete day", async () => (await check())?.state === "complete", 90_000, 200);
      last.kill("SIGKILL");
      await last.status;
      const { records, objects, superseded, revision } = (await check())!;
      assert.deepEqual([records, objects, superseded, revision], [COUNT, 1, 0, 1]);
      assert.deepEqual(await seen(), uids.sort());
      await copyTopic(store, topic, folder.join("copy"));
      const query = "SELECT count(*)::INT, count(DISTINCT uid)::INT FROM ARCHIVE";
      assert.deepEqual(await askDuckdb(folder.join("copy"), query), [[COUNT, COUNT]]);
    } finally {
      await site.close();
    }
  },
});
