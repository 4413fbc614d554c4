/** LZ4 and snappy at their bounds: each field of a frame, each kind of length, and each fault by what it is called. */
import assert from "node:assert/strict";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";

const word = (value: number) => [value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24];
const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
const letters = (length: number) => Array.from({ length }, (_, i) => 97 + i % 26);

const MAGIC = [4, 0x22, 0x4d, 0x18], END = [0, 0, 0, 0];
const packed = (block: number[]) => [...word(block.length), ...block];
const stored = (block: number[]) => [...word((block.length | 0x80000000) >>> 0), ...block];

/** A frame with these flags: what follows them in its header, then blocks. */
function lz4(blocks: number[], { flags = 0x60, size = 0x40, more = [] as number[] } = {}) {
  return Uint8Array.from([...MAGIC, flags, size, ...more, 0x82, ...blocks, ...END]);
}

const lz4Text = (blocks: number[], header = {}, bytesMax = 1000) =>
  text(unpackLz4(lz4(blocks, header), bytesMax));

function fails(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error: Error) => error instanceof RangeError && message.test(error.message));
}

Deno.test("unpackLz4() reads past a content size and the blocks' checksums", () => {
  const a = stored([97, 98]), b = packed([0x10, 99]), sum = [1, 2, 3, 4];
  assert.equal(lz4Text([...a, ...b]), "abc");
  assert.equal(lz4Text([...a, ...b], { flags: 0x68, more: [3, 0, 0, 0, 0, 0, 0, 0] }), "abc");
  assert.equal(lz4Text([...a, ...sum, ...b, ...sum], { flags: 0x70 }), "abc");
  assert.equal(lz4Text([...a, ...b], { flags: 0x44 }), "abc", "blocks that depend, a checksum");
  assert.equal(lz4Text([]), "");
});

Deno.test("unpackLz4() refuses what is no frame, another version, and a dictionary", () => {
  const wrong = lz4([]);
  wrong[3] ^= 1;
  fails(() => unpackLz4(wrong, 9), /no frame/);
  fails(() => lz4Text([], { flags: 0x20 }), /unknown version/);
  fails(() => lz4Text([], { flags: 0xa0 }), /unknown version/);
  fails(() => lz4Text([], { flags: 0xe0 }), /unknown version/);
  fails(() => lz4Text([], { flags: 0x61, more: [0, 0, 0, 0] }), /dictionaries/);
  fails(() => unpackLz4(lz4([]).subarray(0, 7), 9), /./);
});

Deno.test("unpackLz4() takes a block as large as its frame allows, and none that is larger or cut", () => {
  const most = letters(65_536);
  assert.equal(unpackLz4(lz4(stored(most)), 65_536).length, 65_536);
  fails(() => unpackLz4(lz4(stored([...most, 1])), 1e6), /block beyond/);
  assert.equal(unpackLz4(lz4(stored([...most, 1]), { size: 0x50 }), 1e6).length, 65_537);
  fails(() => unpackLz4(lz4(stored([1, 2, 3])).subarray(0, -5), 9), /block beyond/);
  fails(() => unpackLz4(lz4(stored([1, 2, 3])).subarray(0, -4), 9), /^(?!.*block beyond)/);
});

Deno.test("unpackLz4() reads lengths of one byte and of many", () => {
  for (const length of [14, 15, 16, 269, 270, 271, 525]) {
    const rest = length - 15;
    const more = rest < 0 ? [] : [...Array(Math.floor(rest / 255)).fill(255), rest % 255];
    const block = [Math.min(15, length) << 4, ...more, ...letters(length)];
    assert.equal(lz4Text(packed(block)), text(Uint8Array.from(letters(length))), `${length}`);
    // The same as the length of a match, which is four longer.
    const match = [0x10 | Math.min(15, length), 120, 1, 0, ...more, 0x10, 121];
    assert.equal(lz4Text(packed(match)), `${"x".repeat(length + 5)}y`, `${length}`);
  }
});

Deno.test("unpackLz4() copies from as far back as there is something, by both bytes of the offset", () => {
  assert.equal(lz4Text(packed([0x20, 97, 98, 2, 0])), "ababab");
  const block = [0xf0, 255, 45, ...letters(315), 300 & 255, 300 >> 8];
  assert.equal(lz4Text(packed(block)).slice(315), lz4Text(packed(block)).slice(15, 19));
  fails(() => lz4Text(packed([0x10, 97, 0, 0])), /copy outside/);
  fails(() => lz4Text(packed([0x10, 97, 2, 0])), /copy outside/);
});

Deno.test("unpackLz4() says where a block ends too early", () => {
  fails(() => lz4Text(packed([0xf0])), /length beyond/);
  fails(() => lz4Text(packed([0xf0, 255])), /length beyond/);
  fails(() => lz4Text(packed([0x20, 97])), /literal beyond/);
  fails(() => lz4Text(packed([0x10, 97, 1])), /offset beyond/);
  fails(() => lz4Text(packed([0x1f, 97, 1, 0])), /length beyond/);
});

Deno.test("unpackLz4() gives as many bytes as it may and none more, however its memory grows", () => {
  assert.equal(lz4Text(stored([97, 98, 99]), {}, 3), "abc");
  fails(() => lz4Text(stored([97, 98, 99]), {}, 2), /more than 2 bytes/);
  assert.equal(lz4Text(packed([0x10, 97, 1, 0]), {}, 5), "aaaaa");
  fails(() => lz4Text(packed([0x10, 97, 1, 0]), {}, 4), /more than 4 bytes/);
  const long = [0x1f, 97, 1, 0, ...Array(1000).fill(255), 0, 0x10, 98];
  const wanted = 1 + 19 + 255_000 + 1;
  assert.equal(lz4Text(packed(long), {}, wanted), `${"a".repeat(wanted - 1)}b`);
  fails(() => lz4Text(packed(long), {}, wanted - 1), /more than/);
});

const SNAPPY = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1];
const framed = (...blocks: number[][]) =>
  Uint8Array.from([...SNAPPY, ...blocks.flatMap((one) => [0, 0, 0, one.length, ...one])]);
const snappyText = (block: number[], bytesMax = 1000) =>
  text(unpackSnappy(Uint8Array.from(block), bytesMax));
const literal = (bytes: number[]) => [(bytes.length - 1) << 2, ...bytes];

Deno.test("unpackSnappy() reads a length of one to five bytes, and none that is longer", () => {
  assert.equal(snappyText([0]), "");
  assert.equal(snappyText([3, ...literal([97, 98, 99])]), "abc");
  assert.equal(snappyText([0x83, 0x80, 0x80, 0x80, 0, ...literal([97, 98, 99])]), "abc");
  fails(() => snappyText([]), /no length/);
  fails(() => snappyText([0x80]), /no length/);
  fails(() => snappyText([0x83, 0x80, 0x80, 0x80, 0x80, 0, ...literal([97, 98, 99])]), /no length/);
  const many = [...literal(letters(60)), ...literal(letters(60)), ...literal(letters(8))];
  assert.equal(snappyText([0x80, 1, ...many]).length, 128);
});

Deno.test("unpackSnappy() reads literals with their length in the tag, and in one to three bytes behind it", () => {
  for (const length of [1, 60, 61, 256, 257, 65_536, 65_537]) {
    const less = length - 1, bytes = letters(length);
    const tag = length <= 60
      ? [less << 2]
      : less < 256
      ? [60 << 2, less]
      : less < 65_536
      ? [61 << 2, less & 255, less >> 8]
      : [62 << 2, less & 255, less >> 8 & 255, less >> 16];
    const size = [length & 127 | 128, length >> 7 & 127 | 128, length >> 14];
    const found = snappyText([...size, ...tag, ...bytes], 70_000);
    assert.equal(found, text(Uint8Array.from(bytes)), `${length}`);
  }
});

Deno.test("unpackSnappy() copies by offsets of each kind, all of whose bytes count", () => {
  const far = 2 ** 24 + 2 ** 16 + 2 ** 8 + 1, all = new Uint8Array(far + 20);
  // A literal of `far` bytes with a mark at each place that is copied from, then copies of four bytes.
  const size = far + 16;
  const varint = [0, 7, 14, 21].map((shift) => size >> shift & 127 | (shift < 21 ? 128 : 0));
  const head = [...varint, 62 << 2, far - 1 & 255, far - 1 >> 8 & 255, far - 1 >> 16 & 255];
  const longer = [...varint, 63 << 2, ...word(far - 1)];
  assert(head.length < longer.length);
  const copies = [
    [3 << 2 | 3, ...word(far)],
    [3 << 2 | 3, ...word(2 ** 16 + 300)],
    [3 << 2 | 2, 44, 1],
    [1 | 1 << 5, 46],
  ];
  const source = new Uint8Array(longer.length + far + copies.flat().length);
  for (let i = 0; i < far; i++) all[i] = i * 2654435761 >>> 13;
  source.set(longer);
  source.set(all.subarray(0, far), longer.length);
  source.set(copies.flat(), longer.length + far);
  let at = far;
  for (const back of [far, 2 ** 16 + 300, 300, 302]) {
    for (let i = 0; i < 4; i++, at++) all[at] = all[at - back];
  }
  const found = unpackSnappy(source, size);
  assert.equal(found.length, size);
  assert.deepEqual(found.subarray(-16), all.subarray(far, size));
});

Deno.test("unpackSnappy() refuses copies and literals outside of what there is", () => {
  const start = literal([97, 98]);
  assert.equal(snappyText([6, ...start, 1, 2]), "ababab");
  fails(() => snappyText([6, ...start, 1, 0]), /copy outside/);
  fails(() => snappyText([6, ...start, 1, 3]), /copy outside/);
  fails(() => snappyText([5, ...start, 1, 2]), /copy outside/);
  fails(() => snappyText([7, ...start, 1, 2]), /ends early/);
  fails(() => snappyText([3, 2 << 2, 97, 98]), /literal beyond/);
  fails(() => snappyText([1, ...start]), /literal beyond/);
  fails(() => snappyText([2, ...literal([97]), ...start]), /literal beyond/);
  fails(() => snappyText([3, ...start], 2), /too many/);
  assert.equal(snappyText([2, ...start], 2), "ab");
});

Deno.test("unpackSnappy() joins the blocks of a frame in order, bounded together", () => {
  const a = [2, ...literal([97, 98])], b = [3, ...literal([99, 100, 101])];
  assert.equal(text(unpackSnappy(framed(a, b, a), 7)), "abcdeab");
  fails(() => unpackSnappy(framed(a, b, a), 6), /too many/);
  assert.equal(text(unpackSnappy(framed(b), 3)), "cde");
  assert.equal(unpackSnappy(framed(), 3).length, 0);
  fails(() => unpackSnappy(framed(a, b).subarray(0, -1), 9), /block beyond/);
  const negative = framed(a);
  negative[16] = 128;
  fails(() => unpackSnappy(negative, 9), /block beyond/);
  const odd = framed(a);
  odd[0] = 6;
  fails(() => unpackSnappy(odd, 9), /./);
});
