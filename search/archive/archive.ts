/**
 * The archive as the page and the API search it: on demand, together with the index, within bounds that the settings
 * give, a few searches at a time. It only reads.
 */
import type { ObjectReader } from "../../core/archive/objects.ts";
import { WeirError } from "../../core/errors.ts";
import type { DocumentReader, SearchRequest } from "../../core/ports/document_store.ts";
import type { Identity } from "../access/identity.ts";
import { readerFor } from "../access/scoped_reader.ts";
import { chooseDays } from "./days.ts";
import { ArchiveScan, type Progress, type ScanEvent } from "./scan.ts";
import { topicMayFit } from "./topic_fit.ts";
import { withIndex } from "./with_index.ts";

/** Times that stand for none. */
const MS_MAX = 8.64e15;

export interface ArchiveBounds {
  /** Days of objects of one search, at most. */
  days: number;
  /** Bytes that one search fetches, at most; a piece more. */
  bytes: number;
  /** Longest time of one search, ms. */
  timeout: number;
  /** Days behind the time of a line in which it is looked for. */
  lateDays: number;
  /** Searches at once. */
  searches: number;
}

export interface ArchiveRequest extends SearchRequest {
  days?: { first: string; last: string };
  lateDays?: number;
}

/** How a search ended, and what it searched. */
export interface ArchiveEnd {
  /** complete: the whole range; limit: so many lines there are; days, bytes, time: the bound that ended it. */
  why: "complete" | "limit" | "days" | "bytes" | "time";
  /** What is known of wholly, ISO 8601; null: no end there. */
  since: string | null;
  until: string | null;
}

export type ArchiveEvent =
  | Exclude<ScanEvent, { kind: "end" }>
  | { kind: "progress"; progress: Progress }
  | { kind: "end"; end: ArchiveEnd; progress: Progress };

export class ArchiveSearch {
  readonly store: ObjectReader;
  readonly bounds: ArchiveBounds;
  readonly #reader: DocumentReader;
  #running = 0;

  /** @param reader the index that the archive stands beside */
  constructor(store: ObjectReader, reader: DocumentReader, bounds: ArchiveBounds) {
    this.store = store;
    this.#reader = reader;
    this.bounds = bounds;
  }

  get running(): number {
    return this.#running;
  }

  /**
   * Rejects with SEARCH_BUSY, ARCHIVE_DAYS, and the errors of the archive and of the index. `late` says that the time is
   * over: then the search ends with what it has. An aborted signal rejects otherwise.
   */
  async *search(
    request: ArchiveRequest,
    identity: Identity,
    signal: AbortSignal,
    late: () => boolean,
  ): AsyncGenerator<ArchiveEvent> {
    if (this.#running >= this.bounds.searches) {
      throw new WeirError("SEARCH_BUSY", `${this.#running} searches of the archive run already`, {
        hint: "Try again when one has ended.",
        retriable: true,
      });
    }
    this.#running++;
    try {
      yield* this.#search(request, identity, signal, late);
    } finally {
      this.#running--;
    }
  }

  async *#search(
    request: ArchiveRequest,
    identity: Identity,
    signal: AbortSignal,
    late: () => boolean,
  ): AsyncGenerator<ArchiveEvent> {
    const { order, limit, query, after, days, lateDays = this.bounds.lateDays } = request;
    const allowed = (topic: string) => identity.topics?.includes(topic) ?? true;
    const wanted = (topic: string) => allowed(topic) && topicMayFit(query, topic);
    let { fromMs = -MS_MAX, toMs = MS_MAX } = request;
    if (after !== undefined && order === "newest") toMs = Math.min(toMs, after.timestampMs + 1);
    if (after !== undefined && order === "oldest") fromMs = Math.max(fromMs, after.timestampMs);
    const range = { order, fromMs, toMs, lateDays, daysMax: this.bounds.days };
    const choice = await chooseDays(
      this.store,
      { ...range, ...(days && { days }) },
      wanted,
      signal,
    );
    const scan = new ArchiveScan(
      this.store,
      choice,
      { query, order, limit, bytesMax: this.bounds.bytes, ...(after && { after }) },
      allowed,
    );
    const { progress } = scan;
    const end = (why: ArchiveEnd["why"], reachedMs: number): ArchiveEvent => {
      const [since, until] = why === "complete" || why === "days" || why === "limit"
        ? [choice.fromMs, choice.toMs]
        : order === "newest"
        ? [Math.min(reachedMs + 1, choice.toMs), choice.toMs]
        : [choice.fromMs, reachedMs];
      return { kind: "end", end: { why, since: isoOf(since), until: isoOf(until) }, progress };
    };
    const index = readerFor(this.#reader, identity).search({
      query,
      order,
      limit,
      ...(choice.fromMs > -MS_MAX && { fromMs: choice.fromMs }),
      ...(choice.toMs < MS_MAX && { toMs: choice.toMs }),
      ...(after && { after }),
    }, signal);
    let reachedMs = order === "newest" ? choice.toMs : choice.fromMs;
    try {
      yield { kind: "progress", progress };
      for await (const event of withIndex(index, scan.run(signal), { order, limit })) {
        if (event.kind === "end") {
          const why = event.why === "complete" && choice.left > 0 ? "days" : event.why;
          return yield end(why, reachedMs);
        }
        if (event.kind === "reached") reachedMs = event.ms;
        yield event;
        yield { kind: "progress", progress };
      }
    } catch (error) {
      if (!late()) throw error;
      yield end("time", reachedMs);
    }
  }
}

function isoOf(ms: number): string | null {
  return Math.abs(ms) >= MS_MAX ? null : new Date(ms).toISOString();
}
