/**
 * A query as Lucene writes it, for Kibana and Grafana over the same indices. Lucene looks at words where Weir looks at
 * characters, and has no counterpart for some conditions: those are left out, so that what is found there holds what
 * fits here and more, never less for that reason.
 */
import type { Query } from "../../core/ports/document_store.ts";
import { DOCUMENT_FIELDS } from "./fields.ts";
import { patternPieces } from "./terms.ts";

export interface Lucene {
  /** "*" for every document. */
  text: string;
  /** False where a condition was left out. */
  whole: boolean;
}

/** One token of Elasticsearch's standard analyzer, without a doubt. */
const TOKEN = /^(?!\p{scx=Han}|\p{scx=Hira}|\p{scx=Kana}|\p{scx=Thai})[\p{L}\p{N}_]+$/u;
/** Means the same in a regular expression of Lucene and in one of JavaScript. */
const SAME_REGEX = /^(?:[\p{L}\p{N}_ :=,%\/-]|\\[.*+?()[\]{}|\/-]|[.*+|)](?!\?)|\((?!\?))+$/u;
const FIELDS: ReadonlySet<string> = new Set(DOCUMENT_FIELDS);
const NUMBERS: ReadonlySet<string> = new Set([
  "log.offset",
  "log.length",
  "kafka.partition",
  "kafka.offset",
]);

/** The query in Lucene's language. */
export function luceneOf(query: Query): Lucene {
  return of(query) ?? { text: "*", whole: false };
}

/** Undefined: nothing can be said of the documents that fit. */
function of(query: Query): Lucene | undefined {
  switch (query.kind) {
    case "all":
      return whole("*");
    case "word":
      return word(query.text, query.prefix);
    case "phrase":
      return whole(`message:${quoted(query.text)}`);
    case "equals":
      return whole(`${fieldName(query.field)}:${quoted(query.value)}`);
    case "wildcard":
      return wildcard(query.field, query.pattern);
    case "regex":
      return regex(query.field, query.source);
    case "range":
      return range(query);
    case "and":
      return and(query.parts);
    case "or":
      return or(query.parts);
    case "not": {
      // Of more than what fits, the rest would be less than what does not fit.
      const part = of(query.part);
      return part?.whole ? whole(`(* AND NOT ${part.text})`) : undefined;
    }
  }
}

function whole(text: string): Lucene {
  return { text, whole: true };
}

function and(parts: readonly Query[]): Lucene | undefined {
  const known = parts.map(of).filter((part) => part !== undefined);
  if (known.length === 0) return undefined;
  const all = known.length === parts.length && known.every((part) => part.whole);
  const text = known.map((part) => part.text).join(" AND ");
  return { text: known.length === 1 ? text : `(${text})`, whole: all };
}

function or(parts: readonly Query[]): Lucene | undefined {
  const known = parts.map(of).filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  const text = known.map((part) => part.text).join(" OR ");
  return { text: `(${text})`, whole: known.every((part) => part.whole) };
}

function word(text: string, prefix: boolean): Lucene | undefined {
  if (!prefix) return whole(`message:${quoted(text)}`);
  return TOKEN.test(text) ? whole(`message:${escaped(text.toLowerCase())}*`) : undefined;
}

function wildcard(field: string, pattern: string): Lucene | undefined {
  if (pattern === "*") return whole(`_exists_:${fieldName(field)}`);
  const pieces = patternPieces(pattern);
  if (field === "message") {
    // In the message a pattern of Lucene's looks at one word; any piece there is inside one.
    const inner = pieces.filter((piece) => piece !== "");
    if (inner.length !== 1 || !TOKEN.test(inner[0])) return undefined;
    return whole(`message:*${escaped(inner[0].toLowerCase())}*`);
  }
  if (NUMBERS.has(field)) return undefined;
  return whole(`${fieldName(field)}:${pieces.map(escaped).join("*")}`);
}

function regex(field: string, source: string): Lucene | undefined {
  if (field === "message" || NUMBERS.has(field) || !SAME_REGEX.test(source)) return undefined;
  // Lucene's fits the whole value, and ends at a slash without a backslash.
  const inner = source.replaceAll("\\/", "/").replaceAll("/", "\\/");
  return whole(`${fieldName(field)}:/.*(${inner}).*/`);
}

function range(query: Query & { kind: "range" }): Lucene | undefined {
  const { field, above, below, aboveInclusive, belowInclusive } = query;
  if (field === "message") return undefined;
  // Fields of the lines are text there: 9 would be greater than 10.
  const bounds = [above, below].filter((bound) => bound !== undefined);
  if (!FIELDS.has(field) && bounds.some((bound) => Number.isFinite(Number(bound)))) {
    return undefined;
  }
  const side = (bound: string | undefined) => bound === undefined ? "*" : quoted(bound);
  const from = aboveInclusive || above === undefined ? "[" : "{";
  const to = belowInclusive || below === undefined ? "]" : "}";
  return whole(`${fieldName(field)}:${from}${side(above)} TO ${side(below)}${to}`);
}

/** As documents in Elasticsearch have it: what is found in lines stands below `fields`. */
function fieldName(field: string): string {
  const name = FIELDS.has(field) || field.startsWith("fields.") ? field : `fields.${field}`;
  return escaped(name);
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** Whatever may mean something outside quotes, with a backslash before it; `<` and `>` have no escape and become `?`. */
function escaped(text: string): string {
  return text.replace(/[-+=&|!(){}[\]^"~*?\\:/\s]/g, "\\$&").replace(/[<>]/g, "?");
}
