/**
 * Documents between the bounds, which Elasticsearch cannot decide on. Some thousands are looked at one by one. Of more,
 * some by chance are, and stand for the others: then the sum is an estimate, and whoever asked is told.
 */
import type { Document } from "../../core/ports/document_store.ts";
import { allOf, type Bounds, type Clause, isExact, negated } from "./bounds.ts";
import { type Found, foundOf, pages, TIME } from "./pages.ts";
import { AnswerTooLarge, type Requests } from "./requests.ts";

/** A question with its bounds: what the sums are made over. */
export interface Asked {
  requests: Requests;
  bounds: Bounds;
  /** Range of times; part of every request. */
  frame: Clause;
  matches: (document: Document) => boolean;
  signal: AbortSignal;
  onEstimate: (looked: number, of: number) => void;
}

/** Where only some were looked at. */
export interface Estimate {
  /** Finds all of them. */
  clause: Clause;
  /** Part of those looked at that fit, 0 to 1. */
  share: number;
}

/** Documents that are all looked at, and how many are where there are more. */
const ALL_MAX = 20_000;
const SOME = 4000;
/** Documents that are fetched in one request without a point in time. */
const ONCE_MAX = 1000;

/** Hands on each document that was looked at and fits, with how many it stands for. */
export async function eachBetween(
  asked: Asked,
  each: (document: Document, timeMs: number, weight: number) => void,
): Promise<Estimate | undefined> {
  const { requests, bounds, frame, signal } = asked;
  if (isExact(bounds)) return undefined;
  const query = allOf([frame, bounds.upper, negated(bounds.lower)]);
  const { hits } = await requests.search({ query, size: 0, track_total_hits: true }, signal);
  const count = hits.total!.value;
  if (count === 0) return undefined;
  if (count > ALL_MAX) return await eachOfSome(asked, query, count, each);
  const once = count < ONCE_MAX;
  for await (
    const page of pages(requests, { query, order: "any", first: ONCE_MAX, once }, signal)
  ) {
    for (const { document, timeMs } of page) {
      if (asked.matches(document)) each(document, timeMs, 1);
    }
  }
  return undefined;
}

async function eachOfSome(
  asked: Asked,
  clause: Clause,
  count: number,
  each: (document: Document, timeMs: number, weight: number) => void,
): Promise<Estimate> {
  const some = await byChance(asked, clause);
  const fit = some.filter((one) => asked.matches(one.document));
  for (const { document, timeMs } of fit) each(document, timeMs, count / some.length);
  asked.onEstimate(some.length, count);
  return { clause, share: fit.length / Math.max(1, some.length) };
}

/** The same ones for the same question, so that what is shown does not tremble. */
async function byChance({ requests, signal }: Asked, query: Clause): Promise<Found[]> {
  for (let size = SOME;; size = Math.floor(size / 4)) {
    try {
      const { hits } = await requests.search({
        query: {
          function_score: {
            query,
            random_score: { seed: 1, field: "_seq_no" },
            boost_mode: "replace",
          },
        },
        size,
        track_total_hits: false,
        docvalue_fields: [TIME],
      }, signal);
      return hits.hits.map(foundOf);
    } catch (error) {
      if (!(error instanceof AnswerTooLarge) || size < 4) throw error;
    }
  }
}
