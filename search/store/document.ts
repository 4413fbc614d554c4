/**
 * Documents of stored lines: complete ones for answers, and ones that make their parts when a query
 * asks for them.
 */
import type { Document } from "../../core/ports/document_store.ts";
import { fieldsOf } from "../../core/reading/fields.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { foreignUid, uidOf } from "../../core/record/identity.ts";
import { type BlockColumns, LEVEL_MASK, type LinePlace } from "./block.ts";
import type { Source } from "./sources.ts";

/** Text and columns of one line of a block, and its place. */
export interface LineParts {
  columns: BlockColumns;
  line: number;
  source: Source;
  place: LinePlace;
  message: () => string;
}

/** A document that computes what is asked for. */
export class LazyDocument implements Document {
  readonly #parts: LineParts;
  #message: string | undefined;
  #fields: Readonly<Record<string, string>> | undefined | null = null;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  get _id(): string {
    const { place, source } = this.#parts;
    const { run, index } = place;
    const { topic, generation } = source.stream;
    if (run.f === undefined) return uidOf(generation, place.start, place.end);
    return foreignUid(topic, run.k![0], String(run.k![1] + index), run.f);
  }
  get "@timestamp"(): string {
    return isoOf(this.#parts.columns.times[this.#parts.line]);
  }
  get message(): string {
    return this.#message ??= this.#parts.message();
  }
  get topic(): string {
    return this.#parts.source.stream.topic;
  }
  get "host.name"(): string {
    return this.#parts.source.host;
  }
  get "log.file.path"(): string {
    return this.#parts.source.path;
  }
  get "log.file.generation"(): string {
    return this.#parts.source.stream.generation;
  }
  get "log.offset"(): number {
    return this.#parts.place.start;
  }
  get "log.length"(): number {
    return this.#parts.place.end - this.#parts.place.start;
  }
  get "log.level"(): string | undefined {
    const level = this.#parts.columns.levels[this.#parts.line] & LEVEL_MASK;
    return level === 0 ? undefined : LEVEL_NAMES[level];
  }
  get "event.created"(): string {
    return isoOf(this.#parts.place.run.c);
  }
  get "event.ingested"(): string {
    return isoOf(this.#parts.place.run.i);
  }
  get "event.dataset"(): string {
    return this.topic;
  }
  get "kafka.partition"(): number | undefined {
    return this.#parts.place.run.k?.[0];
  }
  get "kafka.offset"(): number | undefined {
    const { run, index } = this.#parts.place;
    return run.k === undefined ? undefined : run.k[1] + index;
  }
  get fields(): Readonly<Record<string, string>> | undefined {
    if (this.#fields === null) {
      const found = fieldsOf(this.message), fixed = this.#parts.source.fields;
      // Static fields are the operator's word: the line cannot override them.
      this.#fields = fixed === undefined || found === undefined
        ? found ?? fixed
        : Object.assign(Object.create(null), found, fixed);
    }
    return this.#fields ?? undefined;
  }
  get "event.parent"(): string | undefined {
    const { place, source } = this.#parts;
    if (place.parent === undefined) return undefined;
    return uidOf(source.stream.generation, place.parent[0], place.parent[1]);
  }
}

const OPTIONAL = [
  "log.level",
  "event.ingested",
  "kafka.partition",
  "kafka.offset",
  "fields",
  "event.parent",
] as const;

/** A plain object with everything in it. */
export function plainDocument(lazy: Document): Document {
  const document: Document = {
    _id: lazy._id,
    "@timestamp": lazy["@timestamp"],
    message: lazy.message,
    topic: lazy.topic,
    "host.name": lazy["host.name"],
    "log.file.path": lazy["log.file.path"],
    "log.file.generation": lazy["log.file.generation"],
    "log.offset": lazy["log.offset"],
    "log.length": lazy["log.length"],
    "event.created": lazy["event.created"],
    "event.dataset": lazy["event.dataset"],
  };
  for (const name of OPTIONAL) {
    const value = lazy[name];
    if (value !== undefined) (document as unknown as Record<string, unknown>)[name] = value;
  }
  return document;
}

const SECOND = 1000;
let lastSecond = NaN, lastText = "";

/** ISO 8601 with milliseconds, the second kept from the last call. */
function isoOf(ms: number): string {
  const second = Math.floor(ms / SECOND);
  if (second !== lastSecond) {
    lastText = new Date(second * SECOND).toISOString().slice(0, 20);
    lastSecond = second;
  }
  const rest = ms - second * SECOND;
  return `${lastText}${rest < 10 ? "00" : rest < 100 ? "0" : ""}${rest}Z`;
}
