/** A batch query of Flink over an archive of NDJSON as it lies, by the shipped table. */
import assert from "node:assert/strict";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { Flink } from "../support/real/flink.ts";
import { tempDir } from "../support/temp.ts";
import { writeDays } from "./day_objects.ts";

const TOPIC = "web_log";
const TABLE = new URL("../../deploy/archive/flink.sql", import.meta.url);

Deno.test({
  name: "Flink reads an archive of NDJSON in a batch: each line once, by day and level",
  sanitizeOps: false, // what the cluster's client keeps
  sanitizeResources: false,
  async fn() {
    await using folder = await tempDir("weir-flink-batch-");
    const root = folder.join("archive");
    await writeDays(new FolderObjects(root), TOPIC, 3000, "ndjson");
    await using flink = await Flink.start();
    const script = await Deno.readTextFile(TABLE);
    const output = await flink.sql(script.replace("file:///srv/archive", `file://${root}`));
    const rows = [...output.matchAll(/\| (2026-11-\d\d) \| +(\w+) \| +(\d+) \| +(\d+) \|/g)]
      .map(([, ...row]) => row.join(" ")).sort();
    assert.deepEqual(rows, [
      "2026-11-19 error 300 300",
      "2026-11-19 info 2700 2700",
      "2026-11-20 error 300 300",
      "2026-11-20 info 2700 2700",
    ], output);
  },
});
