/** What batch engines read in the archive as it lies: pyarrow over the Parquet, with topic and day as columns. */
import assert from "node:assert/strict";
import { FolderObjects } from "../../core/archive/folder_objects.ts";
import { run } from "../support/process.ts";
import { cached, needCommand, sayOnStderr } from "../support/real/install.ts";
import { tempDir } from "../support/temp.ts";
import { writeDays } from "./day_objects.ts";

const COUNT = 3000;

/** Python with pyarrow, installed once. */
async function pyarrow(): Promise<string> {
  await needCommand("python3", "python3-venv", sayOnStderr);
  const home = await cached("pyarrow-26.0.1-1", sayOnStderr, async (folder) => {
    await run("python3", ["-m", "venv", `${folder}/venv`]);
    await run(`${folder}/venv/bin/pip`, ["install", "-q", "pyarrow==26.0.1"]);
  });
  return `${home}/venv/bin/python`;
}

const QUERY = `
import json, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds
lines = ds.dataset(sys.argv[1], format="parquet", partitioning="hive")
table = lines.to_table(filter=ds.field("topic") == "web")
errors = lines.count_rows(filter=(ds.field("topic") == "web") & (ds.field("log_level") == "error"))
print(json.dumps({
  "types": {field.name: str(field.type) for field in lines.schema},
  "rows": table.num_rows,
  "uids": len(pc.unique(table["uid"])),
  "length": pc.sum(table["log_length"]).as_py(),
  "days": sorted(str(day) for day in pc.unique(table["day"]).to_pylist()),
  "errors": errors,
  "first": str(pc.min(table["timestamp"]).as_py()),
}))
`;

Deno.test("pyarrow reads an archive with its types, partitions and lines", async () => {
  const python = await pyarrow();
  await using folder = await tempDir();
  const store = new FolderObjects(folder.join("archive"));
  const length = await writeDays(store, "web", COUNT / 2, "parquet");
  const found = JSON.parse(await run(python, ["-c", QUERY, folder.join("archive")]));
  assert.deepEqual({ ...found, types: undefined }, {
    types: undefined,
    rows: COUNT,
    uids: COUNT,
    length,
    days: ["2026-11-19", "2026-11-20"],
    errors: COUNT / 10,
    first: "2026-11-19 00:00:00+00:00",
  });
  const { types } = found;
  for (const name of ["timestamp", "event_created", "event_ingested"]) {
    assert.equal(types[name], "timestamp[ms, tz=UTC]");
  }
  for (const name of ["log_offset", "log_length", "kafka_partition", "kafka_offset"]) {
    assert.equal(types[name], "int64");
  }
  for (const name of ["uid", "message", "host_name", "log_level", "fields", "topic", "day"]) {
    assert.equal(types[name], "string", name);
  }
});
