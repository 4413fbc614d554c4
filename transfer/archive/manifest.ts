/**
 * The manifest of a day: that all lines of a topic's day which had been sent by then are in the archive, in which
 * objects, and up to which offset of each partition it looked. Revision 1 is made once the day is over; lines that came
 * later make a further one, which says all of it again. The last revision that is done holds.
 */
import { readJson } from "./json_object.ts";
import { manifestFolder, parseManifestName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";

export interface ManifestObject {
  name: string;
  /** Lines in it. */
  records: number;
  bytes: number;
}

export interface ManifestPartition {
  partition: number;
  /** Kafka offsets of the segments that have lines of the day, or may have: `to` exclusive. */
  from: number;
  to: number;
  /** Lines; each is in one object of each format. */
  records: number;
  /** Offsets that Kafka removed before they were archived; their day is not known. */
  lost: [from: number, to: number][];
  objects: ManifestObject[];
}

/** Objects of one format that become one. */
export interface Merge {
  name: string;
  records: number;
  of: string[];
}

/** What `_weir/<topic>/days/<day>/<revision>.json` holds. */
export interface DayManifest {
  v: 1;
  topic: string;
  day: string;
  /** From 1. */
  revision: number;
  /** When it was begun, ms since 1970, and by which transfer. */
  atMs: number;
  by: string;
  /** False: begun; small objects are still being merged. */
  done: boolean;
  records: number;
  /** Of all objects. */
  bytes: number;
  /** Lines that came after revision 1. */
  late: number;
  partitions: ManifestPartition[];
  merges: Merge[];
}

/**
 * The last revision of each day of a topic, done or not. Rejects with the store's error, or ARCHIVE_DAMAGED.
 * @param known of the call before, by name, so that those that are done are read once; changed to what is there now
 */
export async function manifestsOf(
  store: ObjectStore,
  topic: string,
  known = new Map<string, DayManifest>(),
): Promise<Map<string, DayManifest>> {
  const last = new Map<string, { revision: number; name: string }>();
  for await (const { name } of store.list(manifestFolder(topic))) {
    const parsed = parseManifestName(name);
    if (parsed === undefined) continue;
    const { day, revision } = parsed;
    if ((last.get(day)?.revision ?? 0) < revision) last.set(day, { revision, name });
  }
  const found = new Map<string, DayManifest>();
  for (const [day, { name }] of [...last].sort(([a], [b]) => a < b ? -1 : 1)) {
    const manifest = known.get(name) ?? await readManifest(store, name);
    if (manifest === undefined) continue;
    found.set(day, manifest);
    if (manifest.done) known.set(name, manifest);
  }
  const names = new Set([...last.values()].map(({ name }) => name));
  for (const name of known.keys()) if (!names.has(name)) known.delete(name);
  return found;
}

/** Undefined where there is none. */
export async function readManifest(
  store: ObjectStore,
  name: string,
): Promise<DayManifest | undefined> {
  const hint = "Restore it from a backup, or delete it: the day is then looked at anew.";
  return await readJson<DayManifest>(store, name, hint);
}
