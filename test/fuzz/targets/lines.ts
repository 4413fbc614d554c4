/**
 * The line splitter: the lines are those of a plain loop over bytes, however the bytes lie in memory and arrive; every
 * byte is accounted for once; a cut value ends at a character where the bytes are UTF-8.
 */
import { LINES_MAX, splitLines } from "../../../agent/tail/splitter.ts";
import { must, mustEqual, type Target } from "../target.ts";

const marks = new Int32Array(LINES_MAX * 3);

/** What splitLines() promises, byte by byte. */
function plainSplit(bytes: Uint8Array, max: number, flush: boolean): number[] {
  const found: number[] = [];
  const add = (start: number, end: number, next: number) => {
    let to = end;
    if (to - start > max) {
      to = start + max;
      let back = to;
      while (back > start && to - back < 4 && isInside(bytes[back])) back--;
      if (!isInside(bytes[back])) to = back;
    }
    found.push(start, to, next);
  };
  let start = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 10) continue;
    add(start, i > start && bytes[i - 1] === 13 ? i - 1 : i, i + 1);
    start = i + 1;
  }
  if (flush && start < bytes.length) add(start, bytes.length, bytes.length);
  return found;
}

function isInside(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0;
}

/** The same bytes at a place of memory that is no word's begin. */
function shifted(bytes: Uint8Array, by: number): Uint8Array {
  const memory = new Uint8Array(bytes.length + by + 8).fill(10);
  memory.set(bytes, by);
  return memory.subarray(by, by + bytes.length);
}

export const lines: Target = {
  name: "lines",
  what: "agent/tail/splitter.ts against a loop over bytes",
  words: ["\n", "\r\n", "\r", "\u{feff}", "é", "日本", "😀", "\0\0\0\0"],
  bytesMax: 1024,
  cases: 4000,
  run(input) {
    const max = 16 + (input[0] ?? 0) % 48, flush = (input[1] ?? 0) % 2 === 1;
    const expected = plainSplit(input, max, flush);
    for (let by = 0; by < 4; by++) {
      const bytes = shifted(input, by);
      const { lines, consumed } = splitLines(bytes, 0, bytes.length, marks, max, flush);
      mustEqual([...marks.subarray(0, lines * 3)], expected, `lines at ${by} bytes behind a word`);
      must(consumed === (expected.at(-1) ?? 0), () => `${consumed} bytes are accounted for`);
    }
    arriving(input, max);
    const count = Math.ceil(Math.log2(1 + expected.length / 3));
    return `${max} ${flush} ${count} ${expected.some((to, i) => to - expected[i - 1] === max)}`;
  },
};

/** In pieces: each look begins where the last line ended. */
function arriving(input: Uint8Array, max: number): void {
  const ends: number[] = [];
  let start = 0;
  for (let seen = 0; seen < input.length;) {
    seen = Math.min(input.length, seen + 1 + (input[seen] % 40));
    const { lines, consumed } = splitLines(input, start, seen, marks, max);
    for (let i = 0; i < lines; i++) ends.push(start + marks[i * 3 + 2]);
    start += consumed;
  }
  const whole = plainSplit(input, max, false).filter((_, i) => i % 3 === 2);
  mustEqual(ends, whole, "line ends in pieces");
}
