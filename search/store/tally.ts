/**
 * What is summed up over blocks, in any order and by any thread: counts, buckets of a histogram,
 * values of a field.
 */
import type { Query } from "../../core/ports/document_store.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { fieldValue } from "../query/fields.ts";
import { LEVEL_MASK } from "./block.ts";
import type { Blocks } from "./blocks.ts";
import { eachMinute, LEVELS, MINUTE_MS, minutesWithin } from "./minutes.ts";
import { type Plan, planOf } from "./plan.ts";
import { BlockGone, countText, matching, rangeMask, type ScanBlock } from "./scan.ts";

/** A question; plain data, so that it can be sent to another thread. */
export interface TallyRequest {
  query: Query;
  fromMs: number;
  toMs: number;
  what:
    | { kind: "count" }
    | { kind: "histogram"; bucketMs: number }
    | { kind: "values"; field: string };
}

/** Plain data as well. */
export interface TallyResult {
  count: number;
  /** Counts by level code, by number of the bucket. */
  buckets: Map<number, Uint32Array>;
  values: Map<string, number>;
}

/** Different values of a field that are counted; those that come later are left out. */
const VALUES_MAX = 100_000;

export class Tally {
  readonly plan: Plan;
  readonly result: TallyResult = { count: 0, buckets: new Map(), values: new Map() };
  readonly #request: TallyRequest;
  readonly #blocks: Blocks;

  constructor(request: TallyRequest, blocks: Blocks) {
    this.#request = request;
    this.#blocks = blocks;
    this.plan = planOf(request.query);
  }

  /**
   * True where the block is answered from its directory entry or a small row: no reason to share
   * the work.
   */
  get light(): boolean {
    const { what } = this.#request;
    if (this.plan.kind !== "all") return false;
    if (what.kind === "histogram") return what.bucketMs % MINUTE_MS === 0;
    return what.kind === "count" || what.field === "log.level";
  }

  add(block: ScanBlock): void {
    const { fromMs, toMs, what } = this.#request;
    const whole = block.firstMs >= fromMs && block.lastMs < toMs;
    if (this.light && this.#addLight(block, whole)) return;
    if (whole && what.kind === "count" && this.plan.kind === "text" && !block.joined) {
      this.result.count += countText(this.plan.finder, block);
      return;
    }
    const mask = matching(this.plan, block, rangeMask(block, fromMs, toMs));
    if (what.kind === "count") { for (const one of mask) this.result.count += one; }
    else if (what.kind === "histogram") {
      if (!mask.includes(1)) return;
      const { times, levels } = block.columns;
      for (let i = 0; i < mask.length; i++) {
        if (mask[i] === 1) this.#bucket(times[i], levels[i] & LEVEL_MASK, 1, what.bucketMs);
      }
    } else {
      for (let i = 0; i < mask.length; i++) {
        if (mask[i] === 1) this.#value(fieldValue(block.document(i), what.field), 1);
      }
    }
  }

  /**
   * Answers from what is known of a block without its lines; false where these have to be looked at.
   * @param whole all of its lines are in the range
   */
  #addLight(block: ScanBlock, whole: boolean): boolean {
    const { fromMs, toMs, what } = this.#request;
    if (whole && what.kind === "count") {
      this.result.count += block.lines;
      return true;
    }
    if (block.info === undefined) return false;
    if (whole && what.kind === "values") {
      block.info.levels.forEach((count, level) => this.#level(level, count));
      return true;
    }
    const minutes = this.#blocks.minutes(block.info);
    if (minutes === undefined) return true;
    if (!whole && minutesWithin(minutes, fromMs, toMs).cut) return false;
    eachMinute(minutes, (ms, level, count) => {
      // All lines of a whole block count, though the minute of the first may begin before the range.
      if (!whole && (ms < fromMs || ms >= toMs)) return;
      if (what.kind === "count") this.result.count += count;
      else if (what.kind === "histogram") this.#bucket(ms, level, count, what.bucketMs);
      else this.#level(level, count);
    });
    return true;
  }

  #level(level: number, count: number): void {
    if (level > 0 && count > 0) this.#value(LEVEL_NAMES[level], count);
  }

  #bucket(timeMs: number, level: number, count: number, bucketMs: number): void {
    const key = Math.floor(timeMs / bucketMs);
    let bucket = this.result.buckets.get(key);
    if (bucket === undefined) this.result.buckets.set(key, bucket = new Uint32Array(LEVELS));
    bucket[level] += count;
  }

  #value(value: string | undefined, count: number): void {
    if (value === undefined) return;
    const { values } = this.result;
    const known = values.get(value);
    if (known === undefined && values.size >= VALUES_MAX) return;
    values.set(value, (known ?? 0) + count);
  }

  /** Adds what another thread summed up over other blocks. */
  merge(other: TallyResult): void {
    this.result.count += other.count;
    for (const [key, counts] of other.buckets) {
      const bucket = this.result.buckets.get(key);
      if (bucket === undefined) this.result.buckets.set(key, counts);
      else counts.forEach((count, level) => bucket[level] += count);
    }
    for (const [value, count] of other.values) this.#value(value, count);
  }
}

/** Adds a block to the sums and lets go of it; one that was dropped meanwhile adds nothing. */
export function addBlock(tally: Tally, block: ScanBlock): void {
  try {
    tally.add(block);
  } catch (error) {
    if (!(error instanceof BlockGone)) throw error;
  } finally {
    block.release();
  }
}
