/**
 * The audit's arithmetic: what was acknowledged against what the store has, in bytes of the file. Every record
 * accounts for a range of its file, so ranges that touch are complete, a hole is missing lines, an overlap is a line
 * twice. Pure.
 */

/** A range of a file, `end` exclusive. */
export interface Range {
  start: number;
  end: number;
}

/** What the store says of a generation and topic without listing its documents. */
export interface Total {
  lines: number;
  /** Sum of the lengths of their ranges. */
  bytes: number;
  /** First and last byte that they account for. */
  start: number;
  end: number;
}

export interface Compared {
  missing: Range[];
  /** Ranges that more than one document accounts for. */
  doubled: Range[];
  /** Documents behind the acknowledged range: shipped since the last seal. */
  unsealedBytes: number;
}

/**
 * True where totals alone prove that [from, to) is accounted for once: nothing but the acknowledged range and, with the
 * `others`, as many bytes as it has. A hole and a double of the same size would hide one another: the caller can ask for
 * the ranges instead. So would a hole and a line that is in the `others` and in a document: where that may be, totals
 * prove nothing.
 */
export function isComplete(
  total: Total | undefined,
  { start, end }: Range,
  others: readonly Range[] = [],
  mayOverlap = false,
): boolean {
  const other = bytesOf(within(others, { start, end }));
  if (total === undefined) return other === Math.max(0, end - start);
  if (mayOverlap && other > 0) return false;
  return total.start >= start && total.end <= end && total.bytes + other === end - start;
}

/** Compares ranges, in order of their start, with what was acknowledged; `others` account for holes too. */
export function compareRanges(
  documents: Iterable<Range>,
  acknowledged: Range,
  others: readonly Range[] = [],
): Compared {
  const missing: Range[] = [], doubled: Range[] = [];
  let at = acknowledged.start, unsealedBytes = 0;
  for (const { start, end } of documents) {
    append(doubled, { start: Math.max(start, acknowledged.start), end: Math.min(end, at) });
    append(missing, { start: at, end: Math.min(start, acknowledged.end) });
    unsealedBytes += Math.max(0, end - Math.max(start, acknowledged.end));
    at = Math.max(at, end);
  }
  append(missing, { start: at, end: acknowledged.end });
  return { missing: subtract(missing, others), doubled, unsealedBytes };
}

/** Nothing where the range is empty; one that touches the last is joined to it. */
function append(ranges: Range[], range: Range): void {
  if (range.start >= range.end) return;
  const last = ranges.at(-1);
  if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end);
  else ranges.push({ ...range });
}

/** What is left of `ranges`, which are in order and do not overlap, without `others`, of any order. One pass over both. */
export function subtract(ranges: readonly Range[], others: readonly Range[]): Range[] {
  const gone = united(others), left: Range[] = [];
  let next = 0;
  for (const { start, end } of ranges) {
    let at = start;
    while (next < gone.length && gone[next].end <= start) next++;
    for (let i = next; i < gone.length && gone[i].start < end; i++) {
      append(left, { start: at, end: gone[i].start });
      at = Math.max(at, gone[i].end);
    }
    append(left, { start: at, end });
  }
  return left;
}

/** The same bytes as ascending ranges that neither overlap nor touch. */
export function united(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) append(found, range);
  return found;
}

/** What of the ranges lies within one. */
export function within(ranges: readonly Range[], { start, end }: Range): Range[] {
  return ranges.map((one) => ({ start: Math.max(one.start, start), end: Math.min(one.end, end) }))
    .filter((one) => one.start < one.end);
}

export function bytesOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
