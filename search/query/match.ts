/**
 * What a query means: a function that says of a document whether it fits. Every store gives the same answers;
 * this is the reference, and what stores without an index of their own use. See GRAMMAR.md for the meaning.
 */
import type { Document, Query } from "../../core/ports/document_store.ts";
import { fieldValue, ignoresCase, TIME_FIELDS } from "./fields.ts";
import { compileRegex } from "./regex.ts";
import { patternPieces } from "./terms.ts";
import { findWord } from "./words.ts";

/** A document and its message in lower case, made when first asked for. */
interface Subject {
  document: Document;
  lower: string | undefined;
}

type Test = (subject: Subject) => boolean;

/** Compiles a query once for many documents. Throws QUERY_INVALID nowhere: the parser has checked it. */
export function compileMatch(query: Query): (document: Document) => boolean {
  const test = compile(query);
  return (document) => test({ document, lower: undefined });
}

function compile(query: Query): Test {
  switch (query.kind) {
    case "all":
      return () => true;
    case "word": {
      const word = query.text.toLowerCase(), prefix = query.prefix;
      return (subject) => findWord(lowerOf(subject), word, prefix) >= 0;
    }
    case "phrase": {
      const text = query.text.toLowerCase();
      return (subject) => lowerOf(subject).includes(text);
    }
    case "regex": {
      const regex = compileRegex(query.source), field = query.field;
      return ({ document }) => {
        const value = fieldValue(document, field);
        return value !== undefined && regex.test(value);
      };
    }
    case "equals":
      return compileEquals(query.field, query.value);
    case "wildcard":
      return compileWildcard(query.field, query.pattern);
    case "range":
      return compileRange(query);
    case "and": {
      const tests = query.parts.map(compile);
      return (subject) => tests.every((test) => test(subject));
    }
    case "or": {
      const tests = query.parts.map(compile);
      return (subject) => tests.some((test) => test(subject));
    }
    case "not": {
      const test = compile(query.part);
      return (subject) => !test(subject);
    }
  }
}

function lowerOf(subject: Subject): string {
  return subject.lower ??= subject.document.message.toLowerCase();
}

function compileEquals(field: string, value: string): Test {
  const fold = ignoresCase(field);
  const wanted = fold ? value.toLowerCase() : value;
  return ({ document }) => {
    const found = fieldValue(document, field);
    return found !== undefined && (fold ? found.toLowerCase() : found) === wanted;
  };
}

function compileWildcard(field: string, pattern: string): Test {
  if (pattern === "*") return ({ document }) => fieldValue(document, field) !== undefined;
  const fold = ignoresCase(field);
  const matches = wildcardMatcher(fold ? pattern.toLowerCase() : pattern);
  return (subject) => {
    const found = field === "message" ? lowerOf(subject) : fieldValue(subject.document, field);
    return found !== undefined && matches(fold ? found.toLowerCase() : found);
  };
}

/** Matches whole values; the leftmost place for each piece is enough, so it costs one pass. */
export function wildcardMatcher(pattern: string): (value: string) => boolean {
  const pieces = patternPieces(pattern);
  const first = pieces[0], last = pieces[pieces.length - 1];
  if (pieces.length === 1) return (value) => value === first;
  const inner = pieces.slice(1, -1).filter((piece) => piece !== "");
  return (value) => {
    if (value.length < first.length + last.length) return false;
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    const end = value.length - last.length;
    let at = first.length;
    for (const piece of inner) {
      const found = value.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}

function compileRange(query: Query & { kind: "range" }): Test {
  const { field, above, below, aboveInclusive, belowInclusive } = query;
  const time = TIME_FIELDS.has(field);
  const low = above === undefined ? undefined : comparer(above, time);
  const high = below === undefined ? undefined : comparer(below, time);
  return ({ document }) => {
    const found = fieldValue(document, field);
    if (found === undefined) return false;
    if (low !== undefined) {
      const order = low(found);
      if (order < 0 || (order === 0 && !aboveInclusive)) return false;
    }
    if (high !== undefined) {
      const order = high(found);
      if (order > 0 || (order === 0 && !belowInclusive)) return false;
    }
    return true;
  };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The number a text stands for, or undefined. */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? Number(trimmed) : undefined;
}

/** Compares a found value with the bound: below 0, 0, above 0. Numbers as numbers where both are. */
function comparer(bound: string, time: boolean): (found: string) => number {
  if (time) {
    const ms = Date.parse(bound);
    return (found) => Date.parse(found) - ms;
  }
  const number = numberOf(bound);
  return (found) => {
    const other = number === undefined ? undefined : numberOf(found);
    if (number !== undefined && other !== undefined) return other - number;
    return found < bound ? -1 : found > bound ? 1 : 0;
  };
}
