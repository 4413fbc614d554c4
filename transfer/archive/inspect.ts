/** Whether all is in an archive that was said to be there. */
import type { ArchivedObject, SegmentEntry } from "./chain.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";

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
