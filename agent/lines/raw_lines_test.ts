import assert from "node:assert/strict";
import { RawLines } from "./raw_lines.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** UTF-16 of a text, without a mark. */
function wide(content: string, little: boolean): Uint8Array {
  const bytes = new Uint8Array(content.length * 2), view = new DataView(bytes.buffer);
  for (let i = 0; i < content.length; i++) view.setUint16(i * 2, content.charCodeAt(i), little);
  return bytes;
}

for (const encoding of ["utf-16le", "utf-16be"]) {
  const little = encoding === "utf-16le";
  Deno.test(`RawLines finds line feeds of ${encoding} at even places of the file only`, () => {
    const raw = new RawLines(encoding);
    assert.equal(raw.feedBytes, 2);
    // U+0A0A, U+0A00 and U+000A: only the last is a line feed.
    const bytes = wide("\u0a0a\u0a00x\na\n", little);
    assert.equal(raw.next(bytes, 0, bytes.length, false), 6);
    assert.equal(raw.next(bytes, 8, bytes.length, false), 10);
    assert.equal(raw.next(bytes, 8, 11, false), -1, "half a character");
    assert.equal(raw.next(bytes, 8, 10, false), -1);
    const shifted = Uint8Array.of(9, ...bytes);
    assert.equal(raw.next(shifted, 0, shifted.length, true), 7);
    assert.equal(raw.next(shifted, 9, shifted.length, false), 11);
  });

  Deno.test(`RawLines takes a carriage return of ${encoding} off, and no other character`, () => {
    const raw = new RawLines(encoding);
    const trimmed = (line: string) => raw.trimmed(wide(line, little)).length;
    assert.deepEqual(["a\r", "a", "\r", "", "a\u0d0d", "a\u0d00", "\r\r"].map(trimmed), [
      ...[2, 2, 0, 0, 4, 4, 2],
    ]);
    assert.equal(raw.cut(wide("abcd", little), 8).length, 8);
    assert.equal(raw.cut(wide("abcd", little), 7).length, 6);
    assert.equal(raw.cut(wide("abcd", little), 6).length, 6);
    assert.equal(text(raw.utf8(wide("日a", little), () => assert.fail("all are valid"))), "日a");
  });
}

Deno.test("RawLines takes UTF-8 as it is, under each of its names", () => {
  for (const encoding of ["", "utf-8", "UTF8"]) {
    const raw = new RawLines(encoding), bytes = new TextEncoder().encode("日a\r\nb");
    assert.equal(raw.feedBytes, 1);
    assert.equal(raw.next(bytes, 0, bytes.length, false), 5);
    assert.equal(raw.next(bytes, 6, bytes.length, true), -1);
    assert.equal(text(raw.trimmed(bytes.subarray(0, 5))), "日a");
    assert.equal(text(raw.trimmed(bytes.subarray(0, 4))), "日a");
    assert.equal(raw.utf8(bytes, () => assert.fail("not looked at")), bytes);
    assert.equal(text(raw.cut(bytes, 3)), "日");
    assert.equal(raw.cut(bytes, 2).length, 0);
    assert.equal(raw.cut(bytes, bytes.length), bytes);
  }
});

Deno.test("RawLines cuts a line of another encoding at a character, and counts what is none", () => {
  const raw = new RawLines("gb18030"), invalid: number[] = [];
  const line = Uint8Array.of(0x41, 0xd6, 0xd0, 0x81, 0x30, 0x81, 0x30, 0x42); // A, two bytes, four, B
  assert.deepEqual([8, 7, 6, 5, 4, 3, 2, 1].map((max) => raw.cut(line, max).length), [
    ...[8, 7, 3, 3, 3, 3, 1, 1],
  ]);
  assert.equal(raw.cut(line, 0).length, 0);
  assert.equal(text(raw.utf8(Uint8Array.of(0x41, 0xff, 0x42), (n) => invalid.push(n))), "A\ufffdB");
  raw.utf8(line, (n) => invalid.push(n));
  assert.deepEqual(invalid, [1]);
});
