/**
 * A Kafka record as a LogRecord: of a weir agent (headers and key as docs/record-format.md says),
 * or a plain line of any other producer. It never throws for what a producer wrote: headers that do
 * not fit make a plain line, a record without a value is named, and what is repeated from record to
 * record (host, path, generation) is decoded once.
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

/** A record of Kafka. What can be made from the rest is made when it is asked for. */
export class KafkaRecord implements LogRecord {
  fields: Record<string, string> | undefined = undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly kafkaOffset: number,
    readonly generation: string | null,
    readonly offset: number,
    readonly length: number,
    readonly host: string,
    readonly path: string,
    readonly bytes: Uint8Array,
    readonly valueStart: number,
    readonly valueEnd: number,
    readonly createdMs: number,
    readonly day: string,
    readonly tz: string,
  ) {}

  get value(): Uint8Array {
    return this.bytes.subarray(this.valueStart, this.valueEnd);
  }
  get uid(): string {
    return this.generation === null
      ? foreignUid(this.topic, this.partition, String(this.kafkaOffset), this.createdMs)
      : uidOf(this.generation, this.offset, this.offset + this.length);
  }
  get kafka(): { partition: number; offset: string } {
    return { partition: this.partition, offset: String(this.kafkaOffset) };
  }
}

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
  readonly #found = new Headers();
  #bytes: Uint8Array = new Uint8Array(0);
  /** Fields left out so far: too many in one record, or too long. */
  fieldsDropped = 0;

  constructor(topic: string, partition: number) {
    this.#topic = topic;
    this.#partition = partition;
  }

  /** The record that the cursor stands at; its value is a view of the cursor's bytes. */
  decode(cursor: RecordCursor): Decoded {
    if (cursor.valueStart < 0) return "tombstone";
    const { bytes, timestampMs, offset } = cursor;
    const found = this.#found;
    found.clear();
    this.#bytes = bytes;
    cursor.headers(this.#header);
    const key = cursor.keyEnd - cursor.keyStart === 16 && cursor.keyStart >= 0
      ? this.#key.text(bytes, cursor.keyStart, cursor.keyEnd)
      : "";
    const ours = found.version === RECORD_VERSION && found.host !== "" && found.path !== "" &&
      isLine(found.offset, found.length) && this.#isGeneration(key);
    const record = new KafkaRecord(
      this.#topic,
      this.#partition,
      offset,
      ours ? key : null,
      ours ? found.offset : offset,
      ours ? found.length : cursor.valueEnd - cursor.valueStart,
      found.host,
      found.path,
      bytes,
      cursor.valueStart,
      cursor.valueEnd,
      timestampMs,
      ours && found.day !== "" && isDay(found.day) ? found.day : dayOf(timestampMs),
      found.tz === "" ? "UTC" : found.tz,
    );
    record.fields = found.fields;
    return record;
  }

  #lastGeneration = "";

  #isGeneration(key: string): boolean {
    if (key === this.#lastGeneration && key !== "") return true;
    if (!isGeneration(key)) return false;
    this.#lastGeneration = key;
    return true;
  }

  readonly #header = (
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void => {
    const found = this.#found, bytes = this.#bytes;
    const start = valueStart < 0 ? valueEnd : valueStart;
    switch (nameOf(bytes, nameStart, nameEnd)) {
      case HEADER.offset:
        found.offset = decimal(bytes, start, valueEnd);
        return;
      case HEADER.length:
        found.length = decimal(bytes, start, valueEnd);
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

  clear(): void {
    this.version =
      this.host =
      this.path =
      this.day =
      this.tz =
        "";
    this.offset = this.length = -1;
    this.count = 0;
    this.fields = undefined;
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
