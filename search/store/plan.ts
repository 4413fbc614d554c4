/**
 * How a query is answered from blocks: which tokens a block must hold (so that most blocks are
 * never read), and which lines of a block fit, found on the text of the whole block at once where
 * that is possible. The answers are those of search/query/match.ts; what has no fast way here is
 * asked of it, document by document.
 */
import type { Document, Query } from "../../core/ports/document_store.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { DOCUMENT_FIELDS, ignoresCase } from "../query/fields.ts";
import { compileMatch } from "../query/match.ts";
import { compileRegex } from "../query/regex.ts";
import { patternPieces } from "../query/terms.ts";
import { isBoundary } from "../query/words.ts";
import { blockRegex, requiredLiterals } from "./block_regex.ts";
import { ESCAPE_TOKEN, indexTokens, tokenHash } from "./tokens.ts";

/** Tokens that a block must hold; `undefined`: nothing is known. */
export type Need =
  | { hashes: readonly number[] }
  | { any: readonly Need[] }
  | { every: readonly Need[] }
  | undefined;

/** Where in a text (a whole block, lines apart by line feeds) something stands; -1 for nowhere. */
export interface Finder {
  /** Looks in the text in lower case. */
  lower: boolean;
  find(text: string, from: number): number;
  /** The same for a text of ASCII characters alone, in any case: quicker where it is there. */
  findAscii?: (text: string, from: number) => number;
  /** Where set, a line that was found still has to pass. */
  verify?: (line: string) => boolean;
}

export type Plan =
  | { kind: "all" }
  /** Lines that hold something. */
  | { kind: "text"; need: Need; finder: Finder; match: (document: Document) => boolean }
  /** The same for all lines of a run: what depends on the source alone. */
  | { kind: "run"; match: (document: Document) => boolean }
  /** By level code. */
  | { kind: "level"; codes: readonly boolean[] }
  /**
   * Asked of each document; only of lines that hold `literal` (or an escape), where that is set.
   */
  | { kind: "document"; need: Need; literal?: string; match: (document: Document) => boolean }
  | { kind: "and" | "or"; parts: readonly Plan[] }
  | { kind: "not"; part: Plan };

/** Fields that are the same in all lines of a run. */
const RUN_FIELDS: ReadonlySet<string> = new Set([
  "topic",
  "host.name",
  "log.file.path",
  "log.file.generation",
  "event.dataset",
  "event.created",
  "event.ingested",
]);

export function planOf(query: Query): Plan {
  switch (query.kind) {
    case "all":
      return { kind: "all" };
    case "word":
      return wordPlan(query);
    case "phrase":
      return phrasePlan(query);
    case "and":
    case "or":
      return { kind: query.kind, parts: query.parts.map(planOf) };
    case "not":
      return { kind: "not", part: planOf(query.part) };
    default:
      return fieldPlan(query);
  }
}

function wordPlan(query: Query & { kind: "word" }): Plan {
  const word = query.text.toLowerCase(), prefix = query.prefix;
  const match = compileMatch(query);
  if (word === "" || word.includes("\n")) return { kind: "document", need: undefined, match };
  const whole = (text: string, at: number) =>
    isBoundary(text, at) && (prefix || isBoundary(text, at + word.length));
  const finder: Finder = {
    lower: true,
    find: (text, from) => {
      for (let at = text.indexOf(word, from); at >= 0; at = text.indexOf(word, at + 1)) {
        if (whole(text, at)) return at;
      }
      return -1;
    },
  };
  const ascii = asciiFinder(word);
  if (ascii !== undefined) {
    finder.findAscii = (text, from) => {
      for (let at = ascii(text, from); at >= 0; at = ascii(text, at + 1)) {
        if (whole(text, at)) return at;
      }
      return -1;
    };
  }
  return { kind: "text", need: needOf(word, true, !prefix), finder, match };
}

function phrasePlan(query: Query & { kind: "phrase" }): Plan {
  const phrase = query.text.toLowerCase();
  const match = compileMatch(query);
  if (phrase === "" || phrase.includes("\n")) return { kind: "document", need: undefined, match };
  const finder: Finder = { lower: true, find: (text, from) => text.indexOf(phrase, from) };
  const ascii = asciiFinder(phrase);
  if (ascii !== undefined) finder.findAscii = ascii;
  return { kind: "text", need: needOf(phrase, false, false), finder, match };
}

/**
 * Looks for an ASCII text in any case in ASCII text; the engine's own search skips most characters.
 */
function asciiFinder(part: string): Finder["findAscii"] {
  if (!/^[\u0020-\u007e]+$/.test(part)) return undefined;
  const regex = new RegExp(part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "gi");
  return (text, from) => {
    regex.lastIndex = from;
    return regex.test(text) ? regex.lastIndex - part.length : -1;
  };
}

/** Characters of logs, common ones first; what is not among them is rare. */
const COMMON = ' etaoinsr/.-:"0123456789,=_clduphmgfwbyvkxjqz';

/** The part of a literal that begins with its rarest character: the search for that is quickest. */
function rarestPart(literal: string): string {
  let best = 0, rank = -1;
  for (let i = 0; i + 3 <= literal.length; i++) {
    const place = COMMON.indexOf(literal[i]);
    const rarity = place < 0 ? COMMON.length : place;
    if (rarity > rank) {
      best = i;
      rank = rarity;
    }
  }
  return literal.slice(best);
}

/**
 * The tokens that a text holds which holds `part`; the first and the last token of it may be the
 * middle of a longer one unless its side is `whole`.
 */
function needOf(part: string, wholeStart: boolean, wholeEnd: boolean): Need {
  // A neighbour on each side tells which tokens are surely whole: "x" joins a run of letters.
  const text = `${wholeStart ? " " : "x"}${part}${wholeEnd ? " " : "x"}`;
  const inner = new Set(indexTokens(text));
  const plain = indexTokens(part);
  const hashes = plain.filter((token) => inner.has(token)).map(tokenHash);
  return hashes.length === 0 ? undefined : { hashes: [...new Set(hashes)] };
}

type FieldQuery = Query & { kind: "regex" | "equals" | "wildcard" | "range" };

function fieldPlan(query: FieldQuery): Plan {
  const match = compileMatch(query);
  const field = query.field;
  if (RUN_FIELDS.has(field)) return { kind: "run", match };
  if (field === "log.level") {
    const codes = LEVEL_NAMES.map((name) =>
      match({ "log.level": name === "" ? undefined : name } as unknown as Document)
    );
    return { kind: "level", codes };
  }
  if (field === "message") return messagePlan(query, match);
  if (DOCUMENT_FIELDS.includes(field)) return { kind: "document", need: undefined, match };
  return foundFieldPlan(query, match);
}

function messagePlan(query: FieldQuery, match: (document: Document) => boolean): Plan {
  if (query.kind === "regex") return regexPlan(query, match);
  const pieces = query.kind === "equals"
    ? [query.value]
    : query.kind === "wildcard"
    ? patternPieces(query.pattern)
    : [];
  const longest = pieces.reduce((a, b) => a.length >= b.length ? a : b, "").toLowerCase();
  if (longest === "" || longest.includes("\n")) return { kind: "document", need: undefined, match };
  return {
    kind: "and",
    parts: [
      phrasePlan({ kind: "phrase", text: longest }),
      { kind: "document", need: undefined, match },
    ],
  };
}

function regexPlan(
  query: Query & { kind: "regex" },
  match: (document: Document) => boolean,
): Plan {
  const literals = requiredLiterals(query.source);
  const every = literals.map((literal) => needOf(literal.toLowerCase(), false, false))
    .filter((need) => need !== undefined);
  const need: Need = every.length === 0 ? undefined : { every };
  const longest = literals.reduce((a, b) => a.length >= b.length ? a : b, "");
  const exact = compileRegex(query.source);
  // The engine looks for a literal at the beginning by itself.
  if (longest !== "" && !query.source.startsWith(longest)) {
    return { kind: "text", need, finder: literalFinder(rarestPart(longest), exact), match };
  }
  const fast = blockRegex(query.source);
  if (fast === undefined) return { kind: "document", need, match };
  const finder: Finder = {
    lower: false,
    find: (text, from) => {
      fast.regex.lastIndex = from;
      return fast.regex.exec(text)?.index ?? -1;
    },
  };
  if (fast.anchored) finder.verify = (line) => exact.test(line);
  return { kind: "text", need, finder, match };
}

/** Finds the literal first, and asks the expression about the lines that hold it. */
function literalFinder(literal: string, exact: RegExp): Finder {
  return {
    lower: false,
    find: (text, from) => {
      for (let at = text.indexOf(literal, from); at >= 0;) {
        const start = at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1,
          end = text.indexOf("\n", at);
        if (exact.test(text.slice(start, end))) return at;
        at = text.indexOf(literal, end);
      }
      return -1;
    },
  };
}

/** A field of the line itself, or a static one. */
function foundFieldPlan(query: FieldQuery, match: (document: Document) => boolean): Plan {
  const name = query.field.startsWith("fields.") ? query.field.slice(7) : query.field;
  const tokens = simple(name) ? indexTokens(name) : [];
  let literal: string | undefined;
  if (query.kind === "equals" && simple(query.value) && !ignoresCase(query.field)) {
    tokens.push(...indexTokens(query.value));
    literal = query.value;
  } else if (simple(name)) literal = name.slice(name.lastIndexOf(".") + 1);
  // Letters may be written as \\u0041 in JSON: such a line is looked at in any case.
  const need: Need = tokens.length === 0
    ? undefined
    : { any: [{ hashes: tokens.map(tokenHash) }, { hashes: [ESCAPE_TOKEN] }] };
  return { kind: "document", need, match, ...(literal && { literal }) };
}

/**
 * True for a text that stands in JSON and logfmt as it is: no escapes, and no number with an
 * exponent or fraction.
 */
function simple(text: string): boolean {
  return /^[A-Za-z0-9_.:@-]+$/.test(text) && !/^[+-]?(\d+\.\d*|\.\d+|\d{16,})$/.test(text);
}

/**
 * What a block must hold so that a line of it can fit.
 * @param staticFields true for a block with sources that have static fields: those stand in no text
 */
export function planNeed(plan: Plan, staticFields: boolean): Need {
  switch (plan.kind) {
    case "text":
      return plan.need;
    case "document":
      return staticFields ? undefined : plan.need;
    case "and": {
      const every = plan.parts.map((part) => planNeed(part, staticFields))
        .filter((need) => need !== undefined);
      return every.length === 0 ? undefined : { every };
    }
    case "or": {
      const any = plan.parts.map((part) => planNeed(part, staticFields));
      return any.length === 0 || any.includes(undefined) ? undefined : { any };
    }
    default:
      return undefined;
  }
}
