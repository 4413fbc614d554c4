/**
 * Documents in order, page by page. Long searches read a point in time, so that pages neither skip
 * nor repeat what arrives meanwhile. Pages are sized by bytes: lines may be long.
 */
import type { Document } from "../../core/ports/document_store.ts";
import type { Clause } from "./bounds.ts";
import { documentOf, isForeign } from "./document.ts";
import { type Answer, AnswerTooLarge, type Requests } from "./requests.ts";

export interface Found {
  document: Document;
  timeMs: number;
  /** Elasticsearch has no generation of it, so its place among those of the same time is ours to find. */
  foreign: boolean;
}

export interface PageRequest {
  query: Clause;
  /** "any" is the quickest. */
  order: "newest" | "oldest" | "any";
  /** Documents of the first page; more follow in larger ones. */
  first: number;
  /** The first page is likely to be all. */
  once: boolean;
}

const PAGE_MAX = 10_000;
/** Text of a page that is aimed at, bytes. */
const PAGE_BYTES = 4_194_304;

/** Ends when there are no more documents, or when whoever reads has enough. */
export async function* pages(
  requests: Requests,
  request: PageRequest,
  signal: AbortSignal,
): AsyncGenerator<Found[]> {
  let size = request.first, pit: string | undefined, after: unknown[] | undefined;
  try {
    if (!request.once) pit = await requests.openPit(signal);
    for (;;) {
      let answer: Answer;
      try {
        answer = await requests.search(pageBody(requests, request, { size, pit, after }), signal);
      } catch (error) {
        if (!(error instanceof AnswerTooLarge) || size === 1) throw error;
        size = Math.max(1, Math.floor(size / 4));
        continue;
      }
      pit = answer.pit_id ?? pit;
      const { hits } = answer.hits;
      if (hits.length > 0) yield hits.map(foundOf);
      if (hits.length < size) return;
      after = hits[hits.length - 1].sort;
      size = nextSize(hits, size);
    }
  } finally {
    if (pit !== undefined) await requests.closePit(pit);
  }
}

function pageBody(
  requests: Requests,
  request: PageRequest,
  page: { size: number; pit: string | undefined; after: unknown[] | undefined },
): Clause {
  const { order } = request, asc = order === "oldest" ? "asc" : "desc";
  const anyOrder = [page.pit === undefined ? "_doc" : "_shard_doc"];
  const by = (field: string, type: string) => ({
    [field]: { order: asc, unmapped_type: type, missing: "_first" },
  });
  return {
    query: request.query,
    size: page.size,
    track_total_hits: false,
    docvalue_fields: [TIME],
    sort: order === "any" ? anyOrder : [
      { "@timestamp": { order: asc, unmapped_type: "date", format: "epoch_millis" } },
      by("log.file.generation", "keyword"),
      by("log.offset", "long"),
      by("topic", "keyword"),
    ],
    ...(page.pit === undefined ? {} : requests.pit(page.pit)),
    ...(page.after === undefined ? {} : { search_after: page.after }),
  };
}

/** What gives `foundOf` the time of a hit. */
export const TIME = { field: "@timestamp", format: "epoch_millis" };

export function foundOf(hit: Answer["hits"]["hits"][number]): Found {
  const timeMs = Number((hit.fields?.["@timestamp"] as unknown[] | undefined)?.[0]);
  return { document: documentOf(hit, timeMs), timeMs, foreign: isForeign(hit) };
}

/** Twice as many, as long as their text stays within bounds. */
function nextSize(hits: Answer["hits"]["hits"], size: number): number {
  let chars = 0;
  for (const hit of hits) chars += 500 + String(hit._source?.message ?? "").length;
  const fit = Math.floor(PAGE_BYTES / (chars / hits.length));
  return Math.max(1, Math.min(PAGE_MAX, size * 4, fit));
}
