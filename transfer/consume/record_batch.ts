/**
 * Reads Kafka record batches (format 2) from the bytes of a fetch answer, without an object a
 * record: a cursor walks over them. Every length is checked against the batch's own bounds; what
 * cannot be read is reported as one damaged batch with its offsets, so that the reader can go on
 * behind it. Older formats are not served by brokers since 4.0.
 * https://kafka.apache.org/documentation/#recordbatch
 */
import { crc32c } from "../../core/kafka/crc32c.ts";
import { CODEC_NAMES, unpack } from "./codecs/unpack.ts";

const HEADER_BYTES = 61;
const RECORD_BYTES_MIN = 7;
/** The last millisecond of the year 9999: later times are no times. */
const TIME_MAX = 253_402_300_799_999;

/** One batch: where it lies, and how its records are reached. */
export interface RecordBatch {
  firstOffset: number;
  lastOffset: number;
  /** Number of records, as the batch says. */
  count: number;
  control: boolean;
  transactional: boolean;
  /** Its transaction was aborted, as the fetch says that it came with. */
  aborted?: boolean;
  producerId: string;
  firstTimestamp: number;
  maxTimestamp: number;
  /** True where the broker stamped the time of arrival on all records. */
  appendTime: boolean;
  codec: number;
  /** The whole batch as it came. */
  raw: Uint8Array;
  /** Why its records cannot be read; its offsets are as far as can be known. */
  fault?: string;
}

/** False for what nobody is to read: ends of transactions, and those that were aborted. */
export function isForReaders({ control, aborted }: RecordBatch): boolean {
  return !control && aborted !== true;
}

/**
 * The whole batches in `bytes`; the rest at the end of a fetch that was cut is left out. Throws
 * RangeError where the bytes are no batches of format 2, or the checksum does not fit.
 * @param passes asked where a checksum does not fit: true takes the batch with its fault, false ends
 * before it. @default it throws
 */
export function readBatches(
  bytes: Uint8Array,
  passes?: (firstOffset: number) => boolean,
): RecordBatch[] {
  const batches: RecordBatch[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const length = view.getInt32(at + 8), end = at + 12 + length;
    if (view.getInt8(at + 16) !== 2) throw new RangeError("a record batch of an old format");
    if (length < HEADER_BYTES - 12) throw new RangeError("a record batch without a length");
    if (end > bytes.length) break;
    if (crc32c(bytes, at + 21, end) !== view.getUint32(at + 17)) {
      if (passes === undefined) throw new RangeError(NO_CHECKSUM);
      const first = Number(view.getBigInt64(at));
      if (!passes(first)) break;
      batches.push(damagedBatch(first, bytes.subarray(at, end), nextOffset(view, end)));
      at = end;
      continue;
    }
    const attributes = view.getInt16(at + 21);
    const firstOffset = Number(view.getBigInt64(at));
    batches.push({
      firstOffset,
      lastOffset: firstOffset + view.getInt32(at + 23),
      count: view.getInt32(at + 57),
      control: (attributes & 32) !== 0,
      transactional: (attributes & 16) !== 0,
      appendTime: (attributes & 8) !== 0,
      codec: attributes & 7,
      firstTimestamp: Number(view.getBigInt64(at + 27)),
      maxTimestamp: Number(view.getBigInt64(at + 35)),
      producerId: String(view.getBigInt64(at + 43)),
      raw: bytes.subarray(at, end),
    });
    at = end;
  }
  return batches;
}

const NO_CHECKSUM = "a record batch whose checksum does not fit";

/** First offset of the batch at this place; -1 where none is there. */
function nextOffset(view: DataView, at: number): number {
  return at + HEADER_BYTES <= view.byteLength ? Number(view.getBigInt64(at)) : -1;
}

/** Of its header only what the checksum does not cover is believed, and never that it has many records. */
function damagedBatch(firstOffset: number, raw: Uint8Array, next: number): RecordBatch {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length), said = view.getInt32(23);
  const delta = next > firstOffset
    ? next - 1 - firstOffset
    : said >= 0 && said < raw.length / RECORD_BYTES_MIN
    ? said
    : 0;
  return {
    ...{ firstOffset, lastOffset: firstOffset + delta, count: 0, codec: 0, producerId: "-1" },
    ...{ control: false, transactional: false, appendTime: false },
    ...{ firstTimestamp: 0, maxTimestamp: 0, raw, fault: NO_CHECKSUM },
  };
}

/**
 * A batch's records, one after the other. The fields describe the record that `next` stopped at.
 */
export class RecordCursor {
  /** The unpacked records; key, value and headers are ranges of these bytes. */
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly view: DataView;
  offset = 0;
  /** Milliseconds since 1970, 0 to the year 9999. */
  timestampMs = 0;
  /** -1 for null. */
  keyStart = -1;
  keyEnd = -1;
  /** -1 for null. */
  valueStart = -1;
  valueEnd = -1;
  headerCount = 0;
  headersStart = 0;
  recordEnd = 0;
  readonly #batch: RecordBatch;
  #at = 0;
  #left: number;

  /** Unpacks the batch. Throws where it has a fault, or that is impossible, with the codec's name. */
  constructor(batch: RecordBatch, unpackedBytesMax: number) {
    if (batch.fault !== undefined) throw new RangeError(batch.fault);
    this.#batch = batch;
    this.#left = batch.count;
    try {
      this.bytes = unpack(batch.codec, batch.raw.subarray(HEADER_BYTES), unpackedBytesMax);
    } catch (error) {
      const name = CODEC_NAMES[batch.codec] ?? String(batch.codec);
      throw new RangeError(`cannot unpack ${name}: ${(error as Error).message}`);
    }
    const { buffer, byteOffset, byteLength } = this.bytes;
    this.view = new DataView(buffer, byteOffset, byteLength);
  }

  /**
   * Goes to the next record; false behind the last. Throws RangeError where the record is damaged.
   */
  next(): boolean {
    if (this.#left <= 0) return false;
    this.#left--;
    const size = this.varint(), start = this.#at, end = start + size;
    if (size < 6 || end > this.bytes.length) throw new RangeError("a record beyond its batch");
    this.#at++; // attributes, unused by the format
    const delta = this.#varlong();
    const { appendTime, maxTimestamp, firstTimestamp, firstOffset } = this.#batch;
    const time = appendTime ? maxTimestamp : firstTimestamp + delta;
    this.timestampMs = time > 0 && time <= TIME_MAX ? time : 0;
    this.offset = firstOffset + this.varint();
    const key = this.varint();
    this.keyStart = key < 0 ? -1 : this.#at;
    this.keyEnd = this.#at += Math.max(0, key);
    const value = this.varint();
    this.valueStart = value < 0 ? -1 : this.#at;
    this.valueEnd = this.#at += Math.max(0, value);
    this.headerCount = this.varint();
    this.headersStart = this.#at;
    this.recordEnd = end;
    if (this.#at > end || this.headerCount < 0) throw new RangeError("a record beyond its length");
    this.#at = end;
    return true;
  }

  /** Calls `each` with the ranges of every header's name and value (value from -1: null). */
  headers(
    each: (nameStart: number, nameEnd: number, valueStart: number, valueEnd: number) => void,
  ): void {
    const back = this.#at;
    this.#at = this.headersStart;
    for (let i = 0; i < this.headerCount; i++) {
      const name = this.varint(), nameStart = this.#at;
      this.#at += name;
      const nameEnd = this.#at;
      const value = this.varint(), valueStart = this.#at;
      this.#at += Math.max(0, value);
      if (name < 0 || this.#at > this.recordEnd) throw new RangeError("a header beyond its record");
      each(nameStart, nameEnd, value < 0 ? -1 : valueStart, this.#at);
    }
    this.#at = back;
  }

  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.#at++], value = byte & 127;
    if (byte < 128) return (value >>> 1) ^ -(value & 1);
    for (let shift = 7; shift < 35; shift += 7) {
      byte = bytes[this.#at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError("a number without an end");
  }

  /** Exact up to 2^53; beyond that it is no time and becomes 0 with its record. */
  #varlong(): number {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = this.bytes[this.#at++];
      if (byte === undefined || factor > 2 ** 63) throw new RangeError("a number without an end");
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
