import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";
import { unpack } from "./unpack.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const hex = (text: string) =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** A frame of one stored block. */
function lz4Stored(text: string): Uint8Array {
  const bytes = bytesOf(text), out = new Uint8Array(bytes.length + 15);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0x184d2204, true);
  out.set([0x60, 0x40, 0x82], 4);
  view.setUint32(7, bytes.length | 0x80000000, true);
  out.set(bytes, 11);
  return out;
}

Deno.test("unpackLz4() unpacks literals, matches that overlap, and stored blocks", () => {
  // Token 4 literals, match of 4 + 12 at 1 back; then 5 literals.
  const block = [0x4c, 97, 98, 99, 100, 1, 0, 0x50, 101, 102, 103, 104, 105];
  const frame = [
    4,
    0x22,
    0x4d,
    0x18,
    0x60,
    0x40,
    0x82,
    block.length,
    0,
    0,
    0,
    ...block,
    0,
    0,
    0,
    0,
  ];
  assert.equal(
    new TextDecoder().decode(unpackLz4(Uint8Array.from(frame), 1000)),
    `abc${"d".repeat(17)}efghi`,
  );
  assert.equal(new TextDecoder().decode(unpackLz4(lz4Stored("plain"), 1000)), "plain");
});

Deno.test("unpackSnappy() unpacks literals, copies of each kind, raw and framed", () => {
  // Length 21: literal "abcd", copy of 4 at 4 back (kind 1), copy of 8 at 8 back (kind 2), 5 at 1 back (kind 4).
  const block = hex("15" + "0c61626364" + "0104" + "1e0800" + "1301000000");
  const wanted = `${"abcd".repeat(4)}ddddd`;
  assert.equal(new TextDecoder().decode(unpackSnappy(block, 1000)), wanted);
  const framed = new Uint8Array(20 + block.length);
  framed.set(hex("82534e41505059000000000100000001"));
  new DataView(framed.buffer).setInt32(16, block.length);
  framed.set(block, 20);
  assert.equal(new TextDecoder().decode(unpackSnappy(framed, 1000)), wanted);
});

Deno.test("unpack() bounds the output of every codec", () => {
  const large = new Uint8Array(100_000);
  assert.throws(() => unpack(1, gzipSync(large), 1000));
  assert.throws(() => unpack(4, zstdCompressSync(large), 1000));
  assert.throws(() => unpack(2, hex("a08d06" + "00" + "00"), 1000), RangeError);
  const frame = [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 20, 0, 0, 0];
  frame.push(0x1f, 97, 1, 0, ...new Array(15).fill(255), 0);
  assert.throws(() => unpack(3, Uint8Array.from([...frame, 0, 0, 0, 0]), 1000), RangeError);
  assert.throws(() => unpack(5, large, 1000), /unknown codec 5/);
});

Deno.test("lz4 and snappy end damaged input with a RangeError, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      for (
        const run of [
          () => unpackSnappy(noise, 4096),
          () => unpackLz4(Uint8Array.from([4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, ...noise]), 4096),
        ]
      ) {
        try {
          assert.ok(run().length <= 4096);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }
    }),
    { numRuns: 3000 },
  );
});
