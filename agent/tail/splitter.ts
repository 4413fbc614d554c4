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
  const words = wordsOf(bytes);
  let lines = 0, start = from, cut = 0;
  for (;;) {
    const i = nextLineFeed(bytes, words, start, to);
    if (i === to) break;
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

const NO_WORDS = new Int32Array(0);

/** The bytes four at a time; nothing where they do not begin at a word of their memory. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  if ((bytes.byteOffset & 3) !== 0) return NO_WORDS;
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}

/**
 * Place of the next line feed in `bytes[from..to)`, or `to`. Looks at four bytes at once: a word that holds none is
 * passed by the usual test for a zero byte of the word xor four line feeds. A third of the time of a loop over bytes.
 */
export function nextLineFeed(
  bytes: Uint8Array,
  words: Int32Array,
  from: number,
  to: number,
): number {
  let i = from;
  for (; (i & 3) !== 0 && i < to; i++) if (bytes[i] === 10) return i;
  let word = i >> 2;
  for (const end = Math.min(to >> 2, words.length); word < end; word++) {
    const x = words[word] ^ 0x0a0a0a0a;
    if (((x - 0x01010101) & ~x & 0x80808080) !== 0) break;
  }
  i = Math.max(i, word << 2);
  while (i < to && bytes[i] !== 10) i++;
  return Math.min(i, to);
}

/** The last place at or before `end` that is not inside a UTF-8 character. */
export function characterEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  for (let back = 0; back < 4 && at > start && (bytes[at] & 0xc0) === 0x80; back++) at--;
  return (bytes[at] & 0xc0) === 0x80 ? end : at;
}

/** Bytes that were dropped before the first record belong to it. */
export function shiftMarks(marks: Int32Array, gap: number): void {
  for (let i = 2; gap > 0 && i < marks.length; i += 3) marks[i] += gap;
}

/** How many of the lines stand before the first that begins with NUL bytes. */
export function linesBeforeHole(bytes: Uint8Array, marks: Int32Array, lines: number): number {
  for (let i = 0; i < lines; i++) {
    if (bytes[marks[i * 3]] === 0 && marks[i * 3] < marks[i * 3 + 1]) return i;
  }
  return lines;
}

/** What a file of UTF-8 may begin with. */
export const UTF8_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** The begin of a line, at most `bytesMax` bytes of it, cut at a character. */
export function cutLine(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const marks = new Int32Array(LINES_MAX * 3);
  splitLines(bytes, 0, bytes.length, marks, bytesMax, true);
  return bytes.subarray(0, marks[1]);
}

export function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}
