/**
 * What a manifest of a day says: the objects that hold its lines, and which small ones become one first. Pure: from
 * what lies there, what the manifest before said, and what the segments say.
 */
import type { SegmentEntry } from "./chain.ts";
import type { DayManifest, ManifestObject, ManifestPartition, Merge } from "./manifest.ts";
import { type ArchiveFormat, dataName, parseDataName } from "../../core/archive/names.ts";
import { covers, settled, type StoredObject, superseded } from "../../core/archive/settled.ts";

export interface PlanPartition {
  partition: number;
  /** Offset behind everything of the partition that is archived, or need not be. */
  to: number;
  /** Objects of the day. */
  objects: readonly StoredObject[];
  /** Segments that are done and may have lines of the day, by offset. */
  segments: readonly SegmentEntry[];
  /** Of the manifest before. */
  before: ManifestPartition | undefined;
}

export interface PartitionPlan {
  partition: ManifestPartition;
  merges: Merge[];
  /** Objects that a segment or the manifest names, and that are not there. */
  missing: string[];
}

/** The lines of one range of offsets, in each format in which they are. */
interface Piece {
  start: number;
  end: number;
  records: number;
  objects: StoredObject[];
}

/** @param compactBytes objects become one up to so many bytes, each of a quarter of that at most */
export function planPartition(
  day: string,
  { partition, to, objects, segments, before }: PlanPartition,
  compactBytes: number,
): PartitionPlan {
  const entries = segments.filter(({ end }) => end <= to), first = named(day, entries);
  const records = new Map(first.map(({ name, records }) => [name, records]));
  for (const { name, records: count } of before?.objects ?? []) records.set(name, count);
  const left = new Set(superseded(objects));
  for (const { name } of objects) { // merged by a plan whose manifest somebody took away
    if (records.has(name)) continue;
    const held = first.filter((one) => formatOf(one.name) === formatOf(name))
      .filter((one) => covers(parseDataName(name)!, parseDataName(one.name)!));
    if (held.length > 0) records.set(name, held.reduce((sum, one) => sum + one.records, 0));
  }
  const known = objects.filter((one) => records.has(one.name) && one.end <= to && !left.has(one));
  const merged = mergePieces(piecesOf(known, records), compactBytes);
  const missing = [...records.keys()].filter((name) => !isThere(name, objects));
  return {
    partition: {
      partition,
      from: before?.from ?? entries[0]?.start ?? to,
      to,
      records: merged.pieces.reduce((sum, piece) => sum + piece.records, 0),
      lost: lostOf(before, entries),
      objects: merged.pieces.flatMap(({ objects, records }) =>
        objects.map(({ name, bytes }): ManifestObject => ({ name, records, bytes }))
      ),
    },
    merges: merged.merges,
    missing,
  };
}

/** Objects of the day that segments name. */
export function named(day: string, segments: readonly SegmentEntry[]) {
  return segments.flatMap(({ objects }) => objects.filter((object) => object.day === day));
}

/**
 * Whether the object, or another of its format that has its lines, is among these.
 * @param bytes size that the object has where it is there itself; any where left out
 */
export function isThere(name: string, objects: readonly StoredObject[], bytes?: number): boolean {
  const own = objects.find((object) => object.name === name);
  if (own !== undefined && (bytes === undefined || own.bytes === bytes)) return true;
  const range = parseDataName(name);
  return range !== undefined &&
    objects.some((object) =>
      object !== own && object.format === range.format && covers(object, range)
    );
}

function lostOf(
  before: ManifestPartition | undefined,
  segments: readonly SegmentEntry[],
): [number, number][] {
  const all = new Map((before?.lost ?? []).map((range) => [range[0], range]));
  for (const { lost = [] } of segments) for (const range of lost) all.set(range[0], range);
  return [...all.values()].sort((a, b) => a[0] - b[0]);
}

function piecesOf(
  objects: readonly StoredObject[],
  records: ReadonlyMap<string, number>,
): Piece[] {
  return settled(objects).map(({ name, start, end }) => ({
    start,
    end,
    records: records.get(name)!,
    objects: objects.filter((one) => one.start === start && one.end === end)
      .sort((a, b) => a.format < b.format ? -1 : 1),
  }));
}

const sizeOf = ({ objects }: Piece) => Math.max(...objects.map(({ bytes }) => bytes));
const formatsOf = ({ objects }: Piece) => objects.map(({ format }) => format).join();

/** Neighbours that are small and in the same formats become one; its bytes are known once it is written. */
function mergePieces(pieces: readonly Piece[], compactBytes: number) {
  const found: Piece[] = [], merges: Merge[] = [];
  let run: Piece[] = [], bytes = 0;
  const close = () => {
    if (run.length < 2) found.push(...run);
    else found.push(mergedOf(run, merges));
    run = [];
    bytes = 0;
  };
  for (const piece of pieces) {
    const size = sizeOf(piece);
    const fits = run.length === 0 ||
      (bytes + size <= compactBytes && formatsOf(run[0]) === formatsOf(piece));
    if (size > compactBytes / 4 || !fits) close();
    if (size > compactBytes / 4) {
      found.push(piece);
      continue;
    }
    run.push(piece);
    bytes += size;
  }
  close();
  return { pieces: found, merges };
}

function mergedOf(run: readonly Piece[], merges: Merge[]): Piece {
  const start = run[0].start, end = run.at(-1)!.end;
  const records = run.reduce((sum, piece) => sum + piece.records, 0);
  const objects = run[0].objects.map(({ topic, day, partition, format }): StoredObject => {
    const name = dataName(topic, day, partition, start, end, format);
    const of = run.map((piece) => piece.objects.find((one) => one.format === format)!.name);
    merges.push({ name, records, of });
    return { topic, day, partition, start, end, format, name, bytes: 0 };
  });
  return { start, end, records, objects };
}

/** The format that a name says. */
export function formatOf(name: string): ArchiveFormat {
  return name.endsWith(".parquet") ? "parquet" : "ndjson";
}

/** The sums of a manifest. */
export function sumsOf(
  partitions: readonly ManifestPartition[],
): Pick<DayManifest, "records" | "bytes"> {
  return {
    records: partitions.reduce((sum, { records }) => sum + records, 0),
    bytes: partitions.reduce(
      (sum, { objects }) => sum + objects.reduce((own, { bytes }) => own + bytes, 0),
      0,
    ),
  };
}
