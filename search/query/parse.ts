/**
 * The one parser of the query language; GRAMMAR.md is its specification. A text gives a Query or a QueryError
 * that points at the column; nothing in between. Length, depth and number of parts are bounded.
 */
import type { Query } from "../../core/ports/document_store.ts";
import { ALL, allOf, anyOf, noneOf } from "./build.ts";
import { fullName } from "./fields.ts";
import { QueryError } from "./query_error.ts";
import { type Raw, Scanner } from "./scanner.ts";
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

class Parser {
  #depth = 0;
  #parts = 0;
  readonly #scan: Scanner;

  constructor(text: string) {
    this.#scan = new Scanner(text);
  }

  parse(): Query {
    this.#scan.skipSpace();
    if (this.#scan.done()) return ALL;
    const query = this.#or(undefined);
    if (!this.#scan.done()) {
      this.#scan.fail(
        this.#scan.at,
        'there is no "(" for this ")"',
        "Remove it, or put it in double quotes to search for the character.",
      );
    }
    return query;
  }

  #or(field: string | undefined): Query {
    const parts = [this.#and(field)];
    while (this.#scan.takeKeyword("OR")) parts.push(this.#and(field));
    return anyOf(parts);
  }

  #and(field: string | undefined): Query {
    const parts = [this.#not(field)];
    for (;;) {
      const joined = this.#scan.takeKeyword("AND");
      if (!joined && (this.#scan.done() || this.#scan.peek() === ")" || this.#scan.keyword("OR"))) {
        break;
      }
      parts.push(this.#not(field));
    }
    return allOf(parts);
  }

  #not(field: string | undefined): Query {
    const start = this.#scan.at;
    if (this.#scan.takeKeyword("NOT")) return this.#negated(field, start);
    if (this.#scan.peek() === "-" && this.#scan.startsTerm(1)) {
      this.#scan.skip();
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
    this.#scan.skipSpace();
    const start = this.#scan.at;
    for (const word of ["AND", "OR"]) {
      if (this.#scan.keyword(word)) {
        this.#scan.fail(
          start,
          `${word} stands where a word or a field is expected`,
          `Put something before ${word}, or write "${word}" in quotes to search for it.`,
        );
      }
    }
    if (this.#scan.done()) {
      this.#scan.fail(
        start,
        "something is missing here",
        "Write a word, a phrase or a field behind it.",
      );
    }
    const char = this.#scan.peek();
    if (char === ")") {
      this.#scan.fail(
        start,
        'nothing stands before this ")"',
        "Put a condition inside the parentheses, or remove them.",
      );
    }
    if (char === "(") return this.#parentheses(field);
    if (++this.#parts > QUERY_PARTS_MAX) {
      this.#scan.fail(start, `more than ${QUERY_PARTS_MAX} conditions`, "Split the query.");
    }
    const term = field === undefined ? this.#term() : this.#value(field);
    this.#scan.skipSpace();
    return term;
  }

  #parentheses(field: string | undefined): Query {
    const start = this.#scan.at;
    this.#enter(start);
    this.#scan.skip();
    this.#scan.skipSpace();
    const inner = this.#or(field);
    if (this.#scan.peek() !== ")") {
      this.#scan.fail(start, 'this "(" is never closed', 'Add ")" at the end.');
    }
    this.#scan.skip();
    this.#depth--;
    this.#scan.skipSpace();
    return inner;
  }

  #term(): Query {
    const name = this.#scan.fieldName();
    if (name === undefined) return this.#value("message");
    const field = fullName(name.text);
    if (!this.#scan.startsTerm()) {
      this.#scan.fail(
        this.#scan.at,
        `field "${name.text}" has no value`,
        `Write the value without a space, such as ${name.text}:x; or "${name.text}:" in quotes ` +
          "to search for the text.",
      );
    }
    if (this.#scan.peek() === "(") return this.#parentheses(field);
    return this.#value(field);
  }

  #value(field: string): Query {
    const start = this.#scan.at;
    const char = this.#scan.peek();
    if (char === '"') {
      const text = this.#scan.quoted();
      if (field === "message" && text === "") {
        this.#scan.fail(start, "the phrase is empty", "Write something between the quotes.");
      }
      return field === "message" ? phraseTerm(text) : equalsTerm(field, text);
    }
    if (char === "/") {
      const source = this.#scan.regex();
      if (source !== undefined) return { kind: "regex", source, field };
    }
    if (field !== "message") {
      if (char === "[" || char === "{") return this.#interval(field);
      if (char === "<" || char === ">") return this.#comparison(field);
    }
    const raw = this.#scan.run(/[\s()"]/);
    if (raw.text === "") {
      this.#scan.fail(start, "a value is expected here", "Put text with spaces in double quotes.");
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
      this.#scan.fail(raw.at, what, "Use a regular expression, or fewer *.");
    }
    return query;
  }

  /** field:>5 */
  #comparison(field: string): Query {
    const start = this.#scan.at;
    const above = this.#scan.peek() === ">";
    this.#scan.skip();
    const inclusive = this.#scan.peek() === "=";
    if (inclusive) this.#scan.skip();
    const value = this.#bound(/[\s()"]/);
    const side = { value: value.text, inclusive };
    return this.#range(field, above ? side : undefined, above ? undefined : side, start);
  }

  /** field:[a TO b], with { and } where the bound itself is left out. */
  #interval(field: string): Query {
    const start = this.#scan.at;
    const aboveInclusive = this.#scan.peek() === "[";
    this.#scan.skip();
    this.#scan.skipSpace();
    const low = this.#bound(/[\s\]}"]/);
    this.#scan.skipSpace();
    if (!this.#scan.takeKeyword("TO")) {
      this.#scan.fail(this.#scan.at, "TO is expected here", `Write ${field}:[1 TO 5].`);
    }
    const high = this.#bound(/[\s\]}"]/);
    this.#scan.skipSpace();
    const close = this.#scan.peek();
    if (close !== "]" && close !== "}") {
      this.#scan.fail(start, "this range is never closed", `Write ${field}:[1 TO 5].`);
    }
    this.#scan.skip();
    return this.#range(
      field,
      low.open ? undefined : { value: low.text, inclusive: aboveInclusive },
      high.open ? undefined : { value: high.text, inclusive: close === "]" },
      start,
    );
  }

  #bound(end: RegExp): { text: string; open: boolean } {
    const start = this.#scan.at;
    if (this.#scan.peek() === '"') return { text: this.#scan.quoted(), open: false };
    const raw = this.#scan.run(end);
    if (raw.text === "") {
      this.#scan.fail(
        start,
        "a value is expected here",
        "A bound is a number or a text, or * for none.",
      );
    }
    return { text: raw.text, open: raw.text === "*" && raw.stars.length === 1 };
  }

  #range(field: string, above?: Side, below?: Side, start = this.#scan.at): Query {
    const result = rangeTerm(field, above, below);
    if ("fault" in result) this.#scan.fail(start, result.fault, result.hint);
    return result.query;
  }

  #enter(at: number): void {
    if (++this.#depth > QUERY_DEPTH_MAX) {
      this.#scan.fail(at, `nested deeper than ${QUERY_DEPTH_MAX}`, "Take some parentheses out.");
    }
  }
}

interface Side {
  value: string;
  inclusive: boolean;
}
