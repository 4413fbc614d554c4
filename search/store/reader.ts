/**
 * The reader's half of the embedded store: search in order, count, histogram, values, follow. Works
 * on the blocks that there were when it began; gives way to other work every few milliseconds, and
 * stops when its signal aborts.
 */
import type {
  Document,
  HistogramBucket,
  LogRecord,
  RangeRequest,
  SearchRequest,
} from "../../core/ports/document_store.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import type { BlockInfo, Blocks } from "./blocks.ts";
import { follow } from "./follow.ts";
import type { Intake } from "./intake.ts";
import { minutesWithin } from "./minutes.ts";
import { type Plan, planOf } from "./plan.ts";
import { candidateTest, ScanBlock } from "./scan.ts";
import { type ScanPool, SHARED_BLOCKS_MIN, type SharedScan } from "./scan_pool.ts";
import { addBlock, Tally, type TallyRequest, type TallyResult } from "./tally.ts";
import { search } from "./search.ts";
import type { Sources, Stream } from "./sources.ts";
import { Breaks } from "./breaks.ts";

const MS_MAX = 8.64e15;

export class Reader {
  readonly #blocks: Blocks;
  readonly #sources: Sources;
  readonly #intake: Intake;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  readonly #pool: ScanPool;

  constructor(blocks: Blocks, sources: Sources, intake: Intake, pool: ScanPool) {
    this.#pool = pool;
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
    this.#pool.close();
    this.committed();
  }

  /** All blocks as they are now, the open one last; in the order of arrival. */
  snapshot(): ScanBlock[] {
    return this.#scanBlocks(this.#blocks.infos);
  }

  /** Sealed blocks, and the open one behind them. */
  #scanBlocks(infos: readonly BlockInfo[]): ScanBlock[] {
    const made = infos.map((info) => new ScanBlock(this.#blocks, this.#sources, info));
    const { open, openSeq } = this.#intake;
    if (open.lines > 0) {
      made.push(new ScanBlock(this.#blocks, this.#sources, { open, seq: openSeq }));
    }
    return made;
  }

  /** The blocks with lines from number `seq` on, in the order of arrival. */
  since(seq: number): ScanBlock[] {
    const { infos } = this.#blocks;
    let first = infos.length;
    while (first > 0 && infos[first - 1].firstSeq + infos[first - 1].lines > seq) first--;
    return this.#scanBlocks(infos.slice(first));
  }

  /** Blocks that may hold lines of the range. */
  inRange(fromMs: number, toMs: number): ScanBlock[] {
    const infos = this.#blocks.infos.filter((one) => overlaps(one, fromMs, toMs));
    return this.#scanBlocks(infos).filter((one) => one.lastMs >= fromMs && one.firstMs < toMs);
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

  /** Sums up over all blocks that may hold lines that fit. */
  async #tally(
    request: RangeRequest,
    what: TallyRequest["what"],
    signal: AbortSignal,
  ): Promise<TallyResult> {
    const full: TallyRequest = {
      query: request.query,
      fromMs: request.fromMs ?? -MS_MAX,
      toMs: request.toMs ?? MS_MAX,
      what,
    };
    const tally = new Tally(full, this.#blocks);
    const may = this.candidates(tally.plan);
    const left: ScanBlock[] = [];
    const breaks = new Breaks(signal);
    for (const block of this.inRange(full.fromMs, full.toMs)) {
      if (tally.light || block.info === undefined) {
        if (may(block)) addBlock(tally, block);
      } else if (may(block)) left.push(block);
      await breaks.maybe();
    }
    const shared = left.length < SHARED_BLOCKS_MIN
      ? undefined
      : this.#pool.share(full, left.map((block) => block.info!));
    const own = shared === undefined ? tally : new Tally(full, this.#blocks);
    let at = 0;
    try {
      for (;;) {
        const index = shared === undefined ? at++ : shared.next();
        if (index >= left.length) break;
        await breaks.maybe();
        addBlock(own, left[index]);
      }
    } catch (error) {
      shared?.stop();
      throw error;
    }
    if (shared !== undefined) await this.#join(tally, own, shared, left, breaks);
    return tally.result;
  }

  /**
   * Puts the sums of both threads together; without the other's, this thread goes over all blocks
   * again.
   */
  async #join(
    tally: Tally,
    own: Tally,
    shared: SharedScan,
    blocks: readonly ScanBlock[],
    breaks: Breaks,
  ): Promise<void> {
    let other: TallyResult;
    try {
      other = await shared.other;
    } catch {
      // The pool has said why.
      for (const block of blocks) {
        await breaks.maybe();
        addBlock(tally, block);
      }
      return;
    }
    tally.merge(own.result);
    tally.merge(other);
  }

  async count(request: RangeRequest, signal: AbortSignal): Promise<number> {
    return (await this.#tally(request, { kind: "count" }, signal)).count;
  }

  async histogram(
    request: RangeRequest & { bucketMs: number },
    signal: AbortSignal,
  ): Promise<HistogramBucket[]> {
    const { bucketMs } = request;
    const { buckets } = await this.#tally(request, { kind: "histogram", bucketMs }, signal);
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
    const { values } = await this.#tally(request, { kind: "values", field: request.field }, signal);
    return [...values].map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, request.limit);
  }

  /**
   * Says of records that no agent wrote whether their uid is stored; looks through blocks of their
   * stream, and only when asked: such a question means that the record's place in Kafka was seen
   * before.
   */
  foreignLookup(records: readonly LogRecord[]): (stream: Stream, record: LogRecord) => boolean {
    const offsets = new Set(records.map((record) => record.offset));
    const known = new Map<number, Set<string>>();
    return (stream, record) => {
      let stored = known.get(stream.id);
      if (stored === undefined) {
        stored = new Set();
        for (const block of this.snapshot()) {
          if (block.info?.sources?.every((id) => this.#sources.byId(id).stream.id !== stream.id)) {
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

/**
 * True where lines of a block may lie in the range. Blocks of several files, or of one that is read late, reach far:
 * there the minutes of their lines tell.
 */
function overlaps(info: BlockInfo, fromMs: number, toMs: number): boolean {
  if (info.lastMs < fromMs || info.firstMs >= toMs) return false;
  if (info.firstMs >= fromMs && info.lastMs < toMs) return true;
  return info.minutes === undefined || minutesWithin(info.minutes, fromMs, toMs).some;
}
