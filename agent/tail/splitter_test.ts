import assert from "node:assert/strict";
import fc from "fast-check";
import {
  characterEnd,
  cutLine,
  LINES_MAX,
  linesBeforeHole,
  nextLineFeed,
  shiftMarks,
  splitLines,
  startsWith,
  UTF8_MARK,
  wordsOf,
} from "./splitter.ts";

const marks = new Int32Array(LINES_MAX * 3);
const encode = (text: string) => new TextEncoder().encode(text);

function split(bytes: Uint8Array, max = 1000, flush = false) {
  const result = splitLines(bytes, 0, bytes.length, marks, max, flush);
  const values = Array.from({ length: result.lines }, (_, i) => {
    return new TextDecoder().decode(bytes.subarray(marks[3 * i], marks[3 * i + 1]));
  });
  return {
    ...result,
    values,
    ends: Array.from({ length: result.lines }, (_, i) => marks[3 * i + 2]),
  };
}

Deno.test("splitLines() takes LF, CR LF and empty lines, and leaves what has no end", () => {
  const { values, ends, consumed } = split(encode("a\r\n\nb\r\r\nrest"));
  assert.deepEqual(values, ["a", "", "b\r"]);
  assert.deepEqual(ends, [3, 4, 8]);
  assert.equal(consumed, 8);
});

Deno.test("splitLines() takes the rest as a line when told to flush", () => {
  const { values, consumed } = split(encode("a\nrest"), 1000, true);
  assert.deepEqual(values, ["a", "rest"]);
  assert.equal(consumed, 6);
});

Deno.test("splitLines() cuts an over-long line at a character and accounts for all of it", () => {
  const { values, ends, cut } = split(encode("ok\n" + "日".repeat(20) + "\nok\n"), 16);
  assert.deepEqual(values, ["ok", "日".repeat(5), "ok"]);
  assert.deepEqual(ends, [3, 64, 67]);
  assert.equal(cut, 1);
});

Deno.test("characterEnd() never stands inside a character, and gives up on bytes that are none", () => {
  const text = encode("aé日😀");
  for (let end = 0; end < text.length; end++) {
    assert.doesNotThrow(() =>
      new TextDecoder("utf-8", { fatal: true }).decode(text.subarray(0, characterEnd(text, 0, end)))
    );
  }
  assert.equal(characterEnd(new Uint8Array(20).fill(0x80), 0, 10), 10);
});

Deno.test("splitLines() gives the same lines however the bytes arrive", () => {
  const line = fc.uint8Array({ maxLength: 40 }).map((bytes) =>
    bytes.map((byte) => byte === 10 ? 11 : byte)
  );
  fc.assert(fc.property(fc.array(line), fc.array(fc.nat(50), { minLength: 1 }), (lines, steps) => {
    const bytes = Uint8Array.from(lines.flatMap((value) => [...value, 10]));
    const whole = split(bytes, 16);
    const ends: number[] = [];
    // Each look sees more of the file and starts where the last whole line ended.
    for (let seen = 0, start = 0, step = 0; start < bytes.length; step++) {
      seen = Math.min(bytes.length, seen + 1 + steps[step % steps.length]);
      const result = splitLines(bytes, start, seen, marks, 16);
      for (let i = 0; i < result.lines; i++) ends.push(start + marks[3 * i + 2]);
      start += result.consumed;
    }
    assert.deepEqual(ends, whole.ends);
    assert.equal(whole.lines, lines.length);
  }));
});

Deno.test("nextLineFeed() finds what a loop over bytes finds, at every alignment", () => {
  // Bytes around 10 and around the sign bit are where a test of whole words could err.
  const byte = fc.constantFrom(9, 10, 11, 0, 138, 255, 65);
  const input = fc.tuple(fc.array(byte, { maxLength: 40 }), fc.nat(7), fc.nat(40), fc.nat(40));
  fc.assert(
    fc.property(input, ([values, shift, a, b]) => {
      const memory = new Uint8Array(64);
      memory.set(values, shift);
      const bytes = memory.subarray(shift, shift + values.length);
      const words = shift % 4 === 0
        ? new Int32Array(memory.buffer, shift, values.length >> 2)
        : new Int32Array(0);
      const from = Math.min(a, b, values.length), to = Math.min(Math.max(a, b), values.length);
      let expected = from;
      while (expected < to && bytes[expected] !== 10) expected++;
      assert.equal(nextLineFeed(bytes, words, from, to), expected);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("splitLines() stays within its range, and counts its ends from the begin of it", () => {
  const bytes = encode("xx\nab\r\ncd\nyy\n");
  const { lines, consumed } = splitLines(bytes, 3, 10, marks, 1000);
  assert.deepEqual([...marks.subarray(0, 6)], [3, 5, 4, 7, 9, 7]);
  assert.deepEqual([lines, consumed], [2, 7]);
  const flushed = splitLines(bytes, 3, 9, marks, 1000, true);
  assert.deepEqual([...marks.subarray(0, 6)], [3, 5, 4, 7, 9, 6]);
  assert.deepEqual([flushed.lines, flushed.consumed, flushed.cut], [2, 6, 0]);
  assert.equal(splitLines(bytes, 3, 3, marks, 1000, true).lines, 0);
});

Deno.test("splitLines() cuts what is longer than the bound, not what is as long", () => {
  assert.deepEqual(split(encode(`${"x".repeat(16)}\n${"y".repeat(17)}\n`), 16).cut, 1);
  assert.deepEqual(split(encode("x".repeat(16)), 16, true).cut, 0);
  const { cut, values, ends } = split(encode("x".repeat(17)), 16, true);
  assert.deepEqual([cut, values[0].length, ends], [1, 16, [17]]);
});

Deno.test("splitLines() gives no more lines than there is room for, flushed or not", () => {
  const room = new Int32Array((LINES_MAX + 1) * 3).fill(-1);
  const bytes = new Uint8Array(LINES_MAX + 5).fill(10);
  for (const flush of [false, true]) {
    const { lines, consumed } = splitLines(bytes, 0, bytes.length, room, 1000, flush);
    assert.deepEqual([lines, consumed], [65_536, 65_536]);
    assert.equal(room[LINES_MAX * 3], -1);
  }
});

Deno.test("wordsOf() are the bytes four at a time, or none where they begin within a word", () => {
  const memory = new Uint8Array(16);
  assert.equal(wordsOf(memory).length, 4);
  assert.equal(wordsOf(memory.subarray(0, 7)).length, 1);
  assert.equal(wordsOf(memory.subarray(2)).length, 0);
  assert.equal(wordsOf(memory.subarray(8)).byteOffset, 8);
});

Deno.test("characterEnd() goes back over the bytes of one character, not further, not before its begin", () => {
  const bytes = Uint8Array.of(0x41, 0xf0, 0x9f, 0x98, 0x80, 0x41);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((end) => characterEnd(bytes, 0, end)), [
    0,
    1,
    1,
    1,
    1,
    5,
  ]);
  const inside = Uint8Array.of(0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x41);
  assert.equal(characterEnd(inside, 0, 5), 5, "four bytes back there is no begin of a character");
  assert.equal(characterEnd(inside, 0, 4), 0);
  assert.equal(characterEnd(inside, 2, 4), 4, "the begin of the line is none either");
  assert.equal(characterEnd(inside.map((byte) => byte | 1), 0, 5), 5);
  assert.equal(characterEnd(Uint8Array.of(0xe6, 0x97, 0xa5), 1, 2), 2, "nor what stands before it");
});

Deno.test("shiftMarks() moves the ends alone", () => {
  const some = Int32Array.of(1, 2, 3, 4, 5, 6);
  shiftMarks(some, 0);
  assert.deepEqual([...some], [1, 2, 3, 4, 5, 6]);
  shiftMarks(some, 10);
  assert.deepEqual([...some], [1, 2, 13, 4, 5, 16]);
});

Deno.test("linesBeforeHole() counts up to the first line that begins with NUL, empty lines apart", () => {
  const bytes = Uint8Array.of(65, 10, 0, 10, 0, 0, 10, 66, 10);
  //                          "A"     ""      NUL…      "B"
  const some = Int32Array.of(0, 1, 2, 2, 2, 3, 4, 6, 7, 7, 8, 9);
  assert.equal(linesBeforeHole(bytes, some, 4), 2);
  assert.equal(linesBeforeHole(bytes, some, 2), 2);
  assert.equal(linesBeforeHole(bytes, Int32Array.of(4, 6, 7), 1), 0);
  assert.equal(linesBeforeHole(bytes, Int32Array.of(7, 8, 9), 1), 1);
});

Deno.test("cutLine() is the begin of the first line, and startsWith() compares all of a begin", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(text(cutLine(encode("ab"), 16)), "ab");
  assert.equal(text(cutLine(encode("日".repeat(9)), 16)), "日".repeat(5));
  assert.equal(text(cutLine(encode("ab\ncd"), 16)), "ab");
  assert.equal(text(cutLine(encode("\nab"), 16)), "");
  assert.deepEqual([...UTF8_MARK], [...encode("\ufeff")]);
  assert.equal(startsWith(encode("\ufeffa"), UTF8_MARK), true);
  assert.equal(startsWith(encode("a\ufeff"), UTF8_MARK), false);
  assert.equal(startsWith(Uint8Array.of(0xef, 0xbb), UTF8_MARK), false);
  assert.equal(startsWith(Uint8Array.of(0xee, 0xbb, 0xbf), UTF8_MARK), false);
  assert.equal(startsWith(Uint8Array.of(0xef, 0xbb, 0xbe), UTF8_MARK), false);
});
