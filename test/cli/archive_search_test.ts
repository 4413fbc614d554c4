/** `weir up --archive` and `weir search --archive`: archived days beside the indexed lines, each line marked. */
import assert from "node:assert/strict";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { dataName } from "../../core/archive/names.ts";
import { EXIT } from "../../core/errors.ts";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import { ObjectEncoder } from "../../transfer/archive/encode.ts";
import { plainShape } from "../../transfer/index/shape_fixture.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { ask, weir } from "./site.ts";

const TOPIC = "web_log", DAY = "2026-03-01", START_MS = Date.parse(`${DAY}T08:00:00Z`);
const FILE = { generation: "AAAAAAAAAAAAAAAA", host: "web-1", path: "/var/log/shop/app.log" };

/** Thirty lines of a day, every third an error. */
async function archiveTo(folder: string): Promise<void> {
  let offset = 0;
  const records = Array.from({ length: 30 }, (_, i) => {
    const time = new Date(START_MS + i * 1000).toISOString();
    const record = recordOf(
      TOPIC,
      `${time} ${i % 3 === 0 ? "ERROR" : "INFO"} order ${i}`,
      offset,
      FILE,
    );
    offset += record.length;
    return { ...record, day: DAY };
  });
  const bytes = new ObjectEncoder().encode(records, plainShape(TOPIC), START_MS, "parquet");
  await new FolderObjects(folder).put(dataName(TOPIC, DAY, 0, 0, 30, "parquet"), bytes);
}

Deno.test("weir search --archive finds archived lines of the asked days, and says where there is no archive", async () => {
  await using folder = await tempDir("weir-archived-");
  const archive = folder.join("archive"), log = folder.join("live.log");
  await Deno.mkdir(archive);
  await Deno.writeTextFile(log, "2026-11-20T10:00:00Z ERROR live one\n");
  await using up = weir([
    "up",
    ...["--listen", "127.0.0.1:0", "--data", folder.join("data"), "--archive", archive],
    log,
  ]);
  const [, url] = await up.waitForLine(/Weir is at\s+(http:\S+)/, 60_000);
  const search = (...args: string[]) => ask(["search", "--url", url, ...args]);
  const range = ["--since", "2026-03-01", "--until", "2026-03-02"];
  const asked = ["--archive", ...range, `topic:${TOPIC} level:error`];
  const none = await search(...asked);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /There is no archive at .*archive/);

  await archiveTo(archive);
  const found = await search(...asked, "--json");
  assert.equal(found.code, EXIT.ok, found.stderr);
  const documents = found.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(documents.length, 10);
  assert.ok(documents.every((one) => one.archived === true && one["log.level"] === "error"));
  await waitFor("the live line", async () => (await search("live", "--count")).stdout === "1\n");
  assert.equal(
    (await search(...range, "--count")).stdout,
    "0\n",
    "without --archive they are not looked for",
  );
});
