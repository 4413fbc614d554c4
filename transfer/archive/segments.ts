/** The segments of a topic as the store has them, read once and only as far back as somebody asks. */
import type { SegmentEntry } from "./chain.ts";
import { entryName, parseEntryName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { readEntry } from "./chain.ts";

export class Segments {
  readonly #store: ObjectStore;
  readonly #topic: string;
  /** Starts of each partition's segments, ascending. */
  readonly #starts: ReadonlyMap<number, number[]>;
  readonly #read = new Map<string, SegmentEntry | undefined>();

  private constructor(store: ObjectStore, topic: string, starts: ReadonlyMap<number, number[]>) {
    this.#store = store;
    this.#topic = topic;
    this.#starts = starts;
  }

  /** Lists them. Rejects with the store's error. */
  static async list(store: ObjectStore, topic: string): Promise<Segments> {
    const starts = new Map<number, number[]>();
    for await (const { name } of store.list(`_weir/${topic}/`)) {
      const parsed = parseEntryName(name);
      if (parsed === undefined) continue;
      const own = starts.get(parsed.partition);
      if (own === undefined) starts.set(parsed.partition, [parsed.start]);
      else own.push(parsed.start);
    }
    for (const own of starts.values()) own.sort((a, b) => a - b);
    return new Segments(store, topic, starts);
  }

  get partitions(): number[] {
    return [...this.#starts.keys()].sort((a, b) => a - b);
  }

  /** Undefined where none begins there. Rejects with the store's error, or ARCHIVE_DAMAGED. */
  async at(partition: number, start: number): Promise<SegmentEntry | undefined> {
    const name = entryName(this.#topic, partition, start);
    if (!this.#read.has(name)) this.#read.set(name, await readEntry(this.#store, name));
    return this.#read.get(name);
  }

  /** Those that are done, from the newest back to the first that was announced before `sinceMs`. */
  async since(partition: number, sinceMs: number): Promise<SegmentEntry[]> {
    const found: SegmentEntry[] = [];
    for (const start of [...this.#starts.get(partition) ?? []].reverse()) {
      const entry = await this.at(partition, start);
      if (entry === undefined) continue;
      if (entry.atMs < sinceMs) break;
      if (entry.done) found.push(entry);
    }
    return found.reverse();
  }

  /** Offset behind the last segment that is done, -1 where there is none. */
  async next(partition: number): Promise<number> {
    for (const start of [...this.#starts.get(partition) ?? []].reverse()) {
      const entry = await this.at(partition, start);
      if (entry?.done) return entry.end;
    }
    return -1;
  }

  /** When the first segment of all was announced; undefined where there is none. */
  async beganMs(): Promise<number | undefined> {
    const times: number[] = [];
    for (const [partition, [first]] of this.#starts) {
      const entry = await this.at(partition, first);
      if (entry !== undefined) times.push(entry.atMs);
    }
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
