/**
 * Writes Kafka record batches (format 2) straight from the bytes of a file: no object, no string a line. The layout
 * is that of the protocol page, https://kafka.apache.org/documentation/#recordbatch. One builder serves one partition
 * and is used again for the next batch once the last one is acknowledged.
 */
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { LineChunk } from "../ports/line_sink.ts";
import { HEADER, RECORD_VERSION } from "../record/headers.ts";
import { dayOf } from "../record/identity.ts";
import { crc32c } from "./crc32c.ts";

export type Codec = "none" | "gzip" | "zstd";

const CODEC_BITS: Record<Codec, number> = { none: 0, gzip: 1, zstd: 4 };
const BATCH_HEADER_BYTES = 61;
/** More than the fixed parts of any record beside its value and its prefix. */
const RECORD_OVERHEAD_BYTES = 96;
const encoder = new TextEncoder();
const OFFSET_NAME = headerName(HEADER.offset);
const LENGTH_NAME = headerName(HEADER.length);

/** Headers that are the same for all lines of a chunk, ready to be copied into each record. */
export interface RecordPrefix {
  /** Key with its length. */
  key: Uint8Array;
  /** Number of all headers, then the constant ones. */
  headers: Uint8Array;
}

/** The constant part of the records of a chunk that is sent in a batch stamped `timestampMs`. */
export function recordPrefix(chunk: LineChunk, timestampMs: number): RecordPrefix {
  const constant: [string, string][] = [
    [HEADER.version, RECORD_VERSION],
    [HEADER.host, chunk.host],
    [HEADER.path, chunk.path],
  ];
  if (chunk.day !== dayOf(timestampMs)) constant.push([HEADER.day, chunk.day]);
  if (chunk.tz !== "UTC") constant.push([HEADER.tz, chunk.tz]);
  for (const entry of Object.entries(chunk.fields ?? {})) constant.push(entry);
  const parts: number[] = [...varint(constant.length + 2)];
  for (const [name, value] of constant) parts.push(...headerName(name), ...lengthAndText(value));
  return { key: Uint8Array.from(lengthAndText(chunk.generation)), headers: Uint8Array.from(parts) };
}

/** A batch being filled. Capacity is fixed: a line that does not fit goes into the next one. */
export class RecordBatchBuilder {
  #bytes: Uint8Array;
  #at = BATCH_HEADER_BYTES;
  #records = 0;
  #timestampMs = 0;

  /** `bytesMax`: bytes of a batch before compression, 64 KiB and more. */
  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
  }

  get records(): number {
    return this.#records;
  }
  get timestampMs(): number {
    return this.#timestampMs;
  }
  /** Bytes so far, before compression. */
  get size(): number {
    return this.#at;
  }

  /** Empties the builder for a batch stamped with this time. */
  begin(timestampMs: number): void {
    this.#at = BATCH_HEADER_BYTES;
    this.#records = 0;
    this.#timestampMs = timestampMs;
  }

  /**
   * Appends lines `from`… of the chunk while they fit, `linesMax` at most; returns the index of the first that was not
   * appended. An empty builder grows for a line that is larger than its capacity.
   */
  append(chunk: LineChunk, prefix: RecordPrefix, from: number, linesMax = chunk.lines): number {
    const { bytes: source, marks } = chunk;
    const { key, headers } = prefix;
    const fixed = key.length + headers.length + RECORD_OVERHEAD_BYTES;
    const end = Math.min(chunk.lines, from + linesMax);
    let line = from;
    for (; line < end; line++) {
      const m = line * 3;
      const valueStart = marks[m], valueEnd = marks[m + 1];
      const size = valueEnd - valueStart;
      if (this.#at + size + fixed > this.#bytes.length) {
        if (this.#records > 0) break;
        this.#bytes = new Uint8Array(size + fixed + BATCH_HEADER_BYTES);
      }
      const lineStart = line === 0 ? 0 : marks[m - 1];
      this.#record(
        source,
        valueStart,
        size,
        key,
        headers,
        chunk.start + lineStart,
        marks[m + 2] - lineStart,
      );
    }
    return line;
  }

  #record(
    source: Uint8Array,
    valueStart: number,
    size: number,
    key: Uint8Array,
    headers: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const out = this.#bytes;
    const offsetDigits = digitsOf(offset), lengthDigits = digitsOf(length);
    // attributes, timestamp delta, offset delta, key, value, headers
    const body = 2 + varintSize(this.#records) + key.length + varintSize(size) + size +
      headers.length +
      OFFSET_NAME.length + 1 + offsetDigits + LENGTH_NAME.length + 1 + lengthDigits;
    let at = putVarint(out, this.#at, body);
    out[at++] = 0;
    out[at++] = 0;
    at = putVarint(out, at, this.#records);
    at = copy(out, at, key, 0, key.length);
    at = putVarint(out, at, size);
    at = copy(out, at, source, valueStart, size);
    at = copy(out, at, headers, 0, headers.length);
    at = copy(out, at, OFFSET_NAME, 0, OFFSET_NAME.length);
    at = putDecimal(out, at, offset, offsetDigits);
    at = copy(out, at, LENGTH_NAME, 0, LENGTH_NAME.length);
    at = putDecimal(out, at, length, lengthDigits);
    this.#at = at;
    this.#records++;
  }

  /**
   * The finished batch. It may be a view of the builder's own memory: use it before the next `begin`.
   * @param level compression level of zstd or gzip
   */
  finish(codec: Codec, level: number): Uint8Array {
    let bytes = this.#bytes, end = this.#at;
    if (codec !== "none") {
      const packed = compress(this.#bytes.subarray(BATCH_HEADER_BYTES, this.#at), codec, level);
      bytes = new Uint8Array(BATCH_HEADER_BYTES + packed.length);
      bytes.set(packed, BATCH_HEADER_BYTES);
      end = bytes.length;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, end);
    view.setBigInt64(0, 0n);
    view.setInt32(8, end - 12);
    view.setInt32(12, -1);
    view.setInt8(16, 2);
    view.setInt16(21, CODEC_BITS[codec]);
    view.setInt32(23, this.#records - 1);
    view.setBigInt64(27, BigInt(this.#timestampMs));
    view.setBigInt64(35, BigInt(this.#timestampMs));
    view.setBigInt64(43, -1n);
    view.setInt16(51, -1);
    view.setInt32(53, -1);
    view.setInt32(57, this.#records);
    view.setUint32(17, crc32c(bytes, 21, end));
    return bytes.subarray(0, end);
  }
}

function compress(bytes: Uint8Array, codec: Codec, level: number): Uint8Array {
  if (codec === "gzip") return gzipSync(bytes, { level: Math.min(level, 9) });
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/** Copies short runs in a loop and long ones as a block: the call costs more than 48 bytes do. */
function copy(out: Uint8Array, at: number, from: Uint8Array, start: number, size: number): number {
  if (size > 48) out.set(from.subarray(start, start + size), at);
  else for (let i = 0; i < size; i++) out[at + i] = from[start + i];
  return at + size;
}

/** Writes a zigzag varint of a number that is 0 or more. */
function putVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value * 2;
  while (rest > 127) {
    out[at++] = (rest & 127) | 128;
    rest = Math.floor(rest / 128);
  }
  out[at++] = rest;
  return at;
}

function varintSize(value: number): number {
  return value < 64 ? 1 : value < 8192 ? 2 : value < 1048576 ? 3 : value < 134217728 ? 4 : 5;
}

function varint(value: number): number[] {
  const out = new Uint8Array(8);
  return [...out.subarray(0, putVarint(out, 0, value))];
}

function lengthAndText(text: string): number[] {
  const bytes = encoder.encode(text);
  return [...varint(bytes.length), ...bytes];
}

function headerName(name: string): Uint8Array {
  return Uint8Array.from(lengthAndText(name));
}

/** Decimal digits of a whole number, 0 or more, below 2^53. */
function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}

/** Writes the length of the digits (always below 64) and the digits. */
function putDecimal(out: Uint8Array, at: number, value: number, digits: number): number {
  out[at] = digits * 2;
  let rest = value;
  for (let i = at + digits; i > at; i--) {
    const next = rest < 2147483648 ? (rest / 10) | 0 : Math.floor(rest / 10);
    out[i] = 48 + rest - next * 10;
    rest = next;
  }
  return at + 1 + digits;
}
