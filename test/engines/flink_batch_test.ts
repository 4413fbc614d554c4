/** A batch query of Flink over an archive of NDJSON as it lies, by the shipped table. */
import assert from "node:assert/strict";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { dataName } from "../../core/archive/names.ts";
import { recordOf } from "../../core/ports/document_store_conformance.ts";
import { ObjectEncoder } from "../../transfer/archive/encode.ts";
import { Flink } from "../support/real/flink.ts";
import { tempDir } from "../support/temp.ts";

const TOPIC = "web_log", COUNT = 3000, DAYS = ["2026-11-19", "2026-11-20"];
const SHAPE = { dataset: TOPIC, namespace: "", dataStream: false, fields: true, parser: undefined };
const TABLE = new URL("../../deploy/archive/flink.sql", import.meta.url);

Deno.test({
  name: "Flink reads an archive of NDJSON in a batch: each line once, by day and level",
  sanitizeOps: false, // what the cluster's client keeps
  sanitizeResources: false,
  async fn() {
    await using folder = await tempDir("weir-flink-batch-");
    const root = folder.join("archive"), store = new FolderObjects(root);
    let offset = 0;
    for (const [at, day] of DAYS.entries()) {
      const startMs = Date.parse(day);
      const records = Array.from({ length: COUNT }, (_, i) => {
        const level = i % 10 === 0 ? "ERROR" : "INFO";
        const text = `${new Date(startMs + i).toISOString()} ${level} n=${i} größe`;
        const record = recordOf(TOPIC, text, offset, {
          generation: "AAAAAAAAAAAAAAAA",
          host: "a1",
          path: "/var/log/web.log",
        });
        offset += record.length;
        return { ...record, day };
      });
      const bytes = new ObjectEncoder().encode(records, SHAPE, startMs, "ndjson");
      const name = dataName(TOPIC, day, 0, at * COUNT, (at + 1) * COUNT, "ndjson");
      await store.put(name, bytes);
    }
    await store.put(`_weir/${TOPIC}/0/head.json`, new TextEncoder().encode("{}")); // no engine looks at it
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
