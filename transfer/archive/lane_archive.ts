/**
 * The open segment of one partition, and how it is closed: announce, write the objects, say that they are there, let go
 * of the records. Each step can be repeated after a failure, here or by whoever owns the partition next.
 */
import type { LogRecord } from "../../core/ports/document_store.ts";
import { dayOf } from "../../core/record/identity.ts";
import type { Lane } from "../consume/lane.ts";
import type { DocumentShape } from "../index/document.ts";
import { type ArchivedObject, Chain, type SegmentEntry } from "./chain.ts";
import { ObjectEncoder } from "./encode.ts";
import { type ArchiveFormat, dataName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";

const DAY_MS = 86_400_000;
/** Days of records that are older than so many days, or from the future, are not believed: they share this one. */
const DAYS_BACK = 3660;
export const UNBELIEVED = "1970-01-01";

export interface Row {
  record: LogRecord;
  /** In Kafka. */
  offset: number;
  ticket: number;
  /** That it counts for in memory. */
  bytes: number;
}

export interface LaneHooks {
  /** The row is in the archive. */
  release(row: Row): void;
  nowMs(): number;
  /** Of a clock that nobody sets. */
  monotonicMs(): number;
}

/** A segment that is being written. */
interface Closing {
  entry: SegmentEntry;
  rows: Row[];
  objects: { name: string; day: string; records: number; body: () => Uint8Array }[];
  written: ArchivedObject[];
}

export class LaneArchive {
  readonly #store: ObjectStore;
  readonly #lane: Lane;
  readonly #hooks: LaneHooks;
  readonly #encoder = new ObjectEncoder();
  #chain: Chain | undefined;
  #closing: Closing | undefined;
  #firstOffset = -1;
  rows: Row[] = [];
  /** Of the rows. */
  bytes = 0;
  /** Offsets that Kafka removed before they were read, of segments that are not closed. */
  lost: [from: number, to: number][] = [];
  /** When the first row came, monotonic. */
  sinceMs = 0;

  constructor(store: ObjectStore, lane: Lane, hooks: LaneHooks) {
    this.#store = store;
    this.#lane = lane;
    this.#hooks = hooks;
  }

  /** Whether it is known where the chain ends. */
  get opened(): boolean {
    return this.#chain !== undefined;
  }

  /** Whether a segment was begun that has to be ended first. */
  get unfinished(): boolean {
    const pending = this.#chain?.pending;
    if (this.#closing !== undefined) return true;
    return pending !== undefined && this.#lane.tracker.next >= pending.end;
  }

  async open(): Promise<void> {
    const { topic, partition, tracker } = this.#lane;
    const chain = await Chain.open(this.#store, topic, partition);
    if (chain.next >= 0) tracker.skipTo(chain.next); // it is there, whether or not that was committed
    this.#chain = chain;
  }

  /** Records are read from this offset on: where nothing was ever archived, the chain begins there. */
  meet(offset: number): void {
    if (this.#firstOffset < 0) this.#firstOffset = Math.max(offset, this.#lane.committed);
  }

  push(row: Row): void {
    if (this.rows.length === 0) this.sinceMs = this.#hooks.monotonicMs();
    this.rows.push(row);
    this.bytes += row.bytes;
  }

  /**
   * Closes the segment. Undefined where one was announced that goes further than what was read: then it is closed once
   * that is here. Rejects with the store's error; then it is called again.
   */
  async close(formats: ArchiveFormat[], shape: DocumentShape): Promise<SegmentEntry | undefined> {
    const chain = this.#chain!;
    if (this.#closing === undefined) {
      if (chain.next < 0) await chain.begin(this.#firstOffset);
      const last = this.rows.at(-1)?.offset ?? chain.next - 1;
      const entry = await chain.announce(last + 1, formats, this.#hooks.nowMs());
      if (this.#lane.tracker.next < entry.end) return undefined;
      this.#closing = this.#begin(entry, shape);
    }
    const { entry, rows, objects, written } = this.#closing;
    while (written.length < objects.length) {
      const { name, day, records, body } = objects[written.length], bytes = body();
      await this.#store.put(name, bytes);
      written.push({ name, day, records, bytes: bytes.length });
    }
    const done = { ...entry, objects: written, done: true };
    await chain.complete(done);
    this.#closing = undefined;
    for (const row of rows) {
      this.bytes -= row.bytes;
      this.#hooks.release(row);
    }
    return done;
  }

  /** Takes the segment's rows out, without repeats, by day. */
  #begin(entry: SegmentEntry, shape: DocumentShape): Closing {
    const split = this.rows.findIndex((row) => row.offset >= entry.end);
    const rows = this.rows.splice(0, split < 0 ? this.rows.length : split);
    this.sinceMs = this.#hooks.monotonicMs();
    const { seen } = this.#chain!;
    const days = new Map<string, LogRecord[]>();
    for (const { record, offset } of rows) {
      if (offset < entry.start) continue; // archived before
      if (record.generation !== null) {
        const end = record.offset + record.length;
        if (!seen.add(record.generation, record.offset, end)) {
          entry.repeats++;
          continue;
        }
      }
      entry.records++;
      const day = believed(record.day, entry.atMs);
      const records = days.get(day);
      if (records === undefined) days.set(day, [record]);
      else records.push(record);
    }
    entry.seen = seen.takeTouched();
    const lost = this.lost.filter(([from]) => from >= entry.start && from < entry.end);
    if (lost.length > 0) entry.lost = lost;
    this.lost = this.lost.filter(([from]) => from >= entry.end);
    const objects = entry.formats.flatMap((format) =>
      [...days].map(([day, records]) => ({
        name: dataName(entry.topic, day, entry.partition, entry.start, entry.end, format),
        day,
        records: records.length,
        body: () => this.#encoder.encode(records, shape, entry.atMs, format),
      }))
    );
    return { entry, rows, objects, written: [] };
  }
}

function believed(day: string, atMs: number): string {
  return day > dayOf(atMs + DAY_MS) || day < dayOf(atMs - DAYS_BACK * DAY_MS) ? UNBELIEVED : day;
}
