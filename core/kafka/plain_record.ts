/**
 * A record of a batch (format 2) written byte by byte, and the numbers in it. This is what the WebAssembly of
 * batch_memory.ts does, in plain words: it writes the records that are too large for that, and tests compare the two.
 */
import { HEADER } from "../record/headers.ts";

const encoder = new TextEncoder();

/** Names of the two headers that are in every record, with their lengths. */
export const OFFSET_NAME = headerName(HEADER.offset);
export const LENGTH_NAME = headerName(HEADER.length);

export interface PlainRecord {
  /** Offset delta in the batch. */
  delta: number;
  /** Key with its length. */
  key: Uint8Array;
  value: Uint8Array;
  /** Number of all headers, then the constant ones. */
  headers: Uint8Array;
  /** Of the line in its file. */
  offset: number;
  length: number;
}

/** Writes a record at `at`; returns the place behind it. The caller has room for it. */
export function putRecord(out: Uint8Array, at: number, record: PlainRecord): number {
  const { delta, key, value, headers, offset, length } = record;
  const offsetDigits = digitsOf(offset), lengthDigits = digitsOf(length);
  // attributes, timestamp delta, offset delta, key, value, headers
  const body = 2 + varintSize(delta) + key.length + varintSize(value.length) + value.length +
    headers.length + OFFSET_NAME.length + 1 + offsetDigits + LENGTH_NAME.length + 1 + lengthDigits;
  at = putVarint(out, at, body);
  out[at++] = 0;
  out[at++] = 0;
  at = putVarint(out, at, delta);
  at = put(out, at, key);
  at = putVarint(out, at, value.length);
  at = put(out, at, value);
  at = put(out, at, headers);
  at = put(out, at, OFFSET_NAME);
  at = putDecimal(out, at, offset, offsetDigits);
  at = put(out, at, LENGTH_NAME);
  return putDecimal(out, at, length, lengthDigits);
}

function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
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

export function varint(value: number): number[] {
  const out = new Uint8Array(8);
  return [...out.subarray(0, putVarint(out, 0, value))];
}

export function lengthAndText(text: string): number[] {
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
    const next = Math.floor(rest / 10);
    out[i] = 48 + rest - next * 10;
    rest = next;
  }
  return at + 1 + digits;
}
