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
      const page = await readPage(
        reader,
        plan,
        { ...request, after },
        Math.min(size, left),
        signal,
      );
      if (page.length > 0) yield page.map((hit) => hit.document);
      if (page.length < Math.min(size, left)) return;
      const last = page[page.length - 1];
      after = {
        timestampMs: last.timeMs,
        generation: last.generation,
        offset: last.offset,
        topic: last.topic,
      };
      left -= page.length;
      size = Math.min(PAGE_MAX, size * 4);
    }
  } catch (error) {
    // An aborted search ends; whoever aborted it knows.
    if (!signal.aborted) throw error;
  }
}

async function readPage(
  reader: BlockRange,
  plan: Plan,
  request: SearchRequest,
  size: number,
  signal: AbortSignal,
): Promise<Hit[]> {
  const newest = request.order === "newest";
  let fromMs = request.fromMs ?? -MS_MAX, toMs = request.toMs ?? MS_MAX;
  const after = request.after;
  if (after !== undefined) {
    if (newest) toMs = Math.min(toMs, after.timestampMs + 1);
    else fromMs = Math.max(fromMs, after.timestampMs);
  }
  const blocks = reader.inRange(fromMs, toMs).sort(
    newest ? (a, b) => b.lastMs - a.lastMs : (a, b) => a.firstMs - b.firstMs,
  );
  const sign = newest ? -1 : 1;
  const order = (a: Hit, b: Hit) => sign * compare(a, b);
  const breaks = new Breaks(signal);
  const may = reader.candidates(plan);
  let hits: Hit[] = [];
  let worstMs = newest ? -Infinity : Infinity;
  for (const block of blocks) {
    if (newest ? block.lastMs < worstMs : block.firstMs > worstMs) break;
    await breaks.maybe();
    try {
      if (!may(block)) continue;
      const mask = matching(plan, block, rangeMask(block, fromMs, toMs));
      collect(block, mask, { newest, after, size, worstMs }, hits);
    } catch (error) {
      if (!(error instanceof BlockGone)) throw error;
      continue;
    } finally {
      block.release();
    }
    if (hits.length >= size) {
      hits = hits.sort(order).slice(0, size);
      worstMs = hits[size - 1].timeMs;
    }
  }
  return hits.sort(order).slice(0, size);
}

interface Wanted {
  newest: boolean;
  after: SortKey | undefined;
  size: number;
  worstMs: number;
}

/** Adds the hits of a block that can still be in the page. */
function collect(block: ScanBlock, mask: Uint8Array, wanted: Wanted, hits: Hit[]): void {
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
