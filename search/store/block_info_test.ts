import assert from "node:assert/strict";
import { type BlockNumbers, BlockPacker, MINUTES_KEPT } from "./block_info.ts";

const numbers = (id: number): BlockNumbers => ({
  id,
  firstMs: 1,
  lastMs: 2,
  lines: 3,
  firstSeq: 4,
  rawBytes: 5,
  textBytes: 6,
  columnBytes: 7,
  storedBytes: 8,
  ingestedMs: 9,
  sources: [10],
  joined: false,
});

Deno.test("BlockPacker gives back what was packed, over many segments, and leaves long minutes out", () => {
  const packer = new BlockPacker();
  const packed = Array.from({ length: 2000 }, (_, i) => {
    const levels = Uint32Array.from({ length: 8 }, (_, level) => i * 1000 + level);
    const minutes = new Uint8Array(i % (MINUTES_KEPT + 40)).fill(i % 251);
    return packer.pack(numbers(i), new Uint8Array(levels.buffer), minutes);
  });
  packed.forEach((info, i) => {
    assert.equal(info.id, i);
    assert.deepEqual([info.levels[0], info.levels[7]], [i * 1000, i * 1000 + 7]);
    const length = i % (MINUTES_KEPT + 40);
    if (length === 0 || length > MINUTES_KEPT) assert.equal(info.minutes, undefined);
    else assert.deepEqual(info.minutes, new Uint8Array(length).fill(i % 251));
  });
  assert.deepEqual({ ...packed[7] }, numbers(7));
});
