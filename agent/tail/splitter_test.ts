import assert from "node:assert/strict";
import fc from "fast-check";
import { characterEnd, LINES_MAX, nextLineFeed, splitLines } from "./splitter.ts";

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
