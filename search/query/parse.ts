/**
 * The one parser of the query language; GRAMMAR.md is its specification. A text gives a Query or a QueryError
 * that points at the column; nothing in between. Length, depth and number of parts are bounded.
 */
import type { Query } from "../../core/ports/document_store.ts";
import { ALL, allOf, anyOf, noneOf } from "./build.ts";
import { fullName } from "./fields.ts";
import { QueryError } from "./query_error.ts";
import { regexFault } from "./regex.ts";
import {
  equalsTerm,
  patternPieces,
  patternTerm,
  phraseTerm,
  rangeTerm,
  wordTerm,
} from "./terms.ts";

/** Longest query, in UTF-16 units. */
export const QUERY_CHARS_MAX = 8192;
/** Deepest nesting of parentheses and NOT. */
export const QUERY_DEPTH_MAX = 32;
/** Most words, phrases and fields in one query. */
export const QUERY_PARTS_MAX = 256;
const STARS_MAX = 16;

/** Reads a query; an empty one is every document. Throws QueryError (QUERY_INVALID). */
export function parseQuery(text: string): Query {
  if (text.length > QUERY_CHARS_MAX) {
    throw new QueryError(
      text,
      QUERY_CHARS_MAX,
      `a query has at most ${QUERY_CHARS_MAX} characters, this one ${text.length}`,
      "Shorten the query.",
    );
  }
  return new Parser(text).parse();
}

const SPACE = /\s/;
const FIELD_NAME = /[\p{L}\p{N}_@.-]/u;

/** A run of characters with its escapes undone. */
interface Raw {
  /** Characters; `*` that were not escaped are marked in `stars`. */
  text: string;
  stars: number[];
  /** Where it began in the query. */
  at: number;
}

class Parser {
  #at = 0;
  #depth = 0;
  #parts = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Query {
    this.#skipSpace();
    if (this.#done()) return ALL;
    const query = this.#or(undefined);
    if (!this.#done()) {
      this.#fail(
        this.#at,
        'there is no "(" for this ")"',
        "Remove it, or put it in double quotes to search for the character.",
      );
    }
    return query;
  }

  #or(field: string | undefined): Query {
    const parts = [this.#and(field)];
    while (this.#takeKeyword("OR")) parts.push(this.#and(field));
    return anyOf(parts);
  }

  #and(field: string | undefined): Query {
    const parts = [this.#not(field)];
    for (;;) {
      const joined = this.#takeKeyword("AND");
      if (!joined && (this.#done() || this.#peek() === ")" || this.#keyword("OR"))) break;
      parts.push(this.#not(field));
    }
    return allOf(parts);
  }

  #not(field: string | undefined): Query {
    const start = this.#at;
    if (this.#takeKeyword("NOT")) return this.#negated(field, start);
    if (this.#peek() === "-" && this.#startsTerm(this.#at + 1)) {
      this.#at++;
      return this.#negated(field, start);
    }
    return this.#primary(field);
  }

  #negated(field: string | undefined, start: number): Query {
    this.#enter(start);
    const part = this.#not(field);
    this.#depth--;
    return noneOf(part);
  }

  #primary(field: string | undefined): Query {
    this.#skipSpace();
    const start = this.#at;
    for (const word of ["AND", "OR"]) {
      if (this.#keyword(word)) {
        this.#fail(
          start,
          `${word} stands where a word or a field is expected`,
          `Put something before ${word}, or write "${word}" in quotes to search for it.`,
        );
      }
    }
    if (this.#done()) {
      this.#fail(
        start,
        "something is missing here",
        "Write a word, a phrase or a field behind it.",
      );
    }
    const char = this.#peek();
    if (char === ")") {
      this.#fail(
        start,
        'nothing stands before this ")"',
        "Put a condition inside the parentheses, or remove them.",
      );
    }
    if (char === "(") return this.#parentheses(field);
    if (++this.#parts > QUERY_PARTS_MAX) {
      this.#fail(start, `more than ${QUERY_PARTS_MAX} conditions`, "Split the query.");
    }
    const term = field === undefined ? this.#term() : this.#value(field);
    this.#skipSpace();
    return term;
  }

  #parentheses(field: string | undefined): Query {
    const start = this.#at;
    this.#enter(start);
    this.#at++;
    this.#skipSpace();
    const inner = this.#or(field);
    if (this.#peek() !== ")") {
      this.#fail(start, 'this "(" is never closed', 'Add ")" at the end.');
    }
    this.#at++;
    this.#depth--;
    this.#skipSpace();
    return inner;
  }

  #term(): Query {
    const name = this.#fieldName();
    if (name === undefined) return this.#value("message");
    const field = fullName(name.text);
    const next = this.#peek();
    if (next === "" || SPACE.test(next) || next === ")") {
      this.#fail(
        this.#at,
        `field "${name.text}" has no value`,
        `Write the value without a space, such as ${name.text}:x; or "${name.text}:" in quotes ` +
          "to search for the text.",
      );
    }
    if (next === "(") return this.#parentheses(field);
    return this.#value(field);
  }

  /** Reads `name:` where one stands here, else reads nothing. */
  #fieldName(): Raw | undefined {
    let text = "", at = this.#at;
    for (; at < this.#text.length; at++) {
      let char = this.#text[at];
      if (char === ":") break;
      if (char === "\\" && at + 1 < this.#text.length) {
        text += this.#text[++at];
        continue;
      }
      if (char >= "\ud800" && char <= "\udbff") char += this.#text[at + 1] ?? "";
      if (!FIELD_NAME.test(char)) return undefined;
      if (text === "" && !/[\p{L}_@]/u.test(char)) return undefined;
      text += char;
      at += char.length - 1;
    }
    if (text === "" || this.#text[at] !== ":") return undefined;
    // "std::string" and "https://host" are words.
    const rest = this.#text.slice(at + 1, at + 3);
    if (rest[0] === ":" || rest === "//") return undefined;
    const raw = { text, stars: [], at: this.#at };
    this.#at = at + 1;
    return raw;
  }

  #value(field: string): Query {
    const start = this.#at;
    const char = this.#peek();
    if (char === '"') {
      const text = this.#quoted();
      if (field === "message" && text === "") {
        this.#fail(start, "the phrase is empty", "Write something between the quotes.");
      }
      return field === "message" ? phraseTerm(text) : equalsTerm(field, text);
    }
    if (char === "/") {
      const source = this.#regex();
      if (source !== undefined) return { kind: "regex", source, field };
    }
    if (field !== "message") {
      if (char === "[" || char === "{") return this.#interval(field);
      if (char === "<" || char === ">") return this.#comparison(field);
    }
    const raw = this.#run(/[\s()"]/);
    if (raw.text === "") {
      this.#fail(start, "a value is expected here", "Put text with spaces in double quotes.");
    }
    return field === "message" ? this.#messageWord(raw) : this.#fieldText(field, raw);
  }

  #messageWord(raw: Raw): Query {
    if (raw.stars.length === 0) return wordTerm(raw.text, false);
    if (/^\*+$/.test(raw.text) && raw.stars.length === raw.text.length) return ALL;
    const last = raw.text.length - 1;
    if (raw.stars.length === 1 && raw.stars[0] === last) {
      return wordTerm(raw.text.slice(0, -1), true);
    }
    return this.#pattern("message", raw, true);
  }

  #fieldText(field: string, raw: Raw): Query {
    if (raw.stars.length === 0) return equalsTerm(field, raw.text);
    return this.#pattern(field, raw, false);
  }

  /** The two around a word of the message, which stand there anyway, are not among the 16. */
  #pattern(field: string, raw: Raw, inside: boolean): Query {
    const query = patternTerm(field, raw.text, raw.stars, inside);
    const stars = query.kind === "wildcard" ? patternPieces(query.pattern).length - 1 : 0;
    if (stars - (inside ? 2 : 0) > STARS_MAX) {
      const what = `more than ${STARS_MAX} * in one pattern`;
      this.#fail(raw.at, what, "Use a regular expression, or fewer *.");
    }
    return query;
  }

  /** field:>5 */
  #comparison(field: string): Query {
    const start = this.#at;
    const above = this.#peek() === ">";
    this.#at++;
    const inclusive = this.#peek() === "=";
    if (inclusive) this.#at++;
    const value = this.#bound(/[\s()"]/);
    const side = { value: value.text, inclusive };
    return this.#range(field, above ? side : undefined, above ? undefined : side, start);
  }

  /** field:[a TO b], with { and } where the bound itself is left out. */
  #interval(field: string): Query {
    const start = this.#at;
    const aboveInclusive = this.#peek() === "[";
    this.#at++;
    this.#skipSpace();
    const low = this.#bound(/[\s\]}"]/);
    this.#skipSpace();
    if (!this.#takeKeyword("TO")) {
      this.#fail(this.#at, "TO is expected here", `Write ${field}:[1 TO 5].`);
    }
    const high = this.#bound(/[\s\]}"]/);
    this.#skipSpace();
    const close = this.#peek();
    if (close !== "]" && close !== "}") {
      this.#fail(start, "this range is never closed", `Write ${field}:[1 TO 5].`);
    }
    this.#at++;
    return this.#range(
      field,
      low.open ? undefined : { value: low.text, inclusive: aboveInclusive },
      high.open ? undefined : { value: high.text, inclusive: close === "]" },
      start,
    );
  }

  #bound(end: RegExp): { text: string; open: boolean } {
    const start = this.#at;
    if (this.#peek() === '"') return { text: this.#quoted(), open: false };
    const raw = this.#run(end);
    if (raw.text === "") {
      this.#fail(
        start,
        "a value is expected here",
        "A bound is a number or a text, or * for none.",
      );
    }
    return { text: raw.text, open: raw.text === "*" && raw.stars.length === 1 };
  }

  #range(field: string, above?: Side, below?: Side, start = this.#at): Query {
    const result = rangeTerm(field, above, below);
    if ("fault" in result) this.#fail(start, result.fault, result.hint);
    return result.query;
  }

  #quoted(): string {
    const start = this.#at;
    let text = "";
    for (this.#at++; !this.#done(); this.#at++) {
      const char = this.#peek(), next = this.#text[this.#at + 1];
      if (char === '"') {
        this.#at++;
        return text;
      }
      if (char === "\\" && (next === '"' || next === "\\")) {
        text += next;
        this.#at++;
      } else text += char;
    }
    this.#fail(
      start,
      "this quote is never closed",
      'Add " at the end; write \\" for the character.',
    );
  }

  /**
   * `/source/` or `/source/i`, closed by a slash behind which the term ends. Where there is none it is no
   * regular expression: people paste paths.
   */
  #regex(): string | undefined {
    const start = this.#at;
    let source = "", at = start + 1;
    for (; at < this.#text.length && this.#text[at] !== "/"; at++) {
      if (this.#text[at] !== "\\" || at + 1 >= this.#text.length) source += this.#text[at];
      else {
        at++;
        source += this.#text[at] === "/" ? "/" : `\\${this.#text[at]}`;
      }
    }
    if (this.#text[at] !== "/") return undefined;
    const ignoreCase = this.#text[at + 1] === "i";
    const end = at + (ignoreCase ? 2 : 1);
    if (end < this.#text.length && !/[\s)]/.test(this.#text[end])) return undefined;
    const fault = regexFault(source);
    if (fault !== undefined) {
      this.#fail(
        start + 1 + Math.min(fault.at, source.length),
        fault.message,
        "GRAMMAR.md lists what a regular expression may hold; escape a slash as \\/.",
      );
    }
    this.#at = end;
    return ignoreCase ? `(?i:${source})` : source;
  }

  /** Reads up to a character of `end` that is not escaped. */
  #run(end: RegExp): Raw {
    const raw: Raw = { text: "", stars: [], at: this.#at };
    for (; !this.#done() && !end.test(this.#peek()); this.#at++) {
      if (this.#peek() === "\\" && this.#at + 1 < this.#text.length) {
        this.#at++;
      } else if (this.#peek() === "*") raw.stars.push(raw.text.length);
      raw.text += this.#peek();
    }
    return raw;
  }

  #keyword(word: string): boolean {
    this.#skipSpace();
    if (!this.#text.startsWith(word, this.#at)) return false;
    const next = this.#text[this.#at + word.length];
    return next === undefined || /[\s()]/.test(next);
  }

  #takeKeyword(word: string): boolean {
    const found = this.#keyword(word);
    if (!found) return false;
    const start = this.#at;
    this.#at += word.length;
    this.#skipSpace();
    if (this.#done() || this.#peek() === ")") {
      this.#at = start;
      this.#missing(word);
    }
    return true;
  }

  #missing(word: string): never {
    this.#fail(
      this.#at,
      `nothing follows this ${word}`,
      `Put a condition behind it, or write "${word}" in quotes to search for it.`,
    );
  }

  #startsTerm(at: number): boolean {
    return at < this.#text.length && !/[\s)]/.test(this.#text[at]);
  }

  #enter(at: number): void {
    if (++this.#depth > QUERY_DEPTH_MAX) {
      this.#fail(at, `nested deeper than ${QUERY_DEPTH_MAX}`, "Take some parentheses out.");
    }
  }

  #skipSpace(): void {
    while (!this.#done() && SPACE.test(this.#text[this.#at])) this.#at++;
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #done(): boolean {
    return this.#at >= this.#text.length;
  }

  #fail(at: number, detail: string, hint: string): never {
    throw new QueryError(this.#text, at, detail, hint);
  }
}

interface Side {
  value: string;
  inclusive: boolean;
}
