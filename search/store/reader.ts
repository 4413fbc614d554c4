/**
 * The reader's half of the embedded store: search in order, count, histogram, values, follow. Works on the blocks that
 * there were when it began; gives way to other work every few milliseconds, and stops when its signal aborts.
 */
import type {
  Document,
  HistogramBucket,
  LogRecord,
  RangeRequest,
  SearchRequest,
} from "../../core/ports/document_store.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { fieldValue } from "../query/fields.ts";
import { LEVEL_MASK } from "./block.ts";
import type { Blocks } from "./blocks.ts";
import { follow } from "./follow.ts";
import type { Intake } from "./intake.ts";
import { eachMinute, LEVELS, MINUTE_MS } from "./minutes.ts";
import { type Plan, planOf } from "./plan.ts";
import { BlockGone, candidateTest, matching, ScanBlock } from "./scan.ts";
import { search } from "./search.ts";
import type { Sources, Stream } from "./sources.ts";
import { Breaks } from "./breaks.ts";

/** Different values of a field that are counted; those that come later are left out. */
const VALUES_MAX = 100_000;
const MS_MAX = 8.64e15;

export class Reader {
  readonly #blocks: Blocks;
  readonly #sources: Sources;
  readonly #intake: Intake;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(blocks: Blocks, sources: Sources, intake: Intake) {
    this.#blocks = blocks;
    this.#sources = sources;
    this.#intake = intake;
  }

  /** Wakes followers: lines were committed. */
  committed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  close(): void {
    this.#closed = true;
    this.committed();
  }

  /** All blocks as they are now, the open one last; in the order of arrival. */
  snapshot(): ScanBlock[] {
    const made = this.#blocks.infos.map((info) => new ScanBlock(this.#blocks, this.#sources, info));
    const { open, openSeq } = this.#intake;
    if (open.lines > 0) {
      made.push(new ScanBlock(this.#blocks, this.#sources, { open, seq: openSeq }));
    }
    return made;
  }

  /** Blocks that may hold lines of the range. */
  inRange(fromMs: number, toMs: number): ScanBlock[] {
    return this.snapshot().filter((block) => block.lastMs >= fromMs && block.firstMs < toMs);
  }

  /** Says of blocks whether they may hold a line that fits. */
  candidates(plan: Plan): (block: ScanBlock) => boolean {
    return candidateTest(plan, this.#blocks);
  }

  search(request: SearchRequest, signal: AbortSignal): AsyncIterable<Document[]> {
    return search(this, request, signal);
  }

  follow(request: RangeRequest, signal: AbortSignal): AsyncIterable<Document[]> {
    return follow(this, planOf(request.query), signal);
  }

  /** Number of the line that will be stored next, in the order of arrival. */
  get nextSeq(): number {
    return this.#intake.openSeq + this.#intake.open.lines;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves at the next commit, or when the signal aborts. */
  nextCommit(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.#closed) return resolve();
      const done = () => {
        signal.removeEventListener("abort", done);
        this.#waiting.delete(done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      this.#waiting.add(done);
    });
  }

  /** Hands on each block that may fit with the mask of its fitting lines. */
  async #each(
    request: RangeRequest,
    signal: AbortSignal,
    each: (block: ScanBlock, mask: () => Uint8Array, whole: boolean) => void,
  ): Promise<Plan> {
    const plan = planOf(request.query);
    const fromMs = request.fromMs ?? -MS_MAX, toMs = request.toMs ?? MS_MAX;
    const breaks = new Breaks(signal);
    const may = this.candidates(plan);
    for (const block of this.inRange(fromMs, toMs)) {
      await breaks.maybe();
      try {
        if (!may(block)) continue;
        const whole = block.firstMs >= fromMs && block.lastMs < toMs;
        each(block, () => matching(plan, block, rangeMask(block, fromMs, toMs)), whole);
      } catch (error) {
        if (!(error instanceof BlockGone)) throw error;
      } finally {
        block.release();
      }
    }
    return plan;
  }

  async count(request: RangeRequest, signal: AbortSignal): Promise<number> {
    let count = 0;
    const all = request.query.kind === "all";
    await this.#each(request, signal, (block, mask, whole) => {
      if (all && whole) count += block.lines;
      else for (const one of mask()) count += one;
    });
    return count;
  }

  async histogram(
    request: RangeRequest & { bucketMs: number },
    signal: AbortSignal,
  ): Promise<HistogramBucket[]> {
    const { bucketMs } = request;
    const buckets = new Map<number, Uint32Array>();
    const add = (timeMs: number, level: number, count: number) => {
      const key = Math.floor(timeMs / bucketMs);
      let bucket = buckets.get(key);
      if (bucket === undefined) buckets.set(key, bucket = new Uint32Array(LEVELS));
      bucket[level] += count;
    };
    const minutes = request.query.kind === "all" && bucketMs % MINUTE_MS === 0;
    await this.#each(request, signal, (block, mask, whole) => {
      if (minutes && whole && block.info !== undefined) {
        const counts = this.#blocks.minutes(block.info);
        if (counts !== undefined) eachMinute(counts, add);
        return;
      }
      const lines = mask(), { times, levels } = block.columns;
      for (let i = 0; i < lines.length; i++) {
        if (lines[i] === 1) add(times[i], levels[i] & LEVEL_MASK, 1);
      }
    });
    return [...buckets].sort((a, b) => a[0] - b[0]).map(([key, counts]) => {
      const levels: Record<string, number> = {};
      let count = 0;
      counts.forEach((one, level) => {
        if (one > 0) levels[LEVEL_NAMES[level]] = one;
        count += one;
      });
      return { startMs: key * bucketMs, count, levels };
    });
  }

  async values(
    request: RangeRequest & { field: string; limit: number },
    signal: AbortSignal,
  ): Promise<{ value: string; count: number }[]> {
    const counts = new Map<string, number>();
    const add = (value: string | undefined, count: number) => {
      if (value === undefined) return;
      const known = counts.get(value);
      if (known === undefined && counts.size >= VALUES_MAX) return;
      counts.set(value, (known ?? 0) + count);
    };
    const { field } = request;
    const all = request.query.kind === "all";
    await this.#each(request, signal, (block, mask, whole) => {
      if (all && whole && block.info !== undefined && field === "log.level") {
        block.info.levels.forEach((count, level) => {
          if (level > 0 && count > 0) add(LEVEL_NAMES[level], count);
        });
        return;
      }
      const lines = mask();
      for (let i = 0; i < lines.length; i++) {
        if (lines[i] === 1) add(fieldValue(block.document(i), field), 1);
      }
    });
    return [...counts].map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, request.limit);
  }

  /**
   * Says of records that no agent wrote whether their uid is stored; looks through blocks of their stream, and only
   * when asked: such a question means that the record's place in Kafka was seen before.
   */
  foreignLookup(records: readonly LogRecord[]): (stream: Stream, record: LogRecord) => boolean {
    const offsets = new Set(records.map((record) => record.offset));
    const known = new Map<number, Set<string>>();
    return (stream, record) => {
      let stored = known.get(stream.id);
      if (stored === undefined) {
        stored = new Set();
        for (const block of this.snapshot()) {
          if (block.info?.sources.every((id) => this.#sources.byId(id).stream.id !== stream.id)) {
            continue;
          }
          for (const run of block.columns.runs) {
            if (run.f === undefined || !offsets.has(run.k![1])) continue;
            if (this.#sources.byId(run.s).stream.id === stream.id) {
              stored.add(`${run.k![1]} ${run.f}`);
            }
          }
        }
        known.set(stream.id, stored);
      }
      const key = `${record.offset} ${record.createdMs}`;
      if (stored.has(key)) return true;
      stored.add(key);
      return false;
    };
  }
}

/** The lines of a block within the range; undefined where that is all. */
export function rangeMask(block: ScanBlock, fromMs: number, toMs: number): Uint8Array | undefined {
  if (block.firstMs >= fromMs && block.lastMs < toMs) return undefined;
  const mask = new Uint8Array(block.lines), times = block.columns.times;
  for (let i = 0; i < mask.length; i++) if (times[i] >= fromMs && times[i] < toMs) mask[i] = 1;
  return mask;
}
