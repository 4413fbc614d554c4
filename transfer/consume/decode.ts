/**
 * A Kafka record as a LogRecord: of a weir agent (headers and key as docs/record-format.md says), or a plain line of
 * any other producer. It never throws for what a producer wrote: headers that do not fit make a plain line, a record
 * without a value is named, and what is repeated from record to record (host, path, generation) is decoded once.
 */
import type { LogRecord } from "../../core/ports/document_store.ts";
import { HEADER, RECORD_VERSION } from "../../core/record/headers.ts";
import { dayOf, foreignUid, isGeneration, uidOf } from "../../core/record/identity.ts";
import type { RecordCursor } from "./record_batch.ts";

/** Static fields of a record beyond this are left out and counted. */
export const FIELDS_MAX = 64;
const FIELD_NAME_BYTES_MAX = 512;
const FIELD_BYTES_MAX = 32_768;
const TEXT_BYTES_MAX = 8192;

export type Decoded = LogRecord | "tombstone";

const decoder = new TextDecoder();

/** Decodes the records of one partition. */
export class RecordDecoder {
  readonly #topic: string;
  readonly #partition: number;
  readonly #texts = [new TextCache(), new TextCache(), new TextCache(), new TextCache()];
  /** Fields left out so far: too many in one record, or too long. */
  fieldsDropped = 0;

  constructor(topic: string, partition: number) {
    this.#topic = topic;
    this.#partition = partition;
  }

  /** The record that the cursor stands at; its value is a view of the cursor's bytes. */
  decode(cursor: RecordCursor): Decoded {
    if (cursor.valueStart < 0) return "tombstone";
    const { bytes, timestampMs } = cursor;
    const found = new Headers();
    cursor.headers((nameStart, nameEnd, valueStart, valueEnd) =>
      this.#header(found, bytes, nameStart, nameEnd, valueStart, valueEnd)
    );
    const key = cursor.keyEnd - cursor.keyStart === 16 && cursor.keyStart >= 0
      ? this.#texts[0].text(bytes, cursor.keyStart, cursor.keyEnd)
      : "";
    const ours = found.version === RECORD_VERSION && found.host !== "" && found.path !== "" &&
      isLine(found.offset, found.length) && isGeneration(key);
    const offset = String(cursor.offset);
    return {
      topic: this.#topic,
      uid: ours
        ? uidOf(key, found.offset, found.offset + found.length)
        : foreignUid(this.#topic, this.#partition, offset, timestampMs),
      generation: ours ? key : null,
      offset: ours ? found.offset : cursor.offset,
      length: ours ? found.length : cursor.valueEnd - cursor.valueStart,
      host: found.host,
      path: found.path,
      value: bytes.subarray(cursor.valueStart, cursor.valueEnd),
      createdMs: timestampMs,
      day: ours && isDay(found.day) ? found.day : dayOf(timestampMs),
      tz: found.tz === "" ? "UTC" : found.tz,
      kafka: { partition: this.#partition, offset },
      ...(found.fields === undefined ? {} : { fields: found.fields }),
    };
  }

  #header(
    found: Headers,
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const empty = valueStart < 0;
    switch (nameOf(bytes, nameStart, nameEnd)) {
      case HEADER.offset:
        found.offset = empty ? -1 : decimal(bytes, valueStart, valueEnd);
        return;
      case HEADER.length:
        found.length = empty ? -1 : decimal(bytes, valueStart, valueEnd);
        return;
      case HEADER.host:
        found.host = empty ? "" : this.#texts[1].text(bytes, valueStart, valueEnd);
        return;
      case HEADER.path:
        found.path = empty ? "" : this.#texts[2].text(bytes, valueStart, valueEnd);
        return;
      case HEADER.version:
        found.version = empty ? "" : decoder.decode(bytes.subarray(valueStart, valueEnd));
        return;
      case HEADER.day:
        found.day = empty ? "" : this.#texts[3].text(bytes, valueStart, valueEnd);
        return;
      case HEADER.tz:
        found.tz = empty || valueEnd - valueStart > 64
          ? ""
          : decoder.decode(bytes.subarray(valueStart, valueEnd));
        return;
    }
    const nameBytes = nameEnd - nameStart;
    if (
      nameBytes === 0 || nameBytes > FIELD_NAME_BYTES_MAX || found.count >= FIELDS_MAX ||
      (!empty && valueEnd - valueStart > FIELD_BYTES_MAX)
    ) {
      this.fieldsDropped++;
      return;
    }
    found.count++;
    found.fields ??= Object.create(null) as Record<string, string>;
    found.fields[decoder.decode(bytes.subarray(nameStart, nameEnd))] = empty
      ? ""
      : decoder.decode(bytes.subarray(valueStart, valueEnd));
  }
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
  return offset >= 0 && length >= 0 && Number.isSafeInteger(offset + length);
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
