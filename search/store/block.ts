/**
 * A block: some thousand lines in the order of their arrival, as text and as columns. The text is
 * the lines, each with a line feed behind it, so that one search goes over all of them; the columns
 * say of each line its time, its level and whether it goes on the event before it; runs say where
 * consecutive lines came from. Encoding and decoding are here, and how the place of a line in its
 * file follows from the runs.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { WeirError } from "../../core/errors.ts";

/** Set in a line's level where it goes on an event. */
export const CONTINUES = 0x80;
export const LEVEL_MASK = 0x7f;

/** Consecutive lines of one source. Short names: thousands of these are stored. */
export interface Run {
  /** Source, see sources.ts. */
  s: number;
  /** Lines. */
  n: number;
  /** File offset of the first line's start. */
  o: number;
  /** When the agent sent them, ms. */
  c: number;
  /** When they were stored, ms. */
  i: number;
  /**
   * Bytes that a line accounts for beyond its value: 1 for a line feed, 2 with a carriage return.
   */
  g: number;
  /**
   * Lines (counted in the run) that account for another number of bytes beyond their value: line,
   * bytes, …
   */
  x?: number[];
  /** Start and end in the file of the event that lines at the start of the run go on. */
  p?: [number, number];
  /** Partition and offset in Kafka of the first line; the others follow one by one. */
  k?: [number, number];
  /** Timestamp in Kafka of a record that no agent wrote: part of its uid. */
  f?: number;
}

/** The lines of a block, or the first lines of one that still grows. */
export interface BlockLines {
  /** Lines with a line feed behind each. */
  text: Uint8Array;
  /** Bytes of `text` that are used. */
  textBytes: number;
  lines: number;
  /** ms since 1970. */
  times: Float64Array;
  /** Level codes, CONTINUES set where the line goes on an event. */
  levels: Uint8Array;
  runs: readonly Run[];
  /**
   * Line starts in `text` and its end, where a value holds a line feed of its own; else undefined.
   */
  starts?: Int32Array | undefined;
}

/** The columns alone: what can be known without the text. */
export type BlockColumns = Omit<BlockLines, "text" | "textBytes">;

const ROOMS = [4096, 16_384, 163_840, 327_680, 655_360];

/** Room for a result, in few sizes: freed memory then fits the next one. */
function roomFor(size: number): number {
  return ROOMS.find((room) => room > size + 64) ?? size + 64;
}

export function compress(bytes: Uint8Array, level: number): Uint8Array {
  return zstdCompressSync(bytes, {
    chunkSize: roomFor(bytes.length >> 1),
    params: { [constants.ZSTD_c_compressionLevel]: level },
  });
}

/** Decompresses what is known to have `size` bytes. Throws STORE_DAMAGED. */
export function decompress(bytes: Uint8Array, size: number): Uint8Array {
  try {
    const result = zstdDecompressSync(bytes, { chunkSize: roomFor(size) });
    if (result.length === size) return result;
  } catch (cause) {
    throw damaged("a block does not decompress", cause);
  }
  throw damaged("a block has another length than noted");
}

export function damaged(what: string, cause?: unknown): WeirError {
  return new WeirError("STORE_DAMAGED", `Cannot read the store: ${what}`, {
    hint: "Move the data folder away; what is still in the log files is read again.",
    cause,
  });
}

/**
 * Columns of lines `from` to `to`, uncompressed: a JSON head of the runs, then the bytes of the
 * columns.
 */
export function encodeColumns(block: BlockLines, runs: readonly Run[], from = 0): Uint8Array {
  const lines = block.lines - from;
  const head = new TextEncoder().encode(JSON.stringify(runs));
  const room = 16 + head.length + lines * (10 + 1 + 5);
  const out = new Uint8Array(room);
  const view = new DataView(out.buffer);
  view.setUint32(0, head.length);
  view.setUint32(4, lines);
  view.setUint8(8, block.starts === undefined ? 0 : 1);
  out.set(head, 9);
  let at = 9 + head.length;
  out.set(block.levels.subarray(from, block.lines), at);
  at += lines;
  let last = 0;
  for (let i = from; i < block.lines; i++) {
    at = putSigned(out, at, block.times[i] - last);
    last = block.times[i];
  }
  if (block.starts !== undefined) {
    for (let i = from; i < block.lines; i++) {
      at = putSigned(out, at, block.starts[i + 1] - block.starts[i]);
    }
  }
  return out.subarray(0, at);
}

/** Throws STORE_DAMAGED where the bytes are no columns. */
export function decodeColumns(bytes: Uint8Array): BlockColumns {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headBytes = view.getUint32(0), lines = view.getUint32(4);
  if (9 + headBytes + lines > bytes.length) throw damaged("the columns of a block are cut");
  const runs = JSON.parse(new TextDecoder().decode(bytes.subarray(9, 9 + headBytes))) as Run[];
  let at = 9 + headBytes;
  const levels = bytes.subarray(at, at + lines);
  at += lines;
  const times = new Float64Array(lines);
  const reader = new SignedReader(bytes, at);
  for (let i = 0, last = 0; i < lines; i++) times[i] = last += reader.next();
  if (view.getUint8(8) === 0) return { lines, times, levels, runs };
  const starts = new Int32Array(lines + 1);
  for (let i = 0; i < lines; i++) starts[i + 1] = starts[i] + reader.next();
  return { lines, times, levels, runs, starts };
}

/** Writes a whole number of up to 53 bits, small ones in few bytes. */
export function putSigned(out: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest >= 0x80000000) {
    out[at++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    out[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

/** Reads what `putSigned` wrote. */
export class SignedReader {
  constructor(readonly bytes: Uint8Array, public at: number) {}

  next(): number {
    let byte = this.bytes[this.at++];
    let value = byte & 127, scale = 128;
    while (byte >= 128) {
      byte = this.bytes[this.at++];
      value += (byte & 127) * scale;
      scale *= 128;
    }
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }
}

/** Places of the line starts in the text, and its end. */
export function lineStarts(block: BlockLines): Int32Array {
  if (block.starts !== undefined) return block.starts;
  const starts = new Int32Array(block.lines + 1);
  const { text, textBytes } = block;
  let line = 0;
  for (let i = 0; i < textBytes; i++) if (text[i] === 10) starts[++line] = i + 1;
  return starts;
}

/** Where a line stands: its run, and its range in the file. */
export interface LinePlace {
  run: Run;
  start: number;
  end: number;
  /** Number of the line in its run. */
  index: number;
  /** Range of the first line of the event that this one goes on. */
  parent?: readonly [number, number];
}

/** Computes places of lines of one block; asking in ascending order costs least. */
export class Places {
  readonly #block: BlockColumns;
  readonly #starts: Int32Array;
  #run = 0;
  #runFirst = 0;
  #line = 0;
  #offset = 0;
  /** Next entry of the run's exceptions. */
  #x = 0;
  #event: readonly [number, number] | undefined;

  constructor(block: BlockColumns, starts: Int32Array) {
    this.#block = block;
    this.#starts = starts;
    this.#enter(0, 0);
  }

  #enter(run: number, firstLine: number): void {
    this.#run = run;
    this.#runFirst = firstLine;
    this.#line = firstLine;
    this.#x = 0;
    const it = this.#block.runs[run];
    this.#offset = it?.o ?? 0;
    this.#event = it?.p;
  }

  at(line: number): LinePlace {
    if (line < this.#line) this.#enter(0, 0);
    const runs = this.#block.runs;
    while (line >= this.#runFirst + runs[this.#run].n) {
      this.#enter(this.#run + 1, this.#runFirst + runs[this.#run].n);
    }
    const run = runs[this.#run];
    for (;;) {
      const start = this.#offset, index = this.#line - this.#runFirst;
      let extra = run.g;
      if (run.x !== undefined && run.x[this.#x] === index) extra = run.x[this.#x + 1];
      // The text holds a line feed behind each value.
      const end = start + this.#starts[this.#line + 1] - this.#starts[this.#line] - 1 + extra;
      const continues = (this.#block.levels[this.#line] & CONTINUES) !== 0;
      if (!continues) this.#event = [start, end];
      if (this.#line === line) {
        const place: LinePlace = { run, start, end, index };
        if (continues) place.parent = this.#event;
        return place;
      }
      if (run.x !== undefined && run.x[this.#x] === index) this.#x += 2;
      this.#offset = end;
      this.#line++;
    }
  }
}
