/** Reads objects of an archive back: the documents as they would stand in the index, with their `_id`. */
import { zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { messageOf, WeirError } from "../errors.ts";
import { type ArchivedDocument, COLUMNS } from "./columns.ts";
import { parseDataName } from "./names.ts";
import type { ObjectStore } from "./objects.ts";

/** The documents of an object, in its order. Rejects with ARCHIVE_DAMAGED, or the store's error. */
export async function readObject(store: ObjectStore, name: string): Promise<ArchivedDocument[]> {
  const parsed = parseDataName(name), bytes = await store.get(name);
  if (parsed === undefined || bytes === undefined) {
    throw new WeirError(
      "ARCHIVE_DAMAGED",
      `There is no object of records ${name} in ${store.name}`,
      {
        hint: "An entry names it: restore it from a backup.",
      },
    );
  }
  try {
    if (parsed.format === "ndjson") {
      const text = new TextDecoder().decode(zstdDecompressSync(bytes));
      return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    }
    const { buffer, byteOffset, byteLength } = bytes;
    const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
    const rows = await parquetReadObjects({
      file,
      compressors: { ZSTD: (packed) => new Uint8Array(zstdDecompressSync(packed)) },
    });
    return rows.map((row) => documentOf(row, parsed.topic));
  } catch (error) {
    throw new WeirError(
      "ARCHIVE_DAMAGED",
      `Cannot read ${name} in ${store.name}: ${messageOf(error)}`,
      {
        hint: "Restore it from a backup; the other objects of the day are not touched by this.",
        cause: error,
      },
    );
  }
}

/** The document of a row of Parquet. */
export function documentOf(row: Record<string, unknown>, topic: string): ArchivedDocument {
  const document: ArchivedDocument = { _id: String(row.uid), topic };
  const put = <T>(list: readonly (readonly [string, string])[], make: (value: T) => unknown) => {
    for (const [field, column] of list) {
      const value = row[column];
      if (value !== null && value !== undefined) document[field] = make(value as T);
    }
  };
  put(COLUMNS.times, (value: Date) => value.toISOString());
  put(COLUMNS.texts, String);
  put(COLUMNS.numbers, Number);
  if (typeof row.fields === "string") document.fields = JSON.parse(row.fields);
  return document;
}
