/**
 * LZ4 frames and snappy blocks as Kafka's consumers read them, packed in the memory that batches are written in
 * (wasm/pack.wat). What does not get smaller is stored as it is: both formats have a form for that, so nothing fails.
 *
 * An LZ4 frame has blocks of 4 MiB at most that know nothing of each other, no checksums but the one of its own head
 * (the batch has one over everything), and ends with a word of zeros. Snappy is one raw block, as librdkafka sends it.
 */
import type { BatchMemory } from "./batch_memory.ts";

export type BlockCodec = "lz4" | "snappy";

const LZ4_BLOCK_BYTES_MAX = 4 << 20;
/** Largest block, then the head of a frame with such blocks; the last byte is the checksum of the two before it. */
const LZ4_HEADS: readonly [number, readonly number[]][] = [
  [1 << 16, [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]],
  [1 << 18, [0x04, 0x22, 0x4d, 0x18, 0x60, 0x50, 0xfb]],
  [1 << 20, [0x04, 0x22, 0x4d, 0x18, 0x60, 0x60, 0x51]],
  [LZ4_BLOCK_BYTES_MAX, [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]],
];
const STORED = 0x80000000;

/** Most bytes that `size` bytes take when nothing of them can be packed. */
export function packedBytesMax(size: number): number {
  return size + 16 + 4 * Math.ceil(size / LZ4_BLOCK_BYTES_MAX);
}

/**
 * Packs `size` bytes at `address` of the memory into its scratch, behind `room` bytes that are left free for a header.
 * Returns header and packed bytes as a view that is valid until the scratch is used again.
 */
export function packBlock(
  memory: BatchMemory,
  codec: BlockCodec,
  part: { address: number; size: number },
  room: number,
): Uint8Array {
  const { scratch } = memory, { address, size } = part;
  const out = new Writer(scratch.bytes, room);
  writeBlock(out, codec, memory.bytes.subarray(address, address + size), (from, end) => {
    const to = scratch.address + out.at;
    const limit = to + (end - from);
    const behind = memory.pack(codec === "snappy", address + from, address + end, to, limit);
    return behind === 0 ? undefined : behind - to;
  });
  return scratch.bytes.subarray(0, out.at);
}

/** Bytes that are in no such memory, stored: for a line that no block holds. */
export function storedBlock(codec: BlockCodec, bytes: Uint8Array, room: number): Uint8Array {
  const out = new Writer(new Uint8Array(room + packedBytesMax(bytes.length)), room);
  writeBlock(out, codec, bytes, () => undefined);
  return out.bytes.subarray(0, out.at);
}

/**
 * Writes the bytes in the codec's form.
 * @param pack packs a range of them at the writer's place: the bytes that it took, undefined where that saves nothing
 */
function writeBlock(
  out: Writer,
  codec: BlockCodec,
  bytes: Uint8Array,
  pack: (from: number, end: number) => number | undefined,
): void {
  if (codec === "snappy") {
    out.varint(bytes.length);
    out.at += pack(0, bytes.length) ?? out.snappyLiteral(bytes);
    return;
  }
  out.lz4Head(bytes.length);
  for (let at = 0; at < bytes.length; at += LZ4_BLOCK_BYTES_MAX) {
    const end = Math.min(bytes.length, at + LZ4_BLOCK_BYTES_MAX);
    out.at += 4;
    const packed = pack(at, end);
    out.word(packed ?? ((end - at) | STORED), out.at - 4);
    out.at += packed ?? out.put(bytes.subarray(at, end));
  }
  out.word(0, out.at);
  out.at += 4;
}

/** Puts the parts of both formats at a place that moves on. */
class Writer {
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array, public at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  word(value: number, at: number): void {
    this.#view.setUint32(at, value >>> 0, true);
  }

  /** Copies bytes to the place, which stays: returns how many they are. */
  put(bytes: Uint8Array): number {
    this.bytes.set(bytes, this.at);
    return bytes.length;
  }

  varint(value: number): void {
    for (; value >= 128; value = Math.floor(value / 128)) this.bytes[this.at++] = value & 127 | 128;
    this.bytes[this.at++] = value;
  }

  lz4Head(size: number): void {
    const [, head] = LZ4_HEADS.find(([max]) => size <= max) ?? LZ4_HEADS.at(-1)!;
    this.at += this.put(Uint8Array.from(head));
  }

  /** A literal with its length in four bytes, at the place, which stays. */
  snappyLiteral(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    this.bytes[this.at] = 63 << 2;
    this.word(bytes.length - 1, this.at + 1);
    this.bytes.set(bytes, this.at + 5);
    return bytes.length + 5;
  }
}
