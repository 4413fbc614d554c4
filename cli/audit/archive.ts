/**
 * The archive's side of the audit: which bytes of each acknowledged file the objects of its topic hold, as they are
 * read, not as entries or manifests say. Ranges of lines that touch are kept as one, so memory goes by pieces.
 */
import { daysOf } from "../../core/archive/days.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { readRanges } from "../../core/archive/read.ts";
import { readDay } from "../../core/archive/read_day.ts";
import { type Seal, sealKey } from "../../core/ledger/seal.ts";
import { bytesOf, compareRanges, type Range, subtract, united } from "./compare.ts";
import type { Drops } from "./read_ledger.ts";

/** Rules by which the index alone is spared lines. */
const INDEX_RULES: ReadonlySet<string> = new Set(["quota", "not_indexed"]);

export interface ArchiveFile {
  /** In the archive, repeats included. */
  lines: number;
  /** Acknowledged, and in no object. */
  missing: Range[];
  doubled: Range[];
  /** Bytes that are still in Kafka, until their segment is closed. */
  waitingBytes: number;
  /** Bytes before the first that is there, where days were deleted by age. */
  expiredBytes: number;
}

export interface ArchiveOptions {
  store: ObjectStore;
  /** Days that a topic is kept, 0 for ever; undefined: it is not archived. */
  days: (topic: string) => number | undefined;
  /** Whether the archive's group has records of the topic before it. */
  lags: (topic: string) => Promise<boolean>;
  /** By sealKey. */
  dead: ReadonlyMap<string, Range[]>;
  drops?: Drops;
}

/** By sealKey; files of topics that are not archived have none. Rejects with the store's error. */
export async function auditArchive(
  seals: readonly Seal[],
  options: ArchiveOptions,
): Promise<Map<string, ArchiveFile>> {
  const found = new Map<string, ArchiveFile>();
  for (const [topic, own] of Map.groupBy(seals, (seal) => seal.topic)) {
    const days = options.days(topic);
    if (days === undefined) continue;
    // First: what waited then may be there when the objects are read.
    const lags = await options.lags(topic), pieces = await piecesOf(options.store, topic);
    for (const seal of own) {
      const key = sealKey(seal), rules = [...options.drops?.get(key) ?? []];
      const dropped = rules.filter(([rule]) => !INDEX_RULES.has(rule)).flatMap(([, all]) => all);
      const others = united([...options.dead.get(key) ?? [], ...dropped]);
      const piece = pieces.get(seal.generation) ?? { lines: 0, ranges: [] };
      found.set(key, compareFile(seal, piece, others, { lags, expires: days > 0 }));
    }
  }
  return found;
}

export interface Pieces {
  lines: number;
  /** In the order of reading; lines that touched are one. */
  ranges: Range[];
}

async function piecesOf(store: ObjectStore, topic: string): Promise<Map<string, Pieces>> {
  const found = new Map<string, Pieces>();
  for (const { day } of await daysOf(store, topic)) {
    for await (const { rows } of readDay(store, topic, day, readRanges, (row) => row.kafkaOffset)) {
      for (const { generation, start, end } of rows) {
        if (generation === "") continue;
        let piece = found.get(generation);
        if (piece === undefined) found.set(generation, piece = { lines: 0, ranges: [] });
        piece.lines++;
        const last = piece.ranges.at(-1);
        if (last?.end === start) last.end = end;
        else piece.ranges.push({ start, end });
      }
    }
  }
  return found;
}

/** Pure. */
export function compareFile(
  { from, to }: Pick<Seal, "from" | "to">,
  { lines, ranges }: Pieces,
  others: readonly Range[],
  { lags, expires }: { lags: boolean; expires: boolean },
): ArchiveFile {
  const sorted = [...ranges].sort((a, b) => a.start - b.start || a.end - b.end);
  const { missing, doubled } = compareRanges(sorted, { start: from, end: to }, others);
  const first = sorted[0]?.start ?? (lags ? from : to);
  const last = sorted.reduce((end, range) => Math.max(end, range.end), from);
  const expired = expires ? [{ start: 0, end: first }] : [];
  const waiting = lags ? [{ start: last, end: Infinity }] : [];
  const left = subtract(missing, [...expired, ...waiting]);
  return {
    lines,
    missing: left,
    doubled,
    waitingBytes: bytesOf(missing) - bytesOf(subtract(missing, waiting)),
    expiredBytes: bytesOf(missing) - bytesOf(subtract(missing, expired)),
  };
}
