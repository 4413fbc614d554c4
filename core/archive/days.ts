/** What an archive holds, by topic and day. */
import { dayFolder, parseDataName } from "./names.ts";
import type { ObjectStore } from "./objects.ts";
import { settled, type StoredObject } from "./settled.ts";

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

/** The objects that together hold a day once, by the rule of settled(). Rejects with the store's error. */
export async function objectsOf(
  store: ObjectStore,
  topic: string,
  day: string,
): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const { name, bytes } of store.list(dayFolder(topic, day))) {
    const parsed = parseDataName(name);
    if (parsed !== undefined) found.push({ ...parsed, name, bytes });
  }
  return settled(found);
}
