/**
 * Writes one log record as the two lines of a bulk request: `create` with the uid as _id, and the document with ECS
 * names (or exactly topic and data). What repeats from record to record (names of index, host, path, zone's reader) is
 * made once.
 */
import { fieldsOf, NAME_CHARS_MAX } from "../../core/reading/fields.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { LineReader } from "../../core/reading/line_reader.ts";
import { zoneOf } from "../../core/reading/zone.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { type BulkBody, jsonText } from "./bulk_body.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytesOf = (text: string) => encoder.encode(text);
const PARTS_KEPT = 4096;
/** The last millisecond of the year 9999. */
const TIME_MAX = 253_402_300_799_999;

const ACTION_ID = bytesOf('","_id":"');
const ACTION_END = bytesOf('"}}\n');
const TIME = bytesOf('{"@timestamp":"');
const GENERATION = bytesOf('","log.file.generation":"');
const OFFSET = bytesOf('","log.offset":');
const LENGTH = bytesOf(',"log.length":');
const LEVEL = bytesOf(',"log.level":"');
const LEVELS = LEVEL_NAMES.map(bytesOf);
const QUOTE = bytesOf('"');
const CREATED = bytesOf(',"event.created":"');
const INGESTED = bytesOf('","event.ingested":"');
const PARTITION = bytesOf('","kafka.partition":');
const KAFKA_OFFSET = bytesOf(',"kafka.offset":');
const FIELDS = bytesOf(',"fields":{');
const BRACE = bytesOf("}");
const COLON = bytesOf('":"');
const COMMA = bytesOf(",");
const MESSAGE = bytesOf(',"message":"');
const END = bytesOf('"}\n');
const TOPIC = bytesOf('{"topic":"');
const DATA = bytesOf('","data":"');

export class DocumentEncoder {
  readonly #minimal: boolean;
  readonly #fields: boolean;
  readonly #reader = new LineReader();
  readonly #parts = new Map<string, Uint8Array>();
  #second = NaN;
  #secondText = "";

  constructor(document: "full" | "minimal", fields: "auto" | "none" = "auto") {
    this.#minimal = document === "minimal";
    this.#fields = fields === "auto";
  }

  /** Appends action and document. `index` is the name of the index, `ingested` the time of writing as ISO text. */
  append(body: BulkBody, record: LogRecord, index: string, ingested: string): void {
    body.raw(this.#part(`i${index}`, () => `{"create":{"_index":"${text(index)}`));
    body.raw(ACTION_ID);
    body.ascii(record.uid);
    body.raw(ACTION_END);
    if (this.#minimal) this.#minimalDocument(body, record);
    else this.#fullDocument(body, record, ingested);
  }

  #minimalDocument(body: BulkBody, record: LogRecord): void {
    body.raw(TOPIC);
    body.raw(this.#part(`t${record.topic}`, () => text(record.topic)));
    body.raw(DATA);
    body.escaped(record.value);
    body.raw(END);
  }

  #fullDocument(body: BulkBody, record: LogRecord, ingested: string): void {
    const { value, createdMs } = record;
    const reader = this.#reader;
    reader.read(value, 0, value.length, zoneOf(record.tz), createdMs);
    const { timeMs, level } = reader;
    body.raw(TIME);
    body.ascii(this.#iso(timeMs >= 0 && timeMs <= TIME_MAX ? timeMs : createdMs));
    body.raw(this.#part(`${record.topic}\0${record.host}\0${record.path}`, () => origin(record)));
    if (record.generation !== null) {
      body.raw(GENERATION);
      body.ascii(record.generation);
    }
    body.raw(OFFSET);
    body.number(record.offset);
    body.raw(LENGTH);
    body.number(record.length);
    if (level > 0) {
      body.raw(LEVEL);
      body.raw(LEVELS[level]);
      body.raw(QUOTE);
    }
    body.raw(CREATED);
    body.ascii(this.#iso(createdMs));
    body.raw(INGESTED);
    body.ascii(ingested);
    this.#rest(body, record);
    body.escaped(value);
    body.raw(END);
  }

  #rest(body: BulkBody, record: LogRecord): void {
    if (record.kafka === undefined) body.raw(QUOTE);
    else {
      body.raw(PARTITION);
      body.number(record.kafka.partition);
      body.raw(KAFKA_OFFSET);
      body.ascii(record.kafka.offset);
    }
    const { value } = record;
    const found = this.#fields && mayHaveFields(value)
      ? fieldsOf(decoder.decode(value))
      : undefined;
    const fields = found === undefined || record.fields === undefined
      ? found ?? record.fields
      : Object.assign(Object.create(null), found, record.fields);
    if (fields !== undefined) appendFields(body, fields);
    body.raw(MESSAGE);
  }

  #part(key: string, make: () => string): Uint8Array {
    let part = this.#parts.get(key);
    if (part === undefined) {
      if (this.#parts.size >= PARTS_KEPT) this.#parts.clear();
      part = bytesOf(make());
      this.#parts.set(key, part);
    }
    return part;
  }

  #iso(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = new Date(second * 1000).toISOString().slice(0, 20);
    }
    const rest = Math.floor(ms - second * 1000);
    return this.#secondText + (rest < 10 ? `00${rest}Z` : rest < 100 ? `0${rest}Z` : `${rest}Z`);
  }
}

function appendFields(body: BulkBody, fields: Readonly<Record<string, string>>): void {
  body.raw(FIELDS);
  let first = true;
  for (const name in fields) {
    if (!first) body.raw(COMMA);
    first = false;
    body.raw(QUOTE);
    body.raw(jsonText(fieldName(name)));
    body.raw(COLON);
    body.raw(jsonText(fields[name].toWellFormed()));
    body.raw(QUOTE);
  }
  body.raw(BRACE);
}

/** False where fieldsOf() finds nothing for certain: most lines are spared being made a text. */
function mayHaveFields(line: Uint8Array): boolean {
  let at = 0;
  if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) at = 3;
  while (line[at] === 32 || line[at] === 9) at++;
  if (line[at] === 123) return true;
  const end = Math.min(line.length, NAME_CHARS_MAX);
  for (let i = 0; i < end; i++) {
    if (line[i] === 61) return i > 0;
    if (line[i] <= 34) return false;
  }
  return false;
}

/** Behind the time: the fields that are the same for all lines of a file. */
function origin(record: LogRecord): string {
  const topic = text(record.topic);
  let result = `","topic":"${topic}","event.dataset":"${topic}`;
  if (record.host !== "") result += `","host.name":"${text(record.host)}`;
  if (record.path !== "") result += `","log.file.path":"${text(record.path)}`;
  return result;
}

/** The inside of a JSON string. */
function text(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** flattened refuses a key that holds a zero byte, or is empty. */
function fieldName(name: string): string {
  const clean = name.replaceAll("\0", "\ufffd").toWellFormed();
  return clean === "" ? "_" : clean;
}
