/** What an archive holds, by topic and day, and whether all that was said to be there is. */
import { type ArchivedObject, type ArchiveFormat, type SegmentEntry } from "./chain.ts";
import { type DataName, parseDataName } from "./names.ts";
import type { ObjectStore } from "./objects.ts";

export interface DaySum {
  topic: string;
  day: string;
  objects: number;
  bytes: number;
}

/** Days with objects, in the order of topic and day. Rejects with the store's error. */
export async function daysOf(store: ObjectStore, topic?: string): Promise<DaySum[]> {
  const sums = new Map<string, DaySum>();
  for await (const { name, bytes } of store.list(topic === undefined ? "" : `topic=${topic}/`)) {
    const parsed = parseDataName(name);
    if (parsed === undefined) continue;
    const key = `${parsed.topic}/${parsed.day}`;
    const sum = sums.get(key) ?? { topic: parsed.topic, day: parsed.day, objects: 0, bytes: 0 };
    sums.set(key, { ...sum, objects: sum.objects + 1, bytes: sum.bytes + bytes });
  }
  return [...sums].sort(([a], [b]) => a < b ? -1 : 1).map(([, sum]) => sum);
}

/**
 * The objects that together hold a day once: where a segment was written in both formats, that of NDJSON, which is
 * read faster.
 */
export async function objectsOf(
  store: ObjectStore,
  topic: string,
  day: string,
): Promise<(DataName & { name: string; bytes: number })[]> {
  const found = new Map<string, DataName & { name: string; bytes: number }>();
  for await (const { name, bytes } of store.list(`topic=${topic}/day=${day}/`)) {
    const parsed = parseDataName(name);
    if (parsed === undefined) continue;
    const key = `${parsed.partition}/${parsed.start}/${parsed.end}`;
    const before: ArchiveFormat | undefined = found.get(key)?.format;
    if (before !== "ndjson") found.set(key, { ...parsed, name, bytes });
  }
  return [...found.values()].sort((a, b) => a.partition - b.partition || a.start - b.start);
}

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
  /** Objects that an entry names and that are not there, or have another size; expired days are left out. */
  missing: ArchivedObject[];
}

/** Looks at every entry of a topic. @param oldestDay objects of earlier days may have been deleted by age */
export async function checkTopic(
  store: ObjectStore,
  topic: string,
  oldestDay = "",
): Promise<PartitionCheck[]> {
  const sizes = new Map<string, number>();
  for await (const { name, bytes } of store.list(`topic=${topic}/`)) sizes.set(name, bytes);
  const entries: SegmentEntry[] = [];
  for await (const { name } of store.list(`_weir/${topic}/`)) {
    if (name.endsWith("/head.json")) continue;
    const bytes = await store.get(name);
    if (bytes !== undefined) entries.push(JSON.parse(new TextDecoder().decode(bytes)));
  }
  entries.sort((a, b) => a.partition - b.partition || a.start - b.start);
  const checks = new Map<number, PartitionCheck>();
  for (const entry of entries) {
    const { partition, start, end, done, objects } = entry;
    let check = checks.get(partition);
    if (check === undefined) {
      check = {
        partition,
        segments: 0,
        records: 0,
        repeats: 0,
        next: start,
        gaps: [],
        pending: [],
        missing: [],
      };
      checks.set(partition, check);
    }
    if (start > check.next) check.gaps.push({ from: check.next, to: start });
    if (!done) {
      check.pending.push({ start, end });
      continue;
    }
    check.segments++;
    check.records += entry.records;
    check.repeats += entry.repeats;
    check.next = Math.max(check.next, end);
    for (const object of objects) {
      if (object.day >= oldestDay && sizes.get(object.name) !== object.bytes) {
        check.missing.push(object);
      }
    }
  }
  return [...checks.values()];
}
