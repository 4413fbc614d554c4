/**
 * Writes one log record as the two lines of a bulk request: `create` with the uid as _id, and the
 * document with ECS names (or exactly topic and data). What repeats from record to record (names of
 * index, host, path, zone's reader) is made once.
 */
import { fieldsOf, NAME_CHARS_MAX } from "../../core/reading/fields.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { LineReader } from "../../core/reading/line_reader.ts";
import { zoneOf } from "../../core/reading/zone.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import type { LineParser } from "../topics/line_parser.ts";
import { type BulkBody, jsonText } from "./bulk_body.ts";
import type { IndexTarget } from "./names.ts";

/** What documents of a topic look like. Compared by identity: one object a topic. */
export interface DocumentShape {
  dataset: string;
  /** Empty: none is written. */
  namespace: string;
  dataStream: boolean;
  /** Whether fields are written. */
  fields: boolean;
  /** Undefined: as each line looks. */
  parser: LineParser | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytesOf = (text: string) => encoder.encode(text);
const PARTS_KEPT = 4096;
/** The last millisecond of the year 9999. */
const TIME_MAX = 253_402_300_799_999;

const ACTION_END = bytesOf('"}}\n');
const TIME = bytesOf('"}}\n{"@timestamp":"');
const LENGTH = bytesOf(',"log.length":');
/** By level: what stands between the length and the time of creation. */
const CREATED = LEVEL_NAMES.map((level) =>
  bytesOf(level === "" ? ',"event.created":"' : `,"log.level":"${level}","event.created":"`)
);
const QUOTE = bytesOf('"');
const FIELDS = bytesOf(',"fields":{');
const BRACE = bytesOf("}");
const TEXT = bytesOf('":"');
const COMMA = bytesOf(",");
const MESSAGE = bytesOf(',"message":"');
const END = bytesOf('"}\n');
const TOPIC = bytesOf('{"topic":"');
const DATA = bytesOf('","data":"');
const COLON = bytesOf(":");
const HYPHEN = bytesOf("-");

export class DocumentEncoder {
  readonly #reader = new LineReader();
  readonly #actions = new Map<string, Uint8Array>();
  readonly #origins = new Map<string, Uint8Array>();
  // What the last record had: the next one mostly has the same.
  #index = "";
  #action: Uint8Array = QUOTE;
  #topic = "";
  #host = "";
  #path = "";
  #generation: string | null = null;
  #origin: Uint8Array = QUOTE;
  #ingested = "";
  #partition = -1;
  #written: Uint8Array = QUOTE;
  #shape: DocumentShape | undefined;
  /** Lines since the start that the way of reading of their topic did not fit. */
  unfit = 0;

  /** Appends action and document. `ingested` is the time of writing as ISO text. */
  append(
    body: BulkBody,
    record: LogRecord,
    target: IndexTarget,
    shape: DocumentShape,
    ingested: string,
  ): void {
    const { index } = target;
    if (index !== this.#index) {
      this.#index = index;
      this.#action = kept(
        this.#actions,
        index,
        () => `{"create":{"_index":"${text(index)}","_id":"`,
      );
    }
    body.raw(this.#action);
    appendUid(body, record);
    if (target.document === "minimal") minimalDocument(body, record);
    else this.#fullDocument(body, record, shape, ingested);
  }

  #fullDocument(
    body: BulkBody,
    record: LogRecord,
    shape: DocumentShape,
    ingested: string,
  ): void {
    const { value, createdMs } = record;
    let timeMs: number, level: number, found: Readonly<Record<string, string>> | undefined;
    if (shape.parser === undefined) {
      const reader = this.#reader;
      reader.read(value, 0, value.length, zoneOf(record.tz), createdMs);
      timeMs = reader.timeMs;
      level = reader.level;
      if (shape.fields && mayHaveFields(value)) found = fieldsOf(decoder.decode(value));
    } else {
      const findings = shape.parser.read(value, record.tz, createdMs);
      timeMs = findings.timeMs;
      level = findings.level;
      if (shape.fields) found = findings.fields;
      if (!findings.fits) this.unfit++;
    }
    body.raw(TIME);
    body.time(timeMs >= 0 && timeMs <= TIME_MAX ? timeMs : createdMs);
    body.raw(this.#originOf(record, shape));
    body.number(record.offset);
    body.raw(LENGTH);
    body.number(record.length);
    body.raw(CREATED[level]);
    body.time(createdMs);
    const { kafka } = record;
    body.raw(this.#writtenOf(ingested, kafka?.partition ?? -1));
    if (kafka !== undefined) body.ascii(kafka.offset);
    const fields = found === undefined || record.fields === undefined
      ? found ?? record.fields
      : Object.assign(Object.create(null), found, record.fields);
    if (fields !== undefined) appendFields(body, fields);
    body.raw(MESSAGE);
    body.escaped(value, 0, value.length);
    body.raw(END);
  }

  /** Behind the time, up to the offset: what all lines of a file share. */
  #originOf(record: LogRecord, shape: DocumentShape): Uint8Array {
    const { topic, host, path, generation } = record;
    if (
      generation !== this.#generation || path !== this.#path || host !== this.#host ||
      topic !== this.#topic || shape !== this.#shape
    ) {
      this.#shape = shape;
      this.#topic = topic;
      this.#host = host;
      this.#path = path;
      this.#generation = generation;
      const key = `${topic}\0${generation ?? ""}\0${host}\0${path}\0${shape.dataset}\0` +
        `${shape.namespace}${shape.dataStream ? "\0" : ""}`;
      this.#origin = kept(this.#origins, key, () => originText(record, shape));
    }
    return this.#origin;
  }

  /** Behind the time of creation, up to the Kafka offset. */
  #writtenOf(ingested: string, partition: number): Uint8Array {
    if (ingested !== this.#ingested || partition !== this.#partition) {
      this.#ingested = ingested;
      this.#partition = partition;
      const rest = partition < 0 ? '"' : `","kafka.partition":${partition},"kafka.offset":`;
      this.#written = bytesOf(`","event.ingested":"${ingested}${rest}`);
    }
    return this.#written;
  }
}

function kept(cache: Map<string, Uint8Array>, key: string, make: () => string): Uint8Array {
  let bytes = cache.get(key);
  if (bytes === undefined) {
    if (cache.size >= PARTS_KEPT) cache.clear();
    bytes = bytesOf(make());
    cache.set(key, bytes);
  }
  return bytes;
}

function appendUid(body: BulkBody, record: LogRecord): void {
  const { generation, offset } = record;
  if (generation === null) return body.ascii(record.uid);
  body.ascii(generation);
  body.raw(COLON);
  body.number(offset);
  body.raw(HYPHEN);
  body.number(offset + record.length);
}

function minimalDocument(body: BulkBody, record: LogRecord): void {
  body.raw(ACTION_END);
  body.raw(TOPIC);
  body.ascii(text(record.topic));
  body.raw(DATA);
  const { value } = record;
  body.escaped(value, 0, value.length);
  body.raw(END);
}

function appendFields(body: BulkBody, fields: Readonly<Record<string, string>>): void {
  body.raw(FIELDS);
  let first = true;
  for (const name in fields) {
    if (!first) body.raw(COMMA);
    first = false;
    body.raw(QUOTE);
    body.raw(jsonText(fieldName(name)));
    body.raw(TEXT);
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

function originText(record: LogRecord, shape: DocumentShape): string {
  const dataset = text(shape.dataset);
  let result = `","topic":"${text(record.topic)}","event.dataset":"${dataset}`;
  if (shape.namespace !== "") result += `","data_stream.namespace":"${text(shape.namespace)}`;
  if (shape.dataStream) result += `","data_stream.type":"logs","data_stream.dataset":"${dataset}`;
  if (record.host !== "") result += `","host.name":"${text(record.host)}`;
  if (record.path !== "") result += `","log.file.path":"${text(record.path)}`;
  if (record.generation !== null) result += `","log.file.generation":"${record.generation}`;
  return `${result}","log.offset":`;
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
