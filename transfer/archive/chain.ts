/**
 * The segments of one partition, each beginning where the one before ended. A segment is first announced: an entry that
 * only one writer can create says where it ends and how its objects are written. Whoever comes after a crash finds the
 * announcement and writes the same objects again under the same names; when they are there, the entry says so. Kafka's
 * committed offset only follows: what counts is the chain.
 */
import { type ArchiveFormat, entryName, headName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { bytesOf, readJson } from "./json_object.ts";
import { Seen, type SeenRanges } from "./seen.ts";

const NOTHING_UNTIL = "Restore it from a backup; nothing of this partition is archived until then.";
/** Segments between two heads: so many entries at most are read when a partition is taken over. */
const HEAD_EVERY = 16;

export interface ArchivedObject {
  name: string;
  day: string;
  records: number;
  bytes: number;
}

/** What `_weir/<topic>/<partition>/<start>.json` holds. */
export interface SegmentEntry {
  v: 1;
  topic: string;
  partition: number;
  /** Kafka offsets, `end` exclusive. */
  start: number;
  end: number;
  /** When it was announced, ms since 1970: `event.ingested` of its documents. */
  atMs: number;
  formats: ArchiveFormat[];
  /** False: announced; its objects may be missing. */
  done: boolean;
  records: number;
  /** Records left out because the partition had brought them before. */
  repeats: number;
  /** Offsets in it that Kafka removed before they were read, `to` exclusive. @default none */
  lost?: [from: number, to: number][];
  objects: ArchivedObject[];
  /** Ranges of the generations in it, as of its end. */
  seen: SeenRanges[];
}

interface Head {
  v: 1;
  /** Offset at which the next segment begins. */
  next: number;
  seen: SeenRanges[];
}

export class Chain {
  readonly #store: ObjectStore;
  readonly #topic: string;
  readonly #partition: number;
  readonly seen = new Seen();
  #next = -1;
  #sinceHead = 0;
  #pending: SegmentEntry | undefined;

  private constructor(store: ObjectStore, topic: string, partition: number) {
    this.#store = store;
    this.#topic = topic;
    this.#partition = partition;
  }

  /** Reads where the chain ends. Rejects with the store's error, or ARCHIVE_DAMAGED. */
  static async open(store: ObjectStore, topic: string, partition: number): Promise<Chain> {
    const chain = new Chain(store, topic, partition);
    const head = await chain.#head();
    if (head === undefined) return chain;
    chain.#next = head.next;
    chain.seen.load(head.seen);
    for (;;) {
      const entry = await chain.#entry(chain.#next);
      if (entry === undefined) break;
      if (!entry.done) {
        chain.#pending = entry;
        break;
      }
      chain.#next = entry.end;
      chain.seen.load(entry.seen);
      chain.#sinceHead++;
    }
    return chain;
  }

  /** Offset at which the next segment begins; -1 where nothing of the partition was ever archived. */
  get next(): number {
    return this.#next;
  }

  /** An announced segment whose objects may be missing. */
  get pending(): SegmentEntry | undefined {
    return this.#pending;
  }

  /** Says where the first segment begins. Whoever comes second takes what the first one said. */
  async begin(offset: number): Promise<void> {
    const head: Head = { v: 1, next: offset, seen: [] };
    const name = headName(this.#topic, this.#partition);
    if (await this.#store.create(name, bytesOf(head))) this.#next = offset;
    else this.#next = (await this.#head())!.next;
  }

  /** The segment that comes next: `wanted`, or the one that somebody else announced before. */
  async announce(end: number, formats: ArchiveFormat[], atMs: number): Promise<SegmentEntry> {
    if (this.#pending !== undefined) return this.#pending;
    const entry: SegmentEntry = {
      v: 1,
      topic: this.#topic,
      partition: this.#partition,
      start: this.#next,
      end,
      atMs,
      formats,
      done: false,
      records: 0,
      repeats: 0,
      objects: [],
      seen: [],
    };
    const name = entryName(this.#topic, this.#partition, this.#next);
    const made = await this.#store.create(name, bytesOf(entry));
    return this.#pending = made ? entry : (await this.#entry(this.#next))!;
  }

  /** Says that the objects of the announced segment are there. */
  async complete(entry: SegmentEntry): Promise<void> {
    const { start, end } = entry;
    await this.#store.put(entryName(this.#topic, this.#partition, start), bytesOf(entry));
    this.#pending = undefined;
    this.#next = end;
    if (++this.#sinceHead < HEAD_EVERY) return;
    const head: Head = { v: 1, next: end, seen: this.seen.all() };
    await this.#store.put(headName(this.#topic, this.#partition), bytesOf(head));
    this.#sinceHead = 0;
  }

  async #entry(start: number): Promise<SegmentEntry | undefined> {
    return await readEntry(this.#store, entryName(this.#topic, this.#partition, start));
  }

  async #head(): Promise<Head | undefined> {
    return await readJson<Head>(this.#store, headName(this.#topic, this.#partition), NOTHING_UNTIL);
  }
}

/** Undefined where there is none. Rejects with ARCHIVE_DAMAGED, or the store's error. */
export async function readEntry(
  store: ObjectStore,
  name: string,
): Promise<SegmentEntry | undefined> {
  return await readJson<SegmentEntry>(store, name, NOTHING_UNTIL);
}
