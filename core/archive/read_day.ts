/**
 * Reads the objects of a day, each line once, also while somebody merges them: where an object is gone, it looks anew
 * and goes on behind the offset up to which it had read.
 */
import { WeirError } from "../errors.ts";
import { objectsOf } from "./days.ts";
import type { ObjectStore } from "./objects.ts";
import type { StoredObject } from "./settled.ts";

const LOOKS_MAX = 10;

export interface ReadObject<T> {
  object: StoredObject;
  /** In the order of the object; those that were in one before are left out. */
  rows: T[];
  /** Objects read so far, and how many there are by the last look. */
  done: number;
  of: number;
}

/**
 * Rejects with ARCHIVE_OBJECT_GONE where objects vanish faster than they are read, else as `read` does.
 * @param read rejects with ARCHIVE_OBJECT_GONE where there is none
 * @param offsetOf offset of a row in Kafka
 */
export async function* readDay<T>(
  store: ObjectStore,
  topic: string,
  day: string,
  read: (store: ObjectStore, name: string) => Promise<T[]>,
  offsetOf: (row: T) => number,
): AsyncGenerator<ReadObject<T>> {
  const behind = new Map<number, number>();
  let done = 0;
  looks: for (let looks = 1;; looks++) {
    const objects = (await objectsOf(store, topic, day))
      .filter(({ partition, end }) => end > (behind.get(partition) ?? 0));
    const before = done;
    for (const object of objects) {
      let rows: T[];
      try {
        rows = await read(store, object.name);
      } catch (error) {
        const gone = error instanceof WeirError && error.code === "ARCHIVE_OBJECT_GONE";
        if (!gone || looks === LOOKS_MAX) throw error;
        continue looks;
      }
      const from = behind.get(object.partition) ?? 0;
      behind.set(object.partition, object.end);
      const fresh = from > object.start ? rows.filter((row) => offsetOf(row) >= from) : rows;
      yield { object, rows: fresh, done: ++done, of: before + objects.length };
    }
    return;
  }
}
