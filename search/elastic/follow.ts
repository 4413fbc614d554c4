/**
 * Following by short polls. Every document carries the time at which it was written
 * (`event.ingested`), but it can be found only later, and not in that order: a refresh is awaited, a
 * shard is slow, clocks differ. So each poll counts what was written within the last two minutes, in
 * steps of 250 ms; a step whose count is not what was handed on is read again, and what is new in it
 * is handed on. A line of whatever time of its own is seen, as long as it can be found within the
 * two minutes; none is seen twice.
 */
import { isRetriable } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { Document } from "../../core/ports/document_store.ts";
import { allOf, type Clause } from "./bounds.ts";
import { documentOf } from "./document.ts";
import { exists, timeRange } from "./fields.ts";
import { AnswerTooLarge, type Hit, type Requests } from "./requests.ts";

export interface FollowOptions {
  requests: Requests;
  /** Finds all documents that may fit. */
  upper: Promise<Clause>;
  matches: (document: Document) => boolean;
  pollMs: number;
  windowMs: number;
  clock: Clock;
}

const FIELD = "event.ingested";
const STEP_MS = 250;
const PAGE_MAX = 2000;
/** Documents that are remembered; with more of them the window is shorter. */
const SEEN_MAX = 500_000;
/** Documents at the start that are remembered as old. */
const OLD_MAX = 50_000;
const RETRY_MS_MAX = 10_000;

export async function* follow(
  options: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<Document[]> {
  if (signal.aborted) return;
  const { clock, pollMs, windowMs } = options;
  const startMs = Math.floor(clock.wallMs());
  const follower = new Follower(options, await options.upper, startMs, signal);
  let failedMs: number | undefined, waitMs = pollMs;
  try {
    while (!signal.aborted) {
      try {
        for await (const documents of follower.poll()) yield documents;
        failedMs = undefined;
        waitMs = pollMs;
      } catch (error) {
        if (signal.aborted) return;
        const now = clock.monotonicMs();
        failedMs ??= now;
        // As long as the window holds what was missed.
        if (!isRetriable(error) || now - failedMs > windowMs / 2) throw error;
        if (waitMs === pollMs) {
          logOf("search.elastic").warn("Cannot look for new lines, trying again", {
            reason: (error as Error).message,
          });
        }
        waitMs = Math.min(RETRY_MS_MAX, waitMs * 2);
      }
      await clock.sleep(waitMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

class Follower {
  readonly #options: FollowOptions;
  readonly #upper: Clause;
  readonly #startMs: number;
  readonly #signal: AbortSignal;
  /** Ids by the step in which they were written. */
  readonly #seen = new Map<number, Set<string>>();
  #seenCount = 0;
  /** Nothing written before is looked at. */
  #floorMs = -Infinity;
  #begun = false;

  constructor(options: FollowOptions, upper: Clause, startMs: number, signal: AbortSignal) {
    this.#options = options;
    this.#upper = allOf([exists("@timestamp"), upper]);
    this.#startMs = startMs;
    this.#signal = signal;
  }

  /** What is new since the last poll. */
  async *poll(): AsyncGenerator<Document[]> {
    if (!this.#begun) await this.#begin();
    this.#begun = true;
    const fromMs = this.#fromMs();
    for (const [from, to] of await this.#changed(fromMs)) {
      for await (const hits of this.#read(from, to, true)) {
        const fit = hits.filter((hit) => this.#note(hit)).map((hit) =>
          documentOf(hit, Number(hit.sort![1]))
        ).filter(this.#options.matches);
        if (fit.length > 0) yield fit;
      }
    }
    this.#forget(fromMs);
  }

  /** Remembers what was written before the start and can be found already. */
  async #begin(): Promise<void> {
    const fromMs = this.#fromMs();
    let count = 0;
    for await (const hits of this.#read(fromMs, this.#startMs, false)) {
      for (const hit of hits) this.#note(hit);
      count += hits.length;
      if (count < OLD_MAX) continue;
      // Newest first: what is older than these is not looked at again.
      this.#floorMs = stepOf(hits[hits.length - 1]) + STEP_MS;
      break;
    }
  }

  #fromMs(): number {
    const from = this.#options.clock.wallMs() - this.#options.windowMs;
    return Math.max(this.#floorMs, Math.floor(from / STEP_MS) * STEP_MS);
  }

  /** Ranges of steps whose count is not what was seen, neighbours joined. */
  async #changed(fromMs: number): Promise<[number, number][]> {
    const { aggregations } = await this.#options.requests.search({
      query: allOf([timeRange(FIELD, { gte: fromMs }), this.#upper]),
      size: 0,
      track_total_hits: false,
      aggs: {
        steps: {
          date_histogram: { field: FIELD, fixed_interval: `${STEP_MS}ms`, min_doc_count: 1 },
        },
      },
    }, this.#signal);
    const ranges: [number, number][] = [];
    for (const { key, doc_count } of aggregations?.steps?.buckets ?? []) {
      if (doc_count === (this.#seen.get(key)?.size ?? 0)) continue;
      const last = ranges[ranges.length - 1];
      if (last?.[1] === key) last[1] = key + STEP_MS;
      else ranges.push([key, key + STEP_MS]);
    }
    return ranges;
  }

  /** Documents written within a range: whole ones oldest first, or their ids newest first. */
  async *#read(fromMs: number, toMs: number, whole: boolean): AsyncGenerator<Hit[]> {
    const order = whole ? "asc" : "desc";
    const by = (field: string, type: string) => ({
      [field]: { order, unmapped_type: type, missing: "_first" },
    });
    let after: unknown[] | undefined, size = PAGE_MAX;
    for (;;) {
      let hits: Hit[];
      try {
        const answer = await this.#options.requests.search({
          query: allOf([timeRange(FIELD, { gte: fromMs, lt: toMs }), this.#upper]),
          size,
          track_total_hits: false,
          _source: whole,
          sort: [
            { [FIELD]: { order, format: "epoch_millis" } },
            { "@timestamp": { order, unmapped_type: "date", format: "epoch_millis" } },
            by("log.file.generation", "keyword"),
            by("log.offset", "long"),
            by("topic", "keyword"),
            by("kafka.partition", "integer"),
          ],
          ...(after === undefined ? {} : { search_after: after }),
        }, this.#signal);
        hits = answer.hits.hits;
      } catch (error) {
        if (!(error instanceof AnswerTooLarge) || size === 1) throw error;
        size = Math.max(1, Math.floor(size / 4));
        continue;
      }
      if (hits.length > 0) yield hits;
      if (hits.length < size) return;
      after = hits[hits.length - 1].sort;
    }
  }

  /** True where the document was not seen before. */
  #note(hit: Hit): boolean {
    const step = stepOf(hit);
    let ids = this.#seen.get(step);
    if (ids === undefined) this.#seen.set(step, ids = new Set());
    const id = `${hit._index} ${hit._id}`;
    if (ids.has(id)) return false;
    ids.add(id);
    this.#seenCount++;
    return true;
  }

  #forget(fromMs: number): void {
    const steps = [...this.#seen.keys()].sort((a, b) => a - b);
    for (const step of steps) {
      if (step >= fromMs && this.#seenCount <= SEEN_MAX) break;
      this.#seenCount -= this.#seen.get(step)!.size;
      this.#seen.delete(step);
      this.#floorMs = Math.max(this.#floorMs, step + STEP_MS);
    }
  }
}

function stepOf(hit: Hit): number {
  return Math.floor(Number(hit.sort![0]) / STEP_MS) * STEP_MS;
}
