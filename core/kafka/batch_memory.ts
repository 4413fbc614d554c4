/**
 * The memory in which record batches are written, and the WebAssembly that writes them (wasm/batch.wat). It has a fixed
 * size: views of it stay valid for ever, and what was never used takes no memory of the host. Blocks are handed out and
 * come back; there are as many as batches may be held at once.
 */
import { Buffer } from "node:buffer";
import { assert } from "../errors.ts";
import { CRC32C_TABLES } from "./crc32c.ts";
import { BINARY } from "./wasm/batch_module.ts";
import { BINARY as PACK_BINARY } from "./wasm/pack_module.ts";

interface Module {
  crc32c(from: number, to: number, seed: number): number;
  append(): number;
}

interface PackModule {
  pack(
    snappy: number,
    from: number,
    end: number,
    out: number,
    outEnd: number,
    table: number,
  ): number;
}

/** A part of the memory that holds one batch. */
export interface Block {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** What `append` needs; addresses are places in this memory. */
export interface AppendWork {
  /** Address that marks count from: may be outside the memory, the lines themselves are inside. */
  bytes: number;
  /** Lines whose marks are staged. */
  lines: number;
  out: number;
  outEnd: number;
  firstDelta: number;
  keySize: number;
  headersSize: number;
  tailSize: number;
  /** End of what the line before the first accounts for. */
  before: number;
  /** File offset that the marks count from. */
  start: number;
}

const PAGE = 65_536;
const SHIFT_TABLE = 8192;
const PARAMETERS = 12_288;
/** Key, headers and the last header's name of a record. */
const PREFIX = 16_384;
/** Longest prefix that is written here: what is longer goes the plain way. */
export const PREFIX_BYTES_MAX = 32_768;
const MARKS = PREFIX + PREFIX_BYTES_MAX + 1024;
/** Lines that are staged at once. */
export const STAGED_LINES_MAX = 4096;
const STAGE = MARKS + STAGED_LINES_MAX * 12;
/** A lane of the checksum, as in the .wat. */
const LANE_BYTES = 2048;
/** The copies write and read up to 31 bytes too much. */
const SLACK_BYTES = 64;
/** What a packed batch may be larger than its records: headers, and words in front of its parts. */
const SCRATCH_EXTRA_BYTES = 256;
const PACK_TABLE_BYTES = 16_384;

let compiled: WebAssembly.Module | undefined;
let packCompiled: WebAssembly.Module | undefined;

export class BatchMemory {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Everything. */
  readonly bytes: Uint8Array;
  /** Where a batch is packed, larger than a block; the place of lines that are staged, which it spoils. */
  readonly scratch: Block;
  readonly #memory: WebAssembly.Memory;
  readonly #module: Module;
  #packer: PackModule | undefined;
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #free: Block[] = [];
  #buffersAt: number;
  readonly #buffersEnd: number;

  /**
   * `blockBytes`: 64 KiB and more; `blocks`: batches that are held at once, 1 and more; `bufferBytes`: room for buffers
   * that lines are read into.
   */
  constructor(blockBytes: number, blocks: number, bufferBytes = 0) {
    this.blockBytes = blockBytes;
    const blockSize = (blockBytes + SLACK_BYTES + 63) & ~63;
    const scratchBytes = blockSize + SCRATCH_EXTRA_BYTES;
    const first = STAGE + scratchBytes + PACK_TABLE_BYTES;
    this.#buffersAt = first + blocks * blockSize;
    this.#buffersEnd = this.#buffersAt + bufferBytes;
    const pages = Math.ceil((this.#buffersEnd + SLACK_BYTES) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.scratch = { address: STAGE, bytes: this.bytes.subarray(STAGE, STAGE + scratchBytes) };
    this.#words = new Int32Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#words.set(CRC32C_TABLES);
    this.#words.set(shiftTables(), SHIFT_TABLE >> 2);
    compiled ??= new WebAssembly.Module(Buffer.from(BINARY, "base64"));
    const instance = new WebAssembly.Instance(compiled, { env: { memory } });
    this.#module = instance.exports as unknown as Module;
    for (let i = blocks - 1; i >= 0; i--) {
      const address = first + i * blockSize;
      this.#free.push({ address, bytes: this.bytes.subarray(address, address + blockBytes) });
    }
  }

  /** Blocks that are free. */
  get free(): number {
    return this.#free.length;
  }

  /** A free block. The caller knows how many there are: with none left it throws. */
  take(): Block {
    const block = this.#free.pop();
    assert(block !== undefined, "as many blocks as batches are held at once");
    return block;
  }

  give(block: Block): void {
    this.#free.push(block);
  }

  /** A buffer for lines that are sent from where they are; undefined where there is no room. It is never given back. */
  buffer(bytes: number): Uint8Array | undefined {
    const address = this.#buffersAt, end = address + ((bytes + 63) & ~63);
    if (end > this.#buffersEnd) return undefined;
    this.#buffersAt = end;
    return this.bytes.subarray(address, address + bytes);
  }

  /** CRC-32C of a part of this memory. */
  crc32c(address: number, size: number, seed = 0): number {
    return this.#module.crc32c(address, address + size, seed) >>> 0;
  }

  /**
   * Packs [from, end) to `out` as an LZ4 block or as the parts of a snappy block behind its length; the place behind
   * it, or 0 where it takes more than up to `outEnd`.
   */
  pack(snappy: boolean, from: number, end: number, out: number, outEnd: number): number {
    this.#packer ??= this.#openPacker();
    const table = STAGE + this.scratch.bytes.length;
    return this.#packer.pack(Number(snappy), from, end, out, outEnd, table);
  }

  /** Made when it is first needed: with other codecs never. */
  #openPacker(): PackModule {
    packCompiled ??= new WebAssembly.Module(Buffer.from(PACK_BINARY, "base64"));
    const instance = new WebAssembly.Instance(packCompiled, { env: { memory: this.#memory } });
    return instance.exports as unknown as PackModule;
  }

  /** Address of the bytes of lines, which are copied here where they are elsewhere. At most `blockBytes`. */
  stageBytes(bytes: Uint8Array): number {
    if (bytes.buffer === this.bytes.buffer) return bytes.byteOffset;
    this.bytes.set(bytes, STAGE);
    return STAGE;
  }

  /** Copies the marks of at most STAGED_LINES_MAX lines here. */
  stageMarks(marks: Int32Array): void {
    this.#words.set(marks, MARKS >> 2);
  }

  /** Copies what every record of a chunk begins and ends with here. At most PREFIX_BYTES_MAX together. */
  stagePrefix(key: Uint8Array, headers: Uint8Array, tail: Uint8Array): void {
    this.bytes.set(key, PREFIX);
    this.bytes.set(headers, PREFIX + key.length);
    this.bytes.set(tail, PREFIX + key.length + headers.length);
  }

  /** Writes staged lines as records while they fit. Returns how many, and the place behind the last. */
  append(work: AppendWork): { lines: number; out: number } {
    const words = this.#words, p = PARAMETERS >> 2;
    words[p] = MARKS;
    words[p + 1] = work.lines;
    words[p + 2] = work.bytes;
    words[p + 3] = work.out;
    words[p + 4] = work.outEnd;
    words[p + 5] = work.firstDelta;
    words[p + 6] = PREFIX;
    words[p + 7] = work.keySize;
    words[p + 8] = PREFIX + work.keySize;
    words[p + 9] = work.headersSize;
    words[p + 10] = PREFIX + work.keySize + work.headersSize;
    words[p + 11] = work.tailSize;
    words[p + 12] = work.before;
    this.#view.setUint32(PARAMETERS + 56, work.start % 4294967296, true);
    this.#view.setUint32(PARAMETERS + 60, Math.floor(work.start / 4294967296), true);
    const lines = this.#module.append();
    return { lines, out: words[p + 3] };
  }
}

/** Tables that move a CRC over LANE_BYTES bytes of zeros, a byte of it at a time: moving is linear over xor. */
function shiftTables(): Int32Array {
  const tables = new Int32Array(4 * 256);
  for (let t = 0; t < 4; t++) {
    for (let bit = 0; bit < 8; bit++) {
      let crc = 1 << (t * 8 + bit);
      for (let i = 0; i < LANE_BYTES; i++) crc = CRC32C_TABLES[crc & 255] ^ (crc >>> 8);
      tables[t * 256 + (1 << bit)] = crc;
    }
    for (let value = 1; value < 256; value++) {
      const low = value & -value;
      if (low !== value) {
        tables[t * 256 + value] = tables[t * 256 + low] ^ tables[t * 256 + (value ^ low)];
      }
    }
  }
  return tables;
}
