import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { BatchMemory } from "../../../core/kafka/batch_memory.ts";
import {
  type BlockCodec,
  packBlock,
  packedBytesMax,
  storedBlock,
} from "../../../core/kafka/pack.ts";
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

/** Words of a small vocabulary, runs and noise: what matches far, near, over itself and not at all. */
const mixtures = fc.array(
  fc.oneof(
    fc.constantFrom("ERROR ", "2026-11-21T10:00:0", "/var/log/app.log", "\u65e5\u5fd7", "0", "\n")
      .map(bytesOf),
    fc.record({ byte: fc.nat(255), times: fc.nat(3000) }).map(({ byte, times }) =>
      new Uint8Array(times).fill(byte)
    ),
    fc.uint8Array({ maxLength: 400 }),
    fc.record({ seed: fc.nat(), size: fc.nat(70_000) }).map(({ seed, size }) =>
      noiseOf(seed, size)
    ),
  ),
  { minLength: 1, maxLength: 60 },
).map((parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.subarray(0, 400_000);
});

function noiseOf(seed: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Math.imul(i + seed, 2654435761) >>> 21);
}

for (const [bits, codec] of [[3, "lz4"], [2, "snappy"]] as [number, BlockCodec][]) {
  Deno.test(`what packBlock() packs with ${codec} is unpacked again, and nothing else is touched`, () => {
    const memory = new BatchMemory(400_000, 1);
    const block = memory.take();
    fc.assert(
      fc.property(mixtures, fc.nat(100), (bytes, shift) => {
        const from = Math.min(shift, 400_000 - bytes.length);
        block.bytes.fill(0x55);
        block.bytes.set(bytes, from);
        const part = { address: block.address + from, size: bytes.length };
        const packed = packBlock(memory, codec, part, 61);
        assert.ok(packed.length - 61 <= packedBytesMax(bytes.length));
        assert.deepEqual(unpack(bits, packed.subarray(61), bytes.length), bytes);
        assert.deepEqual(block.bytes.subarray(from, from + bytes.length), bytes);
        assert.ok(block.bytes.subarray(0, from).every((byte) => byte === 0x55));
        assert.deepEqual(
          unpack(bits, storedBlock(codec, bytes, 3).subarray(3), bytes.length),
          bytes,
        );
      }),
      { numRuns: 150 },
    );
  });

  Deno.test(`${codec} makes lines a good deal smaller, and has room for blocks of every size`, () => {
    for (const size of [65_536, 65_537, 262_145, 1_048_577, 4_194_305, 9_000_000]) {
      const memory = new BatchMemory(size, 1);
      const block = memory.take();
      for (let at = 0, i = 0; at < size; i++) {
        const line = bytesOf(`2026-11-21 10:00:00 INFO request ${i} took ${(i * 7) % 991} ms\n`);
        block.bytes.set(line.subarray(0, size - at), at);
        at += line.length;
      }
      const packed = packBlock(memory, codec, { address: block.address, size }, 0).slice();
      assert.ok(packed.length < size / 2, `${packed.length} of ${size}`);
      assert.deepEqual(unpack(bits, packed, size), block.bytes.subarray(0, size));
      crypto.getRandomValues(block.bytes.subarray(0, 65_536));
      for (let at = 65_536; at < size; at += 65_536) {
        crypto.getRandomValues(block.bytes.subarray(at, Math.min(at + 65_536, size)));
      }
      const noise = packBlock(memory, codec, { address: block.address, size }, 0);
      assert.ok(noise.length <= packedBytesMax(size));
      assert.deepEqual(unpack(bits, noise, size), block.bytes.subarray(0, size));
    }
  });
}
