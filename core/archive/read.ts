/** Reads objects of an archive back: the documents as they would stand in the index, with their `_id`. */
import { zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { messageOf, WeirError } from "../errors.ts";
import { type ArchivedDocument, COLUMNS } from "./columns.ts";
import { type ArchiveFormat, parseDataName } from "./names.ts";
import type { ObjectStore } from "./objects.ts";

/** The documents of an object, in its order. Rejects with ARCHIVE_OBJECT_GONE, ARCHIVE_DAMAGED, or the store's error. */
export async function readObject(store: ObjectStore, name: string): Promise<ArchivedDocument[]> {
  return await decode(store, name, async (format, bytes, topic) => {
    if (format === "ndjson") return linesOf(bytes).map((line) => JSON.parse(line));
    return (await rowsOf(bytes)).map((row) => documentOf(row, topic));
  });
}

/** The part of a file that a document accounts for. */
export interface ArchivedRange {
  /** Empty for a record that no agent wrote. */
  generation: string;
  start: number;
  end: number;
  kafkaOffset: number;
}

/** The same of all documents of an object; of Parquet only those columns are unpacked. Rejects as readObject(). */
export async function readRanges(store: ObjectStore, name: string): Promise<ArchivedRange[]> {
  const rangeOf = (generation: unknown, offset: unknown, length: unknown, kafka: unknown) => ({
    generation: typeof generation === "string" ? generation : "",
    start: Number(offset),
    end: Number(offset) + Number(length),
    kafkaOffset: Number(kafka),
  });
  const columns = ["log_file_generation", "log_offset", "log_length", "kafka_offset"];
  return await decode(store, name, async (format, bytes) => {
    if (format === "parquet") {
      return (await rowsOf(bytes, columns)).map((row) =>
        rangeOf(row.log_file_generation, row.log_offset, row.log_length, row.kafka_offset)
      );
    }
    return linesOf(bytes).map((line) => JSON.parse(line)).map((one) =>
      rangeOf(
        one["log.file.generation"],
        one["log.offset"],
        one["log.length"],
        one["kafka.offset"],
      )
    );
  });
}

async function decode<T>(
  store: ObjectStore,
  name: string,
  parse: (format: ArchiveFormat, bytes: Uint8Array, topic: string) => Promise<T[]> | T[],
): Promise<T[]> {
  const parsed = parseDataName(name), bytes = await store.get(name);
  if (parsed === undefined || bytes === undefined) {
    throw new WeirError(
      "ARCHIVE_OBJECT_GONE",
      `There is no object of records ${name} in ${store.name}`,
      {
        hint: "Merged or deleted a moment ago? Else weir archive check says what is missing.",
        retriable: true,
      },
    );
  }
  try {
    return await parse(parsed.format, bytes, parsed.topic);
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

function linesOf(bytes: Uint8Array): string[] {
  const text = new TextDecoder().decode(zstdDecompressSync(bytes));
  return text.split("\n").filter((line) => line !== "");
}

async function rowsOf(bytes: Uint8Array, columns?: string[]): Promise<Record<string, unknown>[]> {
  const { buffer, byteOffset, byteLength } = bytes;
  return await parquetReadObjects({
    file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer,
    compressors: { ZSTD: (packed) => new Uint8Array(zstdDecompressSync(packed)) },
    ...(columns === undefined ? {} : { columns }),
  });
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
