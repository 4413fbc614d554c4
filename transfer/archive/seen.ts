/**
 * Which bytes of which file generation a partition has brought: a record whose bytes were all there before is a repeat
 * (a producer that sent again after a kill). Promises: a record is never called a repeat that was not archived; a
 * repeat is missed only where more than RANGES_MAX pieces of one generation, or GENERATIONS_MAX generations, came in
 * between.
 */

/** Of one generation; the oldest are forgotten first. */
export const RANGES_MAX = 1024;
export const GENERATIONS_MAX = 4096;

/** Generation and its ranges: from, to, from, to, …, ascending, apart from one another. */
export type SeenRanges = [generation: string, ranges: number[]];

export class Seen {
  /** In the order of use. */
  readonly #generations = new Map<string, number[]>();
  readonly #touched = new Set<string>();

  /** Notes the bytes; false where all of them were there before. */
  add(generation: string, from: number, to: number): boolean {
    let ranges = this.#generations.get(generation);
    if (ranges === undefined) ranges = this.#begin(generation);
    else if (!this.#touched.has(generation)) { // used again: the last to be forgotten
      this.#generations.delete(generation);
      this.#generations.set(generation, ranges);
    }
    this.#touched.add(generation);
    const last = ranges.length - 1;
    if (last >= 0 && from === ranges[last]) {
      ranges[last] = to;
      return true;
    }
    if (last < 0 || from > ranges[last]) {
      ranges.push(from, to);
      if (ranges.length > 2 * RANGES_MAX) ranges.splice(0, 2);
      return true;
    }
    return insert(ranges, from, to);
  }

  #begin(generation: string): number[] {
    const ranges: number[] = [];
    this.#generations.set(generation, ranges);
    if (this.#generations.size > GENERATIONS_MAX) {
      this.#generations.delete(this.#generations.keys().next().value!);
    }
    return ranges;
  }

  /** What is known of the generations that were used since the last call. */
  takeTouched(): SeenRanges[] {
    const touched: SeenRanges[] = [];
    for (const generation of this.#touched) {
      const ranges = this.#generations.get(generation);
      if (ranges !== undefined) touched.push([generation, [...ranges]]);
    }
    this.#touched.clear();
    return touched;
  }

  /** Everything that is known. */
  all(): SeenRanges[] {
    return [...this.#generations].map(([generation, ranges]) => [generation, [...ranges]]);
  }

  /** Takes over what was written down; the newer of two states of a generation last. */
  load(all: readonly SeenRanges[]): void {
    for (const [generation, ranges] of all) {
      this.#generations.delete(generation);
      this.#begin(generation).push(...ranges);
    }
  }
}

/** False where [from, to) was covered; else it is merged in. */
function insert(ranges: number[], from: number, to: number): boolean {
  let low = 0, high = ranges.length / 2;
  while (low < high) { // the first range that ends at or behind `from`
    const middle = (low + high) >> 1;
    if (ranges[2 * middle + 1] < from) low = middle + 1;
    else high = middle;
  }
  if (low * 2 < ranges.length && ranges[2 * low] <= from && ranges[2 * low + 1] >= to) return false;
  let end = low, begin = from, stop = to;
  while (2 * end < ranges.length && ranges[2 * end] <= to) {
    begin = Math.min(begin, ranges[2 * end]);
    stop = Math.max(stop, ranges[2 * end + 1]);
    end++;
  }
  ranges.splice(2 * low, 2 * (end - low), begin, stop);
  if (ranges.length > 2 * RANGES_MAX) ranges.splice(0, 2);
  return true;
}
