/**
 * Which objects of a day hold its lines once. Small objects are merged: the new one has the offsets of all of them in
 * its name, and is there before they are deleted. The rule for whoever lists in between, and after a crash: an object
 * whose offsets lie within those of another one of its partition and day is left out. Ranges of one partition and day
 * are nested or apart, never else.
 */
import type { DataName } from "../../core/archive/names.ts";

export interface StoredObject extends DataName {
  name: string;
  bytes: number;
}

/** Those that together hold the lines once, in the order of partition and offset; of two formats NDJSON. */
export function settled<T extends DataName>(objects: Iterable<T>): T[] {
  const kept: T[] = [];
  for (const object of [...objects].sort(compare)) {
    const last = kept.at(-1);
    if (last === undefined || !covers(last, object)) kept.push(object);
  }
  return kept;
}

/** Objects that another one of their own format holds as well: what a merge has still to delete. */
export function superseded<T extends DataName>(objects: Iterable<T>): T[] {
  const found: T[] = [], last = new Map<string, T>();
  for (const object of [...objects].sort(compare)) {
    const before = last.get(object.format);
    if (before !== undefined && covers(before, object)) found.push(object);
    else last.set(object.format, object);
  }
  return found;
}

/** Whether the lines of `inner` are in `outer`, both being of one topic and day. */
export function covers(outer: DataName, inner: DataName): boolean {
  return outer.partition === inner.partition && outer.start <= inner.start &&
    inner.end <= outer.end;
}

/** The outer one before those within it; of equal ones NDJSON, which is read faster. */
function compare(a: DataName, b: DataName): number {
  return a.partition - b.partition || a.start - b.start || b.end - a.end ||
    (a.format < b.format ? -1 : a.format > b.format ? 1 : 0);
}
