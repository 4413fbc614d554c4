/**
 * A Kafka record as a row of RecordRows: of a weir agent (headers and key as docs/record-format.md
 * says), or a plain line of any other producer. It never throws for what a producer wrote: headers
 * that do not fit make a plain line, a record without a value is named, and what is repeated from
 * record to record (host, path, generation) is decoded once: a record whose key and headers are
 * those of the last one, but for the numbers of the line, is only compared.
 */
import { HEADER, RECORD_VERSION } from "../../core/record/headers.ts";
import { dayOf, isGeneration } from "../../core/record/identity.ts";
import type { RecordCursor } from "./record_batch.ts";
import { type KafkaRecord, type Origin, RecordRows } from "./record_rows.ts";

/** Static fields of a record beyond this are left out and counted. */
export const FIELDS_MAX = 64;
const FIELD_NAME_BYTES_MAX = 512;
const FIELD_BYTES_MAX = 32_768;
const TEXT_BYTES_MAX = 8192;
/** Longer headers are decoded for each record. */
const REPEATED_BYTES_MAX = 16_384;
const DAY_MS = 86_400_000;

export type Decoded = KafkaRecord | "tombstone";

const decoder = new TextDecoder();

/** Decodes the records of one partition. */
export class RecordDecoder {
  readonly #topic: string;
  readonly #partition: number;
  readonly #key = new TextCache();
  readonly #host = new TextCache();
  readonly #path = new TextCache();
  readonly #day = new TextCache();
  readonly #tz = new TextCache();
  readonly #version = new TextCache();
  #found = new Headers();
  readonly #repeated = new Repeated();
  #bytes: Uint8Array = new Uint8Array(0);
  /** Of the record read last: the next one mostly has the same. */
  #origin: Origin | undefined;
  /** Fields left out so far: too many in one record, or too long. */
  fieldsDropped = 0;

  constructor(topic: string, partition: number) {
    this.#topic = topic;
    this.#partition = partition;
  }

  /** The record that the cursor stands at; its value is a view of the cursor's bytes. */
  decode(cursor: RecordCursor): Decoded {
    const rows = new RecordRows(this.#topic, this.#partition, cursor.bytes, 1);
    return this.read(cursor, rows) ? rows.record(0) : "tombstone";
  }

  /** Appends the record that the cursor stands at to the rows; false for one without a value. */
  read(cursor: RecordCursor, rows: RecordRows): boolean {
    if (cursor.valueStart < 0) return false;
    const row = rows.count;
    rows.values[row * 2] = cursor.valueStart;
    rows.values[row * 2 + 1] = cursor.valueEnd;
    rows.kafkaOffsets[row] = cursor.offset;
    rows.createdMs[row] = cursor.timestampMs;
    const repeated = this.#repeated;
    if (repeated.fits(cursor)) {
      rows.offsets[row] = repeated.offset;
      rows.lengths[row] = repeated.length;
    } else this.#decode(cursor, rows, row); // throws for headers beyond the record
    rows.origins.push(this.#origin!);
    rows.count++;
    return true;
  }

  #decode(cursor: RecordCursor, rows: RecordRows, row: number): void {
    const { bytes, timestampMs } = cursor;
    const found = new Headers(), dropped = this.fieldsDropped;
    this.#found = found;
    this.#bytes = bytes;
    cursor.headers(this.#header);
    const key = cursor.keyEnd - cursor.keyStart === 16
      ? this.#key.text(bytes, cursor.keyStart, cursor.keyEnd)
      : "";
    const ours = found.version === RECORD_VERSION && found.host !== "" && found.path !== "" &&
      isLine(found.offset, found.length) && isGeneration(key);
    const noted = ours && isDay(found.day);
    rows.offsets[row] = ours ? found.offset : cursor.offset;
    rows.lengths[row] = ours ? found.length : cursor.valueEnd - cursor.valueStart;
    this.#setOrigin(ours ? key : null, noted ? found.day : dayOf(timestampMs));
    if (!ours || this.fieldsDropped > dropped) this.#repeated.forget();
    else this.#repeated.note(cursor, found, noted ? NaN : Math.floor(timestampMs / DAY_MS));
  }

  #setOrigin(generation: string | null, day: string): void {
    const { host, path, fields } = this.#found;
    const tz = this.#found.tz === "" ? "UTC" : this.#found.tz;
    const last = this.#origin;
    if (
      last === undefined || last.generation !== generation || last.day !== day ||
      last.host !== host || last.path !== path || last.tz !== tz ||
      last.fields !== undefined || fields !== undefined
    ) this.#origin = { generation, host, path, day, tz, fields };
  }

  readonly #header = (
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void => {
    const found = this.#found, bytes = this.#bytes;
    const start = valueStart < 0 ? valueEnd : valueStart;
    found.seen++;
    switch (nameOf(bytes, nameStart, nameEnd)) {
      case HEADER.offset:
        found.offset = decimal(bytes, start, valueEnd);
        found.offsetSeen = found.seen;
        found.offsetNameEnd = nameEnd;
        found.offsetEnd = valueEnd;
        return;
      case HEADER.length:
        found.length = decimal(bytes, start, valueEnd);
        found.lengthSeen = found.seen;
        found.lengthNameEnd = nameEnd;
        return;
      case HEADER.host:
        found.host = this.#host.text(bytes, start, valueEnd);
        return;
      case HEADER.path:
        found.path = this.#path.text(bytes, start, valueEnd);
        return;
      case HEADER.version:
        found.version = this.#version.text(bytes, start, valueEnd);
        return;
      case HEADER.day:
        found.day = this.#day.text(bytes, start, valueEnd);
        return;
      case HEADER.tz:
        found.tz = valueEnd - start > 64 ? "" : this.#tz.text(bytes, start, valueEnd);
        return;
    }
    const nameBytes = nameEnd - nameStart;
    if (
      nameBytes === 0 || nameBytes > FIELD_NAME_BYTES_MAX || found.count >= FIELDS_MAX ||
      valueEnd - start > FIELD_BYTES_MAX
    ) {
      this.fieldsDropped++;
      return;
    }
    found.count++;
    found.fields ??= Object.create(null) as Record<string, string>;
    const name = decoder.decode(bytes.subarray(nameStart, nameEnd));
    found.fields[name] = decoder.decode(bytes.subarray(start, valueEnd));
  };
}

class Headers {
  version = "";
  host = "";
  path = "";
  offset = -1;
  length = -1;
  day = "";
  tz = "";
  count = 0;
  fields: Record<string, string> | undefined = undefined;
  /** Headers so far, and which of them offset and length were and where they lie. */
  seen = 0;
  offsetSeen = 0;
  offsetNameEnd = 0;
  offsetEnd = 0;
  lengthSeen = 0;
  lengthNameEnd = 0;
}

/**
 * Key and headers of the record decoded last, where an agent wrote it: a record that has the same
 * bytes but for the two numbers at its end needs no more than those.
 */
class Repeated {
  #key = new Pattern(new Uint8Array(16));
  /** From the first header to the name of the offset. */
  #head = new Pattern(new Uint8Array(0));
  /** From the end of the offset to the name of the length. */
  #middle = new Pattern(new Uint8Array(0));
  #headers = -1;
  /** Day since 1970 that the time has to be of; NaN where a header names the day. */
  #day = NaN;
  /** Of the record that fitted last. */
  offset = 0;
  length = 0;

  forget(): void {
    this.#headers = -1;
  }

  /** @param day of the time where the record's day comes from it, else NaN */
  note(cursor: RecordCursor, found: Headers, day: number): void {
    this.forget();
    const { bytes, headersStart, headerCount, keyStart, keyEnd } = cursor;
    const inOrder = found.offsetSeen === headerCount - 1 && found.lengthSeen === headerCount;
    if (!inOrder || found.lengthNameEnd - headersStart > REPEATED_BYTES_MAX) return;
    this.#key = new Pattern(bytes.slice(keyStart, keyEnd));
    this.#head = new Pattern(bytes.slice(headersStart, found.offsetNameEnd));
    this.#middle = new Pattern(bytes.slice(found.offsetEnd, found.lengthNameEnd));
    this.#day = day;
    this.#headers = headerCount;
  }

  fits(cursor: RecordCursor): boolean {
    const { bytes, view, keyStart, recordEnd } = cursor;
    if (cursor.headerCount !== this.#headers || cursor.keyEnd - keyStart !== 16) return false;
    const day = this.#day;
    if (day === day && Math.floor(cursor.timestampMs / DAY_MS) !== day) return false;
    const head = this.#head, middle = this.#middle;
    let at = cursor.headersStart;
    if (at + head.length + middle.length + 4 > recordEnd) return false;
    if (!this.#key.isAt(view, keyStart) || !head.isAt(view, at)) return false;
    at += head.length;
    let digits = bytes[at++] >> 1;
    if (at + digits + middle.length + 2 > recordEnd) return false;
    const offset = decimal(bytes, at, at + digits);
    at += digits;
    if (bytes[at - digits - 1] % 2 !== 0 || !middle.isAt(view, at)) return false;
    at += middle.length;
    digits = bytes[at] >> 1;
    if (bytes[at++] % 2 !== 0 || at + digits !== recordEnd) return false;
    const length = decimal(bytes, at, recordEnd);
    if (!isLine(offset, length)) return false;
    this.offset = offset;
    this.length = length;
    return true;
  }
}

/** Bytes to be found again, compared four at once. */
class Pattern {
  readonly length: number;
  readonly #bytes: DataView;
  readonly #words: Int32Array;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.length = bytes.length;
    this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#words = Int32Array.from(
      { length: bytes.length >> 2 },
      (_, i) => this.#bytes.getInt32(i * 4, true),
    );
  }

  /** True where the bytes lie at `at`; the caller knows that there are as many. */
  isAt(view: DataView, at: number): boolean {
    const words = this.#words;
    // From the end: names that differ mostly do so there.
    for (let i = this.length - 1; i >= words.length * 4; i--) {
      if (view.getUint8(at + i) !== this.#bytes.getUint8(i)) return false;
    }
    for (let i = words.length - 1; i >= 0; i--) {
      if (view.getInt32(at + i * 4, true) !== words[i]) return false;
    }
    return true;
  }
}

const KNOWN = Object.values(HEADER).map((name) => ({
  name,
  bytes: new TextEncoder().encode(name),
}));

/** The name where it is one of ours, else "". */
function nameOf(bytes: Uint8Array, start: number, end: number): string {
  const size = end - start;
  outer: for (const known of KNOWN) {
    if (known.bytes.length !== size) continue;
    for (let i = size - 1; i >= 0; i--) {
      if (bytes[start + i] !== known.bytes[i]) continue outer;
    }
    return known.name;
  }
  return "";
}

/** A whole number of at most 15 digits, else -1. */
function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at] - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isLine(offset: number, length: number): boolean {
  return offset >= 0 && length >= 0; // of 15 digits each: their sum is exact
}

/** True for a day that the calendar has. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === text;
}

/** Remembers the last text by its bytes: most records repeat it. */
class TextCache {
  #bytes = new Uint8Array(0);
  #text = "";

  text(bytes: Uint8Array, start: number, end: number): string {
    const size = end - start, last = this.#bytes;
    if (size > TEXT_BYTES_MAX) return "";
    if (last.length === size) {
      let i = size - 1;
      while (i >= 0 && last[i] === bytes[start + i]) i--;
      if (i < 0) return this.#text;
    }
    this.#bytes = bytes.slice(start, end);
    return this.#text = decoder.decode(this.#bytes);
  }
}
