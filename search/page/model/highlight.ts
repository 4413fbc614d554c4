/** Which characters of a message the query (or the words to highlight) found. */
import type { Query } from "../../../core/ports/document_store.ts";
import { compileRegex } from "../../query/regex.ts";
import { patternPieces } from "../../query/terms.ts";
import { findWord } from "../../query/words.ts";

/** Finds ranges in a text; at most 100 of them. */
export type Finder = (text: string) => [number, number][];

const RANGES_MAX = 100;
/** Only this much of a message is looked at: it is about colour, not about finding. */
const CHARS_MAX = 10_000;

/** What a query looks for in messages, its negated parts left out. */
export function finderOf(query: Query, also = ""): Finder {
  const finders: ((text: string, lower: string, add: Add) => void)[] = [];
  collect(query, finders);
  if (also !== "") finders.push(phraseFinder(also));
  return (text) => {
    if (finders.length === 0) return [];
    const cut = text.length > CHARS_MAX ? text.slice(0, CHARS_MAX) : text;
    const lower = cut.toLowerCase();
    // Where lower case has another length, places would not fit.
    if (lower.length !== cut.length) return [];
    const ranges: [number, number][] = [];
    for (const find of finders) {
      find(cut, lower, (from, to) => {
        if (to > from && ranges.length < RANGES_MAX) ranges.push([from, to]);
        return ranges.length < RANGES_MAX;
      });
    }
    return merged(ranges);
  };
}

/** Takes a range; false where there are enough. */
type Add = (from: number, to: number) => boolean;

function collect(
  query: Query,
  into: ((text: string, lower: string, add: Add) => void)[],
): void {
  if (query.kind === "and" || query.kind === "or") {
    for (const part of query.parts) collect(part, into);
  } else if (query.kind === "word") {
    const word = query.text.toLowerCase();
    into.push((_, lower, add) => {
      for (let at = 0; (at = findWord(lower, word, query.prefix, at)) >= 0; at += word.length) {
        if (!add(at, at + word.length)) return;
      }
    });
  } else if (query.kind === "phrase") into.push(phraseFinder(query.text));
  else if (query.kind === "wildcard" && query.field === "message") {
    for (const piece of patternPieces(query.pattern)) {
      if (piece !== "") into.push(phraseFinder(piece));
    }
  } else if (query.kind === "regex" && query.field === "message") {
    const regex = compileRegex(query.source, "g");
    into.push((text, _, add) => {
      for (const match of text.matchAll(regex)) {
        if (!add(match.index, match.index + match[0].length)) return;
      }
    });
  }
}

function phraseFinder(text: string) {
  const phrase = text.toLowerCase();
  return (_: string, lower: string, add: Add) => {
    for (let at = 0; (at = lower.indexOf(phrase, at)) >= 0; at += phrase.length) {
      if (!add(at, at + phrase.length)) return;
    }
  };
}

function merged(ranges: [number, number][]): [number, number][] {
  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const result: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = result[result.length - 1];
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}
