/** Whether all is in an archive that was said to be there, by partition and by day. */
import { parseDataName, parseEntryName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { type StoredObject, superseded } from "../../core/archive/settled.ts";
import { dayOf } from "../../core/record/identity.ts";
import { type ArchivedObject, readEntry, type SegmentEntry } from "./chain.ts";
import { isThere } from "./day_plan.ts";
import { type DayManifest, manifestsOf } from "./manifest.ts";

export interface PartitionCheck {
  partition: number;
  segments: number;
  records: number;
  repeats: number;
  /** Kafka offset behind the last segment that is done. */
  next: number;
  /** Offsets that no segment covers. */
  gaps: { from: number; to: number }[];
  /** Announced and not yet there: the transfer ends them when it runs. */
  pending: { start: number; end: number }[];
  /** Offsets that Kafka had removed when the archive came to them, `to` exclusive. */
  lost: [from: number, to: number][];
  /** Objects that an entry names and whose lines are not there; expired days are left out. */
  missing: ArchivedObject[];
}

export interface DayCheck {
  day: string;
  /**
   * complete: its manifest is there, and all that it names, and nothing came since; open: none yet, or lines came
   * since; hole: something is not there.
   */
  state: "complete" | "open" | "hole";
  records: number;
  objects: number;
  bytes: number;
  /** Of the last manifest; 0 and "" where there is none. */
  revision: number;
  sealedMs: number;
  by: string;
  /** Lines that no manifest counts yet. */
  unsealed: number;
  /** Objects that were merged into others and are still to be deleted. */
  superseded: number;
  /** Names of objects whose lines are not there. */
  missing: string[];
  /** Offsets that Kafka removed before they were archived, near this day. */
  lost: { partition: number; from: number; to: number }[];
}

/** What there is of a topic. */
interface Contents {
  objects: StoredObject[];
  entries: SegmentEntry[];
  manifests: Map<string, DayManifest>;
}

async function contentsOf(store: ObjectStore, topic: string): Promise<Contents> {
  // Entries first: what they name was there before them.
  const entries: SegmentEntry[] = [], objects: StoredObject[] = [];
  for await (const { name } of store.list(`_weir/${topic}/`)) {
    if (parseEntryName(name) === undefined) continue;
    const entry = await readEntry(store, name);
    if (entry !== undefined) entries.push(entry);
  }
  entries.sort((a, b) => a.partition - b.partition || a.start - b.start);
  const manifests = await manifestsOf(store, topic);
  for await (const { name, bytes } of store.list(`topic=${topic}/`)) {
    const parsed = parseDataName(name);
    if (parsed !== undefined) objects.push({ ...parsed, name, bytes });
  }
  return { objects, entries, manifests };
}

/**
 * Looks at every entry and manifest of a topic. Rejects with the store's error, or ARCHIVE_DAMAGED.
 * @param oldestDay objects of earlier days may have been deleted by age
 */
export async function checkTopic(
  store: ObjectStore,
  topic: string,
  oldestDay = "",
): Promise<{ partitions: PartitionCheck[]; days: DayCheck[] }> {
  const contents = await contentsOf(store, topic), { objects, entries } = contents;
  const byDay = Map.groupBy(objects, ({ day }) => day);
  const partitions = new Map<number, PartitionCheck>();
  for (const entry of entries) {
    const check = partitions.get(entry.partition) ?? newCheck(entry);
    partitions.set(entry.partition, check);
    addEntry(check, entry);
    for (const object of entry.done ? entry.objects : []) {
      const { name, day, bytes } = object;
      if (day < oldestDay || isThere(name, byDay.get(day) ?? [], bytes)) continue;
      check.missing.push(object);
    }
  }
  const days = new Set([
    ...byDay.keys(),
    ...contents.manifests.keys(),
    ...entries.flatMap(({ objects }) => objects.map(({ day }) => day)),
  ]);
  return {
    partitions: [...partitions.values()],
    days: [...days].filter((day) => day >= oldestDay).sort()
      .map((day) => checkDay(day, byDay.get(day) ?? [], contents)),
  };
}

function newCheck({ partition, start }: SegmentEntry): PartitionCheck {
  return {
    partition,
    segments: 0,
    records: 0,
    repeats: 0,
    next: start,
    gaps: [],
    pending: [],
    lost: [],
    missing: [],
  };
}

function addEntry(check: PartitionCheck, entry: SegmentEntry): void {
  const { start, end, done, records, repeats, lost = [] } = entry;
  if (start > check.next) check.gaps.push({ from: check.next, to: start });
  if (!done) {
    check.pending.push({ start, end });
    return;
  }
  check.segments++;
  check.records += records;
  check.repeats += repeats;
  check.lost.push(...lost);
  check.next = Math.max(check.next, end);
}

function checkDay(
  day: string,
  objects: readonly StoredObject[],
  { entries, manifests }: Contents,
): DayCheck {
  const manifest = manifests.get(day), sealed = manifest?.partitions ?? [];
  const missing = new Set<string>(), lost = new Map<string, DayCheck["lost"][number]>();
  let records = 0;
  for (const entry of entries) {
    const own = entry.done ? entry.objects.filter((object) => object.day === day) : [];
    records += Math.max(0, ...own.map((object) => object.records));
    for (const { name, bytes } of own) if (!isThere(name, objects, bytes)) missing.add(name);
    if (dayOf(entry.atMs) === day) addLost(lost, entry.partition, entry.lost ?? []);
  }
  const sizes = new Map(objects.map(({ name, bytes }) => [name, bytes]));
  for (const partition of sealed) {
    addLost(lost, partition.partition, partition.lost);
    for (const { name, bytes } of manifest!.done ? partition.objects : []) {
      if (sizes.get(name) !== bytes) missing.add(name);
    }
  }
  const unsealed = records - (manifest?.done ? manifest.records : 0);
  return {
    day,
    state: missing.size > 0 || lost.size > 0
      ? "hole"
      : manifest?.done && unsealed === 0
      ? "complete"
      : "open",
    records,
    objects: objects.length,
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
    revision: manifest?.revision ?? 0,
    sealedMs: manifest?.atMs ?? 0,
    by: manifest?.by ?? "",
    unsealed,
    superseded: superseded(objects).length,
    missing: [...missing],
    lost: [...lost.values()],
  };
}

function addLost(
  all: Map<string, DayCheck["lost"][number]>,
  partition: number,
  ranges: readonly [number, number][],
): void {
  for (const [from, to] of ranges) all.set(`${partition} ${from}`, { partition, from, to });
}
