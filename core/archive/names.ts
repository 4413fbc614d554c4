/**
 * Names of an archive's objects. Data lie as Hive, Spark, Trino and DuckDB expect partitions; what begins with `_` is
 * left out by all of them.
 *
 *     topic=web_log/day=2026-11-21/00000-00000000000000000000-00000000000000050000.parquet
 *     _weir/web_log/0/head.json
 *     _weir/web_log/0/00000000000000000000.json
 *     _weir/web_log/days/2026-11-21/00001.json
 */
export type ArchiveFormat = "parquet" | "ndjson";

const EXTENSION: Readonly<Record<ArchiveFormat, string>> = {
  parquet: "parquet",
  ndjson: "ndjson.zst",
};

/** Zeros in front, so that names sort as offsets do. */
const offsetText = (offset: number) => String(offset).padStart(20, "0");

export function dayFolder(topic: string, day: string): string {
  return `topic=${topic}/day=${day}/`;
}

/** The records of one day in a segment of a partition: offsets `start` to `end`, exclusive. */
export function dataName(
  topic: string,
  day: string,
  partition: number,
  start: number,
  end: number,
  format: ArchiveFormat,
): string {
  const range = `${offsetText(start)}-${offsetText(end)}`;
  return `${dayFolder(topic, day)}${String(partition).padStart(5, "0")}-${range}.${
    EXTENSION[format]
  }`;
}

export interface DataName {
  topic: string;
  day: string;
  partition: number;
  start: number;
  end: number;
  format: ArchiveFormat;
}

const DATA =
  /^topic=([^/]+)\/day=(\d{4}-\d{2}-\d{2})\/(\d{5,})-(\d{20})-(\d{20})\.(parquet|ndjson\.zst)$/;

/** What a name says; undefined for an object that holds no records. */
export function parseDataName(name: string): DataName | undefined {
  const found = DATA.exec(name);
  if (found === null) return undefined;
  const [, topic, day, partition, start, end, extension] = found;
  return {
    topic,
    day,
    partition: Number(partition),
    start: Number(start),
    end: Number(end),
    format: extension === "parquet" ? "parquet" : "ndjson",
  };
}

export function headName(topic: string, partition: number): string {
  return `_weir/${topic}/${partition}/head.json`;
}

export function entryName(topic: string, partition: number, start: number): string {
  return `_weir/${topic}/${partition}/${offsetText(start)}.json`;
}

/** Whether an object below `_weir/<topic>/` announces a segment. */
export function parseEntryName(name: string): { partition: number; start: number } | undefined {
  const found = /^_weir\/[^/]+\/(\d+)\/(\d{20})\.json$/.exec(name);
  return found === null ? undefined : { partition: Number(found[1]), start: Number(found[2]) };
}

export function manifestFolder(topic: string): string {
  return `_weir/${topic}/days/`;
}

export function manifestName(topic: string, day: string, revision: number): string {
  return `${manifestFolder(topic)}${day}/${String(revision).padStart(5, "0")}.json`;
}

export function parseManifestName(name: string): { day: string; revision: number } | undefined {
  const found = /^_weir\/[^/]+\/days\/(\d{4}-\d{2}-\d{2})\/(\d{5,})\.json$/.exec(name);
  return found === null ? undefined : { day: found[1], revision: Number(found[2]) };
}
