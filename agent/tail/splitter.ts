/**
 * Cuts bytes into lines. A line ends at LF, CR LF counts as one end; the value is what stands before it. A line longer
 * than the bound keeps its first part, cut at the end of a character, and accounts for all of its bytes. Where the
 * lines are follows from the bytes and the forced cuts alone, so that reading again gives the same lines.
 */

export interface SplitResult {
  /** Whole lines found. */
  lines: number;
  /** Bytes that they account for: the next line starts here. */
  consumed: number;
  /** Lines that were cut at the bound. */
  cut: number;
}

/** Lines of one chunk at most: the marks stay under a megabyte. */
export const LINES_MAX = 65_536;

/**
 * Finds the lines of `bytes[from..to)` and writes three numbers a line into `marks` (value start and end in `bytes`,
 * end of the accounted range relative to `from`). The part behind the last line end is left, unless `flush` says that
 * it is a line as well.
 * @param marks room for LINES_MAX lines
 * @param lineBytesMax longest value, 16 and more
 */
export function splitLines(
  bytes: Uint8Array,
  from: number,
  to: number,
  marks: Int32Array,
  lineBytesMax: number,
  flush = false,
): SplitResult {
  let lines = 0, start = from, cut = 0;
  for (let i = from; i < to; i++) {
    if (bytes[i] !== 10) continue;
    let end = i > start && bytes[i - 1] === 13 ? i - 1 : i;
    if (end - start > lineBytesMax) {
      end = characterEnd(bytes, start, start + lineBytesMax);
      cut++;
    }
    const m = lines * 3;
    marks[m] = start;
    marks[m + 1] = end;
    marks[m + 2] = i + 1 - from;
    start = i + 1;
    if (++lines === LINES_MAX) break;
  }
  if (flush && start < to && lines < LINES_MAX) {
    let end = to;
    if (end - start > lineBytesMax) {
      end = characterEnd(bytes, start, start + lineBytesMax);
      cut++;
    }
    marks.set([start, end, to - from], lines * 3);
    lines++;
    start = to;
  }
  return { lines, consumed: start - from, cut };
}

/** The last place at or before `end` that is not inside a UTF-8 character. */
export function characterEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  for (let back = 0; back < 4 && at > start && (bytes[at] & 0xc0) === 0x80; back++) at--;
  return (bytes[at] & 0xc0) === 0x80 ? end : at;
}
