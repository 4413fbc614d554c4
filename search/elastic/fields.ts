/**
 * Conditions on fields. What Elasticsearch has no query for of the same meaning (regular
 * expressions, patterns, numbers in text) is decided here on the different values of the field, of
 * which there mostly are few, and asked as a list of values. Where there are too many, what was not
 * among those looked at is fetched and looked at document by document.
 */
import type { Document, Query } from "../../core/ports/document_store.ts";
import { ignoresCase, TIME_FIELDS } from "../query/fields.ts";
import { compileMatch, numberOf } from "../query/match.ts";
import {
  allOf,
  anyOf,
  type Bounds,
  type Clause,
  everyOf,
  EVERYTHING,
  exactly,
  negated,
  NONE,
  NOTHING,
  notOf,
  someOf,
  UNKNOWN,
} from "./bounds.ts";

export type FieldQuery = Query & { kind: "regex" | "equals" | "wildcard" | "range" };

/** Different values of a field (as Elasticsearch names it); `complete`: there are no others. */
export type Values = (field: string) => Promise<{ values: string[]; complete: boolean }>;

const KEYWORDS: ReadonlySet<string> = new Set([
  "topic",
  "host.name",
  "log.file.path",
  "log.level",
  "event.dataset",
  "log.file.generation",
  "event.parent",
]);
const NUMBERS: ReadonlySet<string> = new Set([
  "log.offset",
  "log.length",
  "kafka.partition",
  "kafka.offset",
]);
/** Every document of a store has them; Elasticsearch leaves them out where they are empty. */
const EMPTY_WHERE_MISSING: ReadonlySet<string> = new Set(["host.name", "log.file.path"]);
/** A document in which a value of a flattened field was too long to be found. */
export const TOO_LONG: Clause = { term: { _ignored: "fields" } };
/** Most values in one condition. */
const TERMS_MAX = 50_000;

export function isFlattened(field: string): boolean {
  return !KEYWORDS.has(field) && !NUMBERS.has(field) && !TIME_FIELDS.has(field) &&
    field !== "_id" && field !== "message";
}

/** Bounds of a condition on any field but the message. */
export async function fieldBounds(query: FieldQuery, values: Values | undefined): Promise<Bounds> {
  const { field } = query;
  if (NUMBERS.has(field)) return numberBounds(query);
  if (TIME_FIELDS.has(field)) return timeBounds(query);
  if (field === "_id") return idBounds(query);
  if (isFlattened(field)) return await foundBounds(query, values);
  if (field === "log.file.generation") return await generationBounds(query, values);
  const bounds = await keywordBounds(query, field, values);
  if (!EMPTY_WHERE_MISSING.has(field)) return bounds;
  return fits(query, "") ? someOf([bounds, exactly(negated(exists(field)))]) : bounds;
}

/** True where a document with this value fits. */
function fits(query: FieldQuery, value: string): boolean {
  const name = query.field;
  return isFlattened(name)
    ? compileMatch(query)({ fields: { [name]: value } } as unknown as Document)
    : compileMatch(query)({ [name]: value } as unknown as Document);
}

/** A keyword, or one field of the flattened ones, under the name that Elasticsearch has for it. */
async function keywordBounds(
  query: FieldQuery,
  name: string,
  values: Values | undefined,
): Promise<Bounds> {
  const direct = directClause(query, name);
  if (direct !== undefined) return exactly(direct);
  const there = exists(name);
  if (values === undefined) return { lower: NONE, upper: there };
  const found = await values(name);
  const fit = found.values.filter((value) => fits(query, value));
  if (found.complete) return exactly(oneOf(name, fit));
  const unfit = found.values.filter((value) => !fits(query, value));
  return {
    lower: oneOf(name, fit),
    upper: allOf([there, negated(oneOf(name, unfit))]),
  };
}

/** The condition as one of Elasticsearch's, where there is one of the same meaning. */
function directClause(query: FieldQuery, name: string): Clause | undefined {
  const fold = ignoresCase(query.field);
  if (query.kind === "equals") {
    if (!fold) return { term: { [name]: { value: query.value } } };
    return ascii(query.value)
      ? { term: { [name]: { value: query.value, case_insensitive: true } } }
      : undefined;
  }
  if (query.kind === "wildcard") return wildcardClause(query.pattern, name, fold);
  // One bound alone is refused for flattened fields by older versions.
  if (query.kind === "range" && !isFlattened(query.field)) return textRange(query, name);
  return undefined;
}

function wildcardClause(pattern: string, name: string, fold: boolean): Clause | undefined {
  if (pattern === "*") return name.includes("*") ? undefined : exists(name);
  const start = /^([^\\*]+)\*$/.exec(pattern)?.[1];
  if (start !== undefined && !fold) return { prefix: { [name]: { value: start } } };
  if (name.startsWith("fields.") || (fold && !ascii(pattern))) return undefined;
  // The same escapes, but that "?" stands for itself.
  const value = pattern.replace(/\\?[\s\S]/g, (one) => one === "?" ? "\\?" : one);
  return { wildcard: { [name]: { value, ...(fold ? { case_insensitive: true } : {}) } } };
}

/** A range of texts; undefined where a bound is a number, or sorts differently there. */
function textRange(query: Query & { kind: "range" }, name: string): Clause | undefined {
  const { above, below } = query;
  for (const bound of [above, below]) {
    if (bound !== undefined && (numberOf(bound) !== undefined || /[\ud800-\uffff]/.test(bound))) {
      return undefined;
    }
  }
  return { range: { [name]: rangeOf(query, above, below) } };
}

function rangeOf<T>(query: Query & { kind: "range" }, above?: T, below?: T): Clause {
  return {
    ...(above === undefined ? {} : { [query.aboveInclusive ? "gte" : "gt"]: above }),
    ...(below === undefined ? {} : { [query.belowInclusive ? "lte" : "lt"]: below }),
  };
}

/** A field of the line: `fields.x` means x, unless a line has a field of that full name. */
async function foundBounds(query: FieldQuery, values: Values | undefined): Promise<Bounds> {
  const { field } = query;
  const own = await foundAs(query, field, values);
  if (!field.startsWith("fields.") || field === "fields.") return own;
  const short = await foundAs(query, field.slice(7), values);
  if (field.includes("*")) return { lower: NONE, upper: anyOf([own.upper, short.upper]) };
  const full: Bounds = { lower: exists(`fields.${field}`), upper: tooLongOr(`fields.${field}`) };
  return someOf([own, everyOf([notOf(full), short])]);
}

async function foundAs(
  query: FieldQuery,
  name: string,
  values: Values | undefined,
): Promise<Bounds> {
  // A star in a name would be a pattern of names.
  if (name.includes("*")) return UNKNOWN;
  const bounds = await keywordBounds(query, `fields.${name}`, values);
  return { lower: bounds.lower, upper: anyOf([bounds.upper, TOO_LONG]) };
}

function tooLongOr(name: string): Clause {
  return anyOf([exists(name), TOO_LONG]);
}

/** Records of other producers have no generation there; readers name them by topic and partition. */
async function generationBounds(
  query: FieldQuery,
  values: Values | undefined,
): Promise<Bounds> {
  const bounds = await keywordBounds(query, query.field, values);
  const missing = negated(exists(query.field));
  if (query.kind === "wildcard" && query.pattern === "*") return EVERYTHING;
  if (query.kind !== "equals") return someOf([bounds, { lower: NONE, upper: missing }]);
  const named = /^(.+)-(0|[1-9]\d{0,9})$/.exec(query.value);
  if (named === null) return bounds;
  const foreign = allOf([
    missing,
    { term: { topic: { value: named[1] } } },
    { term: { "kafka.partition": { value: Number(named[2]) } } },
  ]);
  return someOf([bounds, exactly(foreign)]);
}

const LONG_MAX = 9_007_199_254_740_991;

function numberBounds(query: FieldQuery): Bounds {
  const { field } = query;
  if (query.kind === "equals") {
    const number = Number(query.value);
    const same = Number.isSafeInteger(number) && String(number) === query.value;
    return same ? exactly({ term: { [field]: { value: number } } }) : NOTHING;
  }
  if (query.kind === "wildcard" && query.pattern === "*") return exactly(exists(field));
  if (query.kind !== "range") return { lower: NONE, upper: exists(field) };
  const sides: { above?: number; below?: number } = {};
  for (const side of ["above", "below"] as const) {
    const text = query[side];
    if (text === undefined) continue;
    const number = numberOf(text);
    if (number === undefined) return { lower: NONE, upper: exists(field) };
    if (Math.abs(number) <= LONG_MAX) sides[side] = number;
    else if ((side === "above") === number > 0) return NOTHING;
  }
  if (sides.above === undefined && sides.below === undefined) return exactly(exists(field));
  return exactly({ range: { [field]: rangeOf(query, sides.above, sides.below) } });
}

function timeBounds(query: FieldQuery): Bounds {
  const { field } = query;
  if (query.kind === "equals") {
    const ms = Date.parse(query.value);
    if (Number.isNaN(ms) || new Date(ms).toISOString() !== query.value) return NOTHING;
    return exactly(timeRange(field, { gte: ms, lte: ms }));
  }
  if (query.kind === "wildcard" && query.pattern === "*") return exactly(exists(field));
  if (query.kind !== "range") return { lower: NONE, upper: exists(field) };
  const [above, below] = [query.above, query.below].map((text) =>
    text === undefined ? undefined : Date.parse(text)
  );
  if (Number.isNaN(above) || Number.isNaN(below)) return NOTHING;
  return exactly(timeRange(field, rangeOf(query, above, below)));
}

/** A range of times in ms since 1970. */
export function timeRange(field: string, range: Clause): Clause {
  return { range: { [field]: { ...range, format: "epoch_millis" } } };
}

function idBounds(query: FieldQuery): Bounds {
  if (query.kind === "equals") return exactly({ ids: { values: [query.value] } });
  return query.kind === "wildcard" && query.pattern === "*" ? EVERYTHING : UNKNOWN;
}

export function exists(field: string): Clause {
  return { exists: { field } };
}

function oneOf(field: string, values: readonly string[]): Clause {
  if (values.length === 0) return NONE;
  return { terms: { [field]: values.slice(0, TERMS_MAX) } };
}

function ascii(text: string): boolean {
  return !/[^\u0000-\u007f]/.test(text);
}
