import assert from "node:assert/strict";
import fc from "fast-check";
import { BulkBody } from "./bulk_body.ts";

function escape(bytes: Uint8Array): { text: string; invalid: number } {
  const body = new BulkBody(1);
  body.begin();
  body.ascii('"');
  // As a part of something larger, at any place.
  const held = new Uint8Array(bytes.length + 7).fill(0xe2);
  held.set(bytes, 3);
  body.escaped(held.subarray(1, held.length), 2, 2 + bytes.length);
  body.ascii('"');
  const json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.take());
  return { text: JSON.parse(json), invalid: body.invalid };
}

const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

Deno.test("BulkBody.escaped() says what TextDecoder says, for any bytes", () => {
  // Bytes that begin, continue and break characters, more often than chance would have them.
  const byte = fc.oneof(
    fc.nat(255),
    fc.constantFrom(
      0,
      9,
      10,
      13,
      31,
      34,
      92,
      127,
      0x80,
      0xbf,
      0xc0,
      0xc2,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
    ),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), (list) => {
      const bytes = Uint8Array.from(list);
      const { text, invalid } = escape(bytes);
      assert.equal(text, decode(bytes));
      if (invalid === 0) new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      else assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("BulkBody.escaped() keeps every valid text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
      const found = escape(new TextEncoder().encode(text));
      assert.equal(found.text, text.toWellFormed());
      assert.equal(found.invalid, 0);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("BulkBody.number() writes every whole number", () => {
  fc.assert(fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (value) => {
    const body = new BulkBody(1);
    body.number(value);
    assert.equal(decode(body.take()), String(value));
  }));
  for (const value of [0, 9, 10, 99, 100, 2 ** 53 - 1]) {
    const body = new BulkBody(1);
    body.number(value);
    assert.equal(decode(body.take()), String(value));
  }
});

Deno.test("BulkBody counts invalid sequences as TextDecoder replaces them", () => {
  const found = escape(new Uint8Array([97, 0xff, 0xfe, 98, 0xe2, 0x82, 99]));
  assert.deepEqual(found, { text: "a\ufffd\ufffdb\ufffdc", invalid: 3 });
});
