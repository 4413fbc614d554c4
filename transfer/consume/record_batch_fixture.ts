/**
 * Makes Kafka record batches for tests, plainly and slowly, so that the reader is checked against
 * something else.
 */
import { crc32c } from "../../core/kafka/crc32c.ts";

export interface TestRecord {
  offset: number;
  timestampMs: number;
  key: string | null;
  value: string | Uint8Array | null;
  headers: [string | Uint8Array, string | Uint8Array | null][];
}

export interface BatchOptions {
  codec?: number;
  pack?: (records: Uint8Array) => Uint8Array;
  /** Bits of the attributes beside the codec's. */
  attributes?: number;
  producerId?: bigint;
}

const bytesOf = (text: string | Uint8Array) =>
  typeof text === "string" ? new TextEncoder().encode(text) : text;

function varint(value: number): number[] {
  let rest = value < 0 ? BigInt(-value) * 2n - 1n : BigInt(value) * 2n;
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

function sized(text: string | Uint8Array | null): number[] {
  if (text === null) return varint(-1);
  const bytes = bytesOf(text);
  return [...varint(bytes.length), ...bytes];
}

/** The bytes of one batch that holds the records; the first gives offset and time of the batch. */
export function batchBytes(records: readonly TestRecord[], options: BatchOptions = {}): Uint8Array {
  const [first] = records;
  const body: number[] = [];
  for (const record of records) {
    const inner = [
      0,
      ...varint(record.timestampMs - first.timestampMs),
      ...varint(record.offset - first.offset),
      ...sized(record.key),
      ...sized(record.value),
      ...varint(record.headers.length),
      ...record.headers.flatMap(([name, value]) => [...sized(name), ...sized(value)]),
    ];
    for (const byte of varint(inner.length)) body.push(byte);
    for (const byte of inner) body.push(byte); // too many for one call
  }
  const packed = options.pack?.(Uint8Array.from(body)) ?? Uint8Array.from(body);
  const bytes = new Uint8Array(61 + packed.length);
  bytes.set(packed, 61);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(first.offset));
  view.setInt32(8, bytes.length - 12);
  view.setInt8(16, 2);
  view.setInt16(21, (options.attributes ?? 0) | (options.codec ?? 0));
  view.setInt32(23, records[records.length - 1].offset - first.offset);
  view.setBigInt64(27, BigInt(first.timestampMs));
  view.setBigInt64(35, BigInt(Math.max(...records.map((record) => record.timestampMs))));
  view.setBigInt64(43, options.producerId ?? -1n);
  view.setInt16(51, -1);
  view.setInt32(53, -1);
  view.setInt32(57, records.length);
  view.setUint32(17, crc32c(bytes, 21));
  return bytes;
}
