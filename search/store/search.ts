/**
 * Search in the order (@timestamp, generation, offset, topic). Goes through the blocks in the order
 * of their times and keeps the first documents of a page; a page is complete when no block that is
 * left can hold an earlier one. So the newest lines are there after reading a few blocks, and
 * memory is bounded by the page.
 */
import type { Document, SearchRequest, SortKey } from "../../core/ports/document_store.ts";
import { plainDocument } from "./document.ts";
import { type Plan, planOf } from "./plan.ts";
import { Breaks } from "./breaks.ts";
import { BlockGone, matching, rangeMask, type ScanBlock } from "./scan.ts";

/** Documents of the first page, and of the largest: the first results are there soon. */
const PAGE_FIRST = 256;
const PAGE_MAX = 4096;
/** What is certain is handed on this often, though the page is not full. */
const HAND_ON_MS = 40;
const MS_MAX = 8.64e15;

interface Hit {
  timeMs: number;
  generation: string;
  offset: number;
  topic: string;
  document: Document;
}

/** What search takes from the reader. */
export interface BlockRange {
  inRange(fromMs: number, toMs: number): ScanBlock[];
  candidates(plan: Plan): (block: ScanBlock) => boolean;
}

export async function* search(
  reader: BlockRange,
  request: SearchRequest,
  signal: AbortSignal,
): AsyncGenerator<Document[]> {
  const plan = planOf(request.query);
  let after = request.after, left = request.limit, size = PAGE_FIRST;
  try {
    while (left > 0) {
      signal.throwIfAborted();
      const page = { ...request, after, limit: Math.min(size, left) };
      let count = 0;
      for await (const hits of readPage(reader, plan, page, signal)) {
        yield hits.map((hit) => hit.document);
        count += hits.length;
        const last = hits[hits.length - 1];
        after = {
          timestampMs: last.timeMs,
          generation: last.generation,
          offset: last.offset,
          topic: last.topic,
        };
      }
      if (count < page.limit) return;
      left -= count;
      size = Math.min(PAGE_MAX, size * 4);
    }
  } catch (error) {
    // An aborted search ends; whoever aborted it knows.
    if (!signal.aborted) throw error;
  }
}

/** The range of times in which a page lies. */
function rangeOf(request: SearchRequest): { fromMs: number; toMs: number } {
  const fromMs = request.fromMs ?? -MS_MAX, toMs = request.toMs ?? MS_MAX;
  const after = request.after;
  if (after === undefined) return { fromMs, toMs };
  return request.order === "newest"
    ? { fromMs, toMs: Math.min(toMs, after.timestampMs + 1) }
    : { fromMs: Math.max(fromMs, after.timestampMs), toMs };
}

/** Hands on the documents of one page in order, those that are certain now and then. */
async function* readPage(
  reader: BlockRange,
  plan: Plan,
  request: SearchRequest,
  signal: AbortSignal,
): AsyncGenerator<Hit[]> {
  const newest = request.order === "newest";
  const { fromMs, toMs } = rangeOf(request);
  const blocks = reader.inRange(fromMs, toMs).sort(
    newest ? (a, b) => b.lastMs - a.lastMs : (a, b) => a.firstMs - b.firstMs,
  );
  const breaks = new Breaks(signal);
  const may = reader.candidates(plan);
  const page = new Page(newest, request.limit);
  for (const block of blocks) {
    const edgeMs = newest ? block.lastMs : block.firstMs;
    if (page.complete(edgeMs)) break;
    const certain = page.certain(edgeMs);
    if (certain.length > 0) yield certain;
    await breaks.maybe();
    try {
      if (!may(block)) continue;
      const mask = matching(plan, block, rangeMask(block, fromMs, toMs));
      page.add(hitsIn(block, mask, page.wanted(request.after)));
    } catch (error) {
      if (!(error instanceof BlockGone)) throw error;
    } finally {
      block.release();
    }
  }
  const rest = page.rest();
  if (rest.length > 0) yield rest;
}

/** A page that fills: the best hits so far that were not handed on. */
class Page {
  readonly #newest: boolean;
  #hits: Hit[] = [];
  #left: number;
  #handedOnMs = performance.now();

  constructor(newest: boolean, size: number) {
    this.#newest = newest;
    this.#left = size;
  }

  /** What is still worth collecting. */
  wanted(after: SortKey | undefined): Wanted {
    return { newest: this.#newest, after, size: this.#left, worstMs: this.#worstMs() };
  }

  #worstMs(): number {
    if (this.#hits.length < this.#left) return this.#newest ? -Infinity : Infinity;
    return this.#left === 0 ? NaN : this.#hits[this.#left - 1].timeMs;
  }

  /** True where no block whose times begin at the edge can hold a hit of the page. */
  complete(edgeMs: number): boolean {
    if (this.#left === 0) return true;
    return this.#newest ? edgeMs < this.#worstMs() : edgeMs > this.#worstMs();
  }

  add(hits: readonly Hit[]): void {
    if (hits.length === 0) return;
    const sign = this.#newest ? -1 : 1;
    this.#hits = [...this.#hits, ...hits].sort((a, b) => sign * compare(a, b))
      .slice(0, this.#left);
  }

  /** Hits that are before all that blocks from the edge on can hold; empty until some time went by. */
  certain(edgeMs: number): Hit[] {
    if (this.#hits.length === 0 || performance.now() - this.#handedOnMs < HAND_ON_MS) return [];
    const later = this.#hits.findIndex((hit) =>
      this.#newest ? hit.timeMs <= edgeMs : hit.timeMs >= edgeMs
    );
    return this.#take(later < 0 ? this.#hits.length : later);
  }

  rest(): Hit[] {
    return this.#take(this.#hits.length);
  }

  #take(count: number): Hit[] {
    this.#handedOnMs = performance.now();
    this.#left -= count;
    return this.#hits.splice(0, count);
  }
}

interface Wanted {
  newest: boolean;
  after: SortKey | undefined;
  size: number;
  worstMs: number;
}

/** The hits of a block that can still be in the page. */
function hitsIn(block: ScanBlock, mask: Uint8Array, wanted: Wanted): Hit[] {
  if (!mask.includes(1)) return []; // its columns need not be read
  const hits: Hit[] = [];
  const { newest, after, size, worstMs } = wanted;
  const times = block.columns.times;
  let lines: number[] = [];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 1 && (newest ? times[i] >= worstMs : times[i] <= worstMs)) lines.push(i);
  }
  if (lines.length > size) {
    // Those that are ahead by time alone, and all that share the last one's time; the rest cannot be in the page.
    const sorted = lines.map((line) => times[line]).sort((a, b) => newest ? b - a : a - b);
    // Lines at the edge of `after` may fall away below, so they do not count.
    const edge = after === undefined ? 0 : sorted.filter((ms) => ms === after.timestampMs).length;
    const last = sorted[Math.min(sorted.length, size + edge) - 1];
    lines = lines.filter((line) => newest ? times[line] >= last : times[line] <= last);
  }
  for (const line of lines) {
    const lazy = block.document(line);
    const key = {
      timeMs: times[line],
      generation: lazy["log.file.generation"],
      offset: lazy["log.offset"],
      topic: lazy.topic,
    };
    if (after !== undefined && !isBehind(key, after, newest)) continue;
    hits.push({ ...key, document: plainDocument(lazy) });
  }
  return hits;
}

type Key = Omit<Hit, "document">;

function compare(a: Key, b: Key): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  if (a.generation !== b.generation) return a.generation < b.generation ? -1 : 1;
  if (a.offset !== b.offset) return a.offset - b.offset;
  return a.topic === b.topic ? 0 : a.topic < b.topic ? -1 : 1;
}

function isBehind(key: Key, after: SortKey, newest: boolean): boolean {
  const topic = after.topic ?? key.topic;
  const place = compare(key, {
    timeMs: after.timestampMs,
    generation: after.generation,
    offset: after.offset,
    topic,
  });
  return newest ? place < 0 : place > 0;
}
