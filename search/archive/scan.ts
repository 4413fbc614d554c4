/**
 * Searches days of an archive in the order of lines. Reads piece by piece, those first that may hold the first lines;
 * what was found is handed out as soon as nothing unread can come before it. So whatever was handed out is all that
 * there is up to there, wherever a bound ends the search. Each line comes once, also where it lies in several objects.
 */
import type { ObjectEntry, ObjectReader } from "../../core/archive/objects.ts";
import { openObject, type Piece } from "../../core/archive/pieces.ts";
import { parseDataName } from "../../core/archive/names.ts";
import type { Document, Query, SortKey } from "../../core/ports/document_store.ts";
import { documentOf } from "../elastic/document.ts";
import { compareLines, isBehind } from "../elastic/order.ts";
import { compileMatch } from "../query/match.ts";
import { within } from "../within.ts";
import type { Day, DayChoice } from "./days.ts";

/** Objects whose footers are fetched at a time. */
const OPENED_AT_ONCE = 8;
/** Lines that are looked at before other work gets its turn. */
const LINES_AT_ONCE = 2000;

export interface ScanRequest {
  query: Query;
  order: "newest" | "oldest";
  limit: number;
  after?: SortKey;
  /** Bytes to fetch at most. */
  bytesMax: number;
}

export interface Progress {
  days: number;
  /** Days of which the objects are known. */
  daysOpened: number;
  objects: number;
  /** Pieces of objects that may hold lines of the range, as far as they are known; and those that were read. */
  pieces: number;
  piecesRead: number;
  /** Fetched. */
  bytes: number;
  /** Lines that were looked at, and those that fit. */
  lines: number;
  found: number;
  /** Lines that fit and were read so much later than they were written that they are left out. */
  late: number;
}

export type ScanEvent =
  | { kind: "documents"; documents: Document[] }
  /** No line comes that stands before this time in the order. */
  | { kind: "reached"; ms: number }
  | { kind: "end"; why: "complete" | "limit" | "bytes" };

/** What is not read yet: a day or a piece, and the time of the first line that it may hold, in the order. */
interface Unread {
  boundMs: number;
  day: Day;
  piece?: Piece;
}

interface Found {
  timeMs: number;
  document: Document;
}

export class ArchiveScan {
  readonly progress: Progress;
  readonly #store: ObjectReader;
  readonly #choice: DayChoice;
  readonly #request: ScanRequest;
  readonly #sign: 1 | -1;
  readonly #fits: (document: Document) => boolean;
  readonly #topics: (topic: string) => boolean;
  /** The next one last. */
  #unread: Unread[];
  /** Not yet handed out, in order. */
  #held: Found[] = [];
  /** Topic and uid of lines that were found. */
  readonly #seen = new Set<string>();
  readonly #names = new Set<string>();

  constructor(
    store: ObjectReader,
    choice: DayChoice,
    request: ScanRequest,
    topics: (topic: string) => boolean,
  ) {
    this.#store = store;
    this.#choice = choice;
    this.#request = request;
    this.#topics = topics;
    this.#sign = request.order === "newest" ? -1 : 1;
    this.#fits = compileMatch(request.query);
    this.#unread = choice.days.map((day) => ({
      boundMs: this.#bound(day.fromMs, day.toMs - 1),
      day,
    }));
    this.#sort();
    this.progress = {
      days: choice.days.length,
      daysOpened: 0,
      objects: 0,
      pieces: 0,
      piecesRead: 0,
      bytes: 0,
      lines: 0,
      found: 0,
      late: 0,
    };
  }

  /** Rejects with the errors of the store and of its objects, and where the signal aborts. */
  async *run(signal: AbortSignal): AsyncGenerator<ScanEvent> {
    let left = this.#request.limit;
    for (;;) {
      signal.throwIfAborted();
      const next = this.#unread.at(-1);
      const ready = this.#ready(next, left);
      if (ready.length > 0) yield { kind: "documents", documents: ready };
      left -= ready.length;
      if (left === 0) return yield { kind: "end", why: "limit" };
      if (next === undefined) return yield { kind: "end", why: "complete" };
      yield { kind: "reached", ms: this.#within(next.boundMs) };
      if (this.progress.bytes >= this.#request.bytesMax) return yield { kind: "end", why: "bytes" };
      this.#unread.pop();
      if (next.piece === undefined) await this.#open(next.day, signal);
      else await this.#read(next.day, next.piece, signal);
    }
  }

  /** The held lines that stand before everything unread. */
  #ready(next: Unread | undefined, left: number): Document[] {
    const held = this.#held;
    let count = 0;
    while (
      count < held.length && count < left &&
      (next === undefined || this.#sign * (held[count].timeMs - next.boundMs) < 0)
    ) count++;
    return held.splice(0, count).map(({ document }) => document);
  }

  async #open(day: Day, signal: AbortSignal): Promise<void> {
    const entries: ObjectEntry[] = [];
    for (const topic of day.topics) {
      entries.push(...await within(this.#objectsOf(topic, day.day), signal));
    }
    this.progress.objects += entries.length;
    for (let at = 0; at < entries.length; at += OPENED_AT_ONCE) {
      signal.throwIfAborted();
      const some = entries.slice(at, at + OPENED_AT_ONCE);
      const opening = Promise.all(some.map((entry) => openObject(this.#store, entry)));
      const opened = await within(opening, signal);
      for (const one of opened) {
        // One that is gone was merged with others into another of that day.
        if (one === undefined) this.#again(day);
        this.progress.bytes += one?.bytes ?? 0;
        for (const piece of one?.pieces ?? []) this.#add(day, piece);
      }
    }
    this.progress.daysOpened++;
    this.#sort();
  }

  /** Looks again at what objects the day has. */
  #again(day: Day): void {
    const boundMs = this.#bound(day.fromMs, day.toMs - 1);
    if (this.#unread.some((one) => one.piece === undefined && one.day === day)) return;
    this.progress.daysOpened--;
    this.#unread.push({ boundMs, day });
  }

  /** Objects of a day that are not known yet; of a segment in two formats the Parquet, which says its times. */
  async #objectsOf(topic: string, day: string): Promise<ObjectEntry[]> {
    const found = new Map<string, ObjectEntry>();
    for await (const entry of this.#store.list(`topic=${topic}/day=${day}/`)) {
      const parsed = parseDataName(entry.name);
      if (parsed === undefined || this.#names.has(entry.name)) continue;
      const key = `${parsed.partition}/${parsed.start}/${parsed.end}`;
      if (parsed.format === "parquet" || !found.has(key)) found.set(key, entry);
    }
    for (const { name } of found.values()) this.#names.add(name);
    return [...found.values()];
  }

  /** Keeps a piece that may hold lines of the range. */
  #add(day: Day, piece: Piece): void {
    const firstMs = Math.max(piece.firstMs, day.fromMs, this.#choice.fromMs);
    const lastMs = Math.min(piece.lastMs, day.toMs - 1, this.#choice.toMs - 1);
    if (firstMs > lastMs) return;
    this.progress.pieces++;
    this.#unread.push({ boundMs: this.#bound(firstMs, lastMs), day, piece });
  }

  async #read(day: Day, piece: Piece, signal: AbortSignal): Promise<void> {
    const documents = await within(piece.read(), signal);
    this.progress.piecesRead++;
    if (documents === undefined) {
      this.#again(day);
      return this.#sort();
    }
    this.progress.bytes += piece.bytes;
    const { fromMs, toMs } = this.#choice, { after, order } = this.#request;
    let worst = this.#worst();
    for (let at = 0; at < documents.length; at++) {
      if (at % LINES_AT_ONCE === LINES_AT_ONCE - 1) {
        await new Promise<void>((resume) => setTimeout(resume));
        signal.throwIfAborted();
      }
      this.progress.lines++;
      const source = documents[at], timeMs = Date.parse(String(source["@timestamp"]));
      if (!(timeMs >= fromMs && timeMs < toMs)) continue;
      if (worst !== undefined && this.#sign * (timeMs - worst) > 0) continue;
      const document = {
        ...documentOf({ _index: "", _id: source._id, _source: source }, timeMs),
        archived: true as const,
      };
      const found = { timeMs, document };
      if (!this.#topics(document.topic) || !this.#fits(document)) continue;
      if (after !== undefined && !isBehind(found, after, order)) continue;
      const key = `${document.topic} ${document._id}`;
      if (this.#seen.has(key)) continue;
      if (timeMs < day.fromMs || timeMs >= day.toMs) {
        this.progress.late++;
        continue;
      }
      this.#seen.add(key);
      this.progress.found++;
      this.#held.push(found);
      if (this.#held.length > 2 * this.#request.limit + 1000) {
        this.#trim();
        worst = this.#worst();
      }
    }
    this.#trim();
  }

  /** In order, and no more than will be asked for. */
  #trim(): void {
    this.#held.sort((a, b) => this.#sign * compareLines(a, b));
    this.#held.length = Math.min(this.#held.length, this.#request.limit);
  }

  /** Time of the last line that may be handed out; undefined while there are too few. */
  #worst(): number | undefined {
    const { limit } = this.#request;
    return this.#held.length < limit ? undefined : this.#held[limit - 1].timeMs;
  }

  #sort(): void {
    this.#unread.sort((a, b) =>
      a.boundMs === b.boundMs ? 0 : -this.#sign * (a.boundMs < b.boundMs ? -1 : 1)
    );
  }

  /** The first time in the order. */
  #bound(firstMs: number, lastMs: number): number {
    return this.#sign < 0 ? lastMs : firstMs;
  }

  #within(ms: number): number {
    return Math.min(this.#choice.toMs, Math.max(this.#choice.fromMs, ms));
  }
}
