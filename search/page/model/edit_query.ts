/** Clicks as changes of the query: a value is included, excluded or taken back; the text stays the one truth. */
import type { Query } from "../../../core/ports/document_store.ts";
import { allOf, anyOf, noneOf } from "../../query/build.ts";
import { fullName } from "../../query/fields.ts";
import { parseQuery } from "../../query/parse.ts";
import { printPart, printQuery } from "../../query/print.ts";
import { equalsTerm } from "../../query/terms.ts";

/** Whether a query includes or excludes a value at its top. */
export type Choice = "include" | "exclude" | undefined;

function partsOf(query: Query): Query[] {
  return query.kind === "and" ? [...query.parts] : query.kind === "all" ? [] : [query];
}

/** Values that one part includes: `field:a`, or `field:(a OR b)`; undefined where it is something else. */
function valuesOf(part: Query, field: string): string[] | undefined {
  if (part.kind === "equals" && part.field === field) return [part.value];
  if (part.kind !== "or") return undefined;
  const values = part.parts.map((one) =>
    one.kind === "equals" && one.field === field ? one.value : undefined
  );
  return values.includes(undefined) ? undefined : values as string[];
}

function read(text: string): Query | undefined {
  try {
    return parseQuery(text);
  } catch {
    // A query that cannot be read has its error on the screen already.
    return undefined;
  }
}

/** How the query treats a value. */
export function choiceOf(text: string, name: string, value: string): Choice {
  const query = read(text);
  return query === undefined ? undefined : choiceIn(query, fullName(name), value);
}

function choiceIn(query: Query, field: string, value: string): Choice {
  const wanted = equalsTerm(field, value) as Query & { kind: "equals" };
  for (const part of partsOf(query)) {
    if (valuesOf(part, field)?.includes(wanted.value)) return "include";
    if (part.kind === "not" && valuesOf(part.part, field)?.includes(wanted.value)) return "exclude";
  }
  return undefined;
}

/** Values of a field that the query includes at its top. */
export function includedValues(text: string, name: string): string[] {
  const query = read(text);
  if (query === undefined) return [];
  return partsOf(query).flatMap((part) => valuesOf(part, fullName(name)) ?? []);
}

/**
 * The query with a value included or excluded, or without it where it was so already. Included values of one field
 * add up with OR. A query that cannot be read is left as it is.
 */
export function toggleValue(
  text: string,
  name: string,
  value: string,
  choice: "include" | "exclude",
): string {
  const query = read(text);
  if (query === undefined) return text;
  const field = fullName(name);
  const before = choiceIn(query, field, value);
  const term = equalsTerm(field, value) as Query & { kind: "equals" };
  let parts = partsOf(query).flatMap((part) => {
    const inner = part.kind === "not" ? part.part : part;
    const values = valuesOf(inner, field);
    if (values === undefined || !values.includes(term.value)) return [part];
    const left = values.filter((one) => one !== term.value)
      .map((one): Query => ({ kind: "equals", field, value: one }));
    if (left.length === 0) return [];
    return [part.kind === "not" ? noneOf(anyOf(left)) : anyOf(left)];
  });
  // A line with this level and without any would be none at all.
  if (field === "log.level" && choice === "include") parts = parts.filter((part) => !isNone(part));
  if (before !== choice) {
    const place = choice === "include"
      ? parts.findIndex((part) => valuesOf(part, field) !== undefined)
      : -1;
    if (place >= 0) {
      parts = parts.map((part, i) => i === place ? anyOf([part, term]) : part);
    } else parts.push(choice === "include" ? term : noneOf(term));
  }
  return parts.length === 0 ? "" : printQuery(allOf(parts));
}

const isNone = (part: Query) =>
  part.kind === "not" && part.part.kind === "wildcard" && part.part.field === "log.level" &&
  part.part.pattern === "*";

/** Whether the query asks for lines without a level, at its top. */
export function wantsNoLevel(text: string): boolean {
  const query = read(text);
  return query !== undefined && partsOf(query).some(isNone);
}

/** The query for lines without a level, and for no other level; or without that where it was so already. */
export function toggleNoLevel(text: string): string {
  const query = read(text);
  if (query === undefined) return text;
  const parts = partsOf(query).filter((part) =>
    !isNone(part) && valuesOf(part, "log.level") === undefined
  );
  if (!partsOf(query).some(isNone)) {
    parts.push(noneOf({ kind: "wildcard", field: "log.level", pattern: "*" }));
  }
  return parts.length === 0 ? "" : printQuery(allOf(parts));
}

/** The query with one more condition; text that cannot be read is put in parentheses no more than it was. */
export function withCondition(text: string, condition: string): string {
  const query = read(text);
  if (query === undefined || query.kind === "all") return condition;
  return printQuery(allOf([query, parseQuery(condition)]));
}

/** The conditions that all must hold, as text; none where there is one alone, or the query cannot be read. */
export function conditionsOf(text: string): string[] {
  const query = read(text);
  return query === undefined || query.kind !== "and" ? [] : query.parts.map(printPart);
}

/** The query without its condition at this place of conditionsOf(). */
export function withoutCondition(text: string, at: number): string {
  const query = read(text);
  if (query === undefined) return text;
  const parts = partsOf(query).filter((_, i) => i !== at);
  return parts.length === 0 ? "" : printQuery(allOf(parts));
}
