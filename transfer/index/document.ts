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
import { KafkaRecord } from "../consume/record_rows.ts";
import type { BulkBody, DocumentHead } from "./bulk_body.ts";
import { appendJsonFields } from "./json_fields.ts";
import type { IndexTarget } from "./names.ts";
import { jsonText, type Piece, piece } from "./piece.ts";

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

const decoder = new TextDecoder();
const PARTS_KEPT = 4096;
/** The last millisecond of the year 9999. */
const TIME_MAX = 253_402_300_799_999;

const ACTION_END = piece('"}}\n');
const TIME = piece('"}}\n{"@timestamp":"');
const LENGTH = piece(',"log.length":');
/** By level: what stands between the length and the time of creation. */
const CREATED = LEVEL_NAMES.map((level) =>
  piece(level === "" ? ',"event.created":"' : `,"log.level":"${level}","event.created":"`)
);
const QUOTE = piece('"');
const FIELDS = piece(',"fields":{');
const BRACE = piece("}");
const TEXT = piece('":"');
const COMMA = piece(",");
const MESSAGE = piece(',"message":"');
const END = piece('"}\n');
const TOPIC = piece('{"topic":"');
const DATA = piece('","data":"');
const HYPHEN = piece("-");

export class DocumentEncoder {
  readonly #reader = new LineReader();
  readonly #actions = new Map<string, Piece>();
  readonly #origins = new Map<string, Piece>();
  // What the last record had: the next one mostly has the same.
  #index = "";
  #identity: string | null = null;
  #action: Piece = QUOTE;
  #topic = "";
  #host = "";
  #path = "";
  #generation: string | null = null;
  #origin: Piece = QUOTE;
  #ingested = "";
  #partition = -1;
  #written: Piece = QUOTE;
  #shape: DocumentShape | undefined;
  readonly #head: DocumentHead = {
    action: QUOTE,
    origin: QUOTE,
    created: QUOTE,
    written: QUOTE,
    offset: 0,
    length: 0,
    timeMs: 0,
    createdMs: 0,
    kafkaOffset: 0,
  };
  /** Lines since the start that the way of reading of their topic did not fit. */
  unfit = 0;
  /** The oldest time of a line since somebody set it, ms since 1970; minimal documents have none. */
  oldestMs = Infinity;

  /** Appends action and document. `ingested` is the time of writing as ISO text. */
  append(
    body: BulkBody,
    record: LogRecord,
    target: IndexTarget,
    shape: DocumentShape,
    ingested: string,
  ): void {
    const { index } = target, { generation } = record;
    if (index !== this.#index || generation !== this.#identity) {
      this.#index = index;
      this.#identity = generation;
      this.#action = kept(
        this.#actions,
        `${generation ?? ""}\0${index}`,
        () =>
          `{"create":{"_index":"${text(index)}","_id":"${
            generation === null ? "" : `${generation}:`
          }`,
      );
    }
    if (target.document === "minimal") {
      this.#appendAction(body, record);
      minimalDocument(body, record);
    } else this.#fullDocument(body, record, shape, ingested);
  }

  #appendAction(body: BulkBody, record: LogRecord): void {
    body.piece(this.#action);
    if (record.generation === null) body.ascii(record.uid);
    else {
      body.number(record.offset);
      body.piece(HYPHEN);
      body.number(record.offset + record.length);
    }
  }

  #fullDocument(
    body: BulkBody,
    record: LogRecord,
    shape: DocumentShape,
    ingested: string,
  ): void {
    const { createdMs } = record;
    let bytes: Uint8Array, from = 0, to: number;
    if (record instanceof KafkaRecord) {
      ({ bytes, valueStart: from, valueEnd: to } = record);
    } else {
      bytes = record.value;
      to = bytes.length;
    }
    let timeMs: number, level: number, parse = false;
    let found: Readonly<Record<string, string>> | undefined;
    if (shape.parser === undefined) {
      const reader = this.#reader;
      reader.read(bytes, from, to, zoneOf(record.tz), createdMs);
      timeMs = reader.timeMs;
      level = reader.level;
      parse = shape.fields && mayHaveFields(bytes, from, to);
    } else {
      const findings = shape.parser.read(record.value, record.tz, createdMs);
      timeMs = findings.timeMs;
      level = findings.level;
      if (shape.fields) found = findings.fields;
      if (!findings.fits) this.unfit++;
    }
    if (!(timeMs >= 0 && timeMs <= TIME_MAX)) timeMs = createdMs;
    if (timeMs < this.oldestMs) this.oldestMs = timeMs;
    const created = CREATED[level];
    if (!this.#quickHead(body, record, shape, ingested, timeMs, created)) {
      this.#appendAction(body, record);
      body.piece(TIME);
      body.time(timeMs);
      body.piece(this.#originOf(record, shape));
      body.number(record.offset);
      body.piece(LENGTH);
      body.number(record.length);
      body.piece(created);
      body.time(createdMs);
      this.#appendKafka(body, record, ingested);
    }
    if (!parse || record.fields !== undefined || !appendJsonFields(body, bytes, from, to)) {
      if (parse) found = fieldsOf(decoder.decode(bytes.subarray(from, to)));
      const fields = found === undefined || record.fields === undefined
        ? found ?? record.fields
        : Object.assign(Object.create(null), found, record.fields);
      if (fields !== undefined) appendFields(body, fields);
    }
    if (body.message(bytes, from, to)) return;
    body.piece(MESSAGE);
    body.escaped(bytes, from, to);
    body.piece(END);
  }

  /** All before the fields at once, of a line that an agent sent; false where that cannot be. */
  #quickHead(
    body: BulkBody,
    record: LogRecord,
    shape: DocumentShape,
    ingested: string,
    timeMs: number,
    created: Piece,
  ): boolean {
    if (!(record instanceof KafkaRecord) || record.generation === null) return false;
    const head = this.#head;
    head.action = this.#action;
    head.origin = this.#originOf(record, shape);
    head.created = created;
    head.written = this.#writtenOf(ingested, record.partition);
    head.offset = record.offset;
    head.length = record.length;
    head.timeMs = Math.floor(timeMs);
    head.createdMs = record.createdMs;
    head.kafkaOffset = record.kafkaOffset;
    return body.head(head);
  }

  /** Behind the time, up to the offset: what all lines of a file share. */
  #originOf(record: LogRecord, shape: DocumentShape): Piece {
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

  #appendKafka(body: BulkBody, record: LogRecord, ingested: string): void {
    if (record instanceof KafkaRecord) {
      body.piece(this.#writtenOf(ingested, record.partition));
      body.number(record.kafkaOffset);
      return;
    }
    const { kafka } = record;
    body.piece(this.#writtenOf(ingested, kafka?.partition ?? -1));
    if (kafka !== undefined) body.ascii(kafka.offset);
  }

  /** Behind the time of creation, up to the Kafka offset. */
  #writtenOf(ingested: string, partition: number): Piece {
    if (ingested !== this.#ingested || partition !== this.#partition) {
      this.#ingested = ingested;
      this.#partition = partition;
      const rest = partition < 0 ? '"' : `","kafka.partition":${partition},"kafka.offset":`;
      this.#written = piece(`","event.ingested":"${ingested}${rest}`);
    }
    return this.#written;
  }
}

function kept(cache: Map<string, Piece>, key: string, make: () => string): Piece {
  let bytes = cache.get(key);
  if (bytes === undefined) {
    if (cache.size >= PARTS_KEPT) cache.clear();
    bytes = piece(make());
    cache.set(key, bytes);
  }
  return bytes;
}

function minimalDocument(body: BulkBody, record: LogRecord): void {
  body.piece(ACTION_END);
  body.piece(TOPIC);
  body.ascii(text(record.topic));
  body.piece(DATA);
  const { value } = record;
  body.escaped(value, 0, value.length);
  body.piece(END);
}

function appendFields(body: BulkBody, fields: Readonly<Record<string, string>>): void {
  body.piece(FIELDS);
  let first = true;
  for (const name in fields) {
    if (!first) body.piece(COMMA);
    first = false;
    body.piece(QUOTE);
    body.raw(jsonText(fieldName(name)));
    body.piece(TEXT);
    body.raw(jsonText(fields[name].toWellFormed()));
    body.piece(QUOTE);
  }
  body.piece(BRACE);
}

/** False where fieldsOf() finds nothing for certain: most lines are spared being made a text. */
function mayHaveFields(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) at += 3;
  while (at < to && (bytes[at] === 32 || bytes[at] === 9)) at++;
  if (at < to && bytes[at] === 123) return true;
  const end = Math.min(to, from + NAME_CHARS_MAX);
  for (let i = from; i < end; i++) {
    if (bytes[i] === 61) return i > from;
    if (bytes[i] <= 34) return false;
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
