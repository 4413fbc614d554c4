/** DuckDB, in a Python of its own that is installed once, over an archive's Parquet as it lies. */
import { dirname } from "node:path";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { run } from "../support/process.ts";
import { cached, needCommand, sayOnStderr } from "../support/real/install.ts";

/** Path of that Python. */
export async function duckdb(): Promise<string> {
  await needCommand("python3", "python3-venv", sayOnStderr);
  const home = await cached("duckdb-2.0.0-1", sayOnStderr, async (folder) => {
    await run("python3", ["-m", "venv", `${folder}/venv`]);
    await run(`${folder}/venv/bin/pip`, ["install", "-q", "duckdb==2.0.0"]);
  });
  return `${home}/venv/bin/python`;
}

const ASK = `
import duckdb, json, sys
rows = duckdb.sql(sys.argv[2].replace("ARCHIVE",
  f"read_parquet('{sys.argv[1]}/topic=*/day=*/*.parquet', hive_partitioning = true)"))
print(json.dumps(rows.fetchall()))
`;

/** The rows of a query, in which ARCHIVE stands for all Parquet below the folder. */
export async function askDuckdb(folder: string, query: string): Promise<unknown[][]> {
  return JSON.parse(await run(await duckdb(), ["-c", ASK, folder, query]));
}

/** Copies a topic's objects as they lie, none left out. */
export async function copyTopic(store: ObjectStore, topic: string, folder: string): Promise<void> {
  for await (const { name } of store.list(`topic=${topic}/`)) {
    const bytes = await store.get(name);
    if (bytes === undefined) throw new Error(`${name} was listed and is not there`);
    await Deno.mkdir(dirname(`${folder}/${name}`), { recursive: true });
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
}
