/** What an archive holds, by topic and day. */
import { type ArchiveFormat, type DataName, parseDataName } from "./names.ts";
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
