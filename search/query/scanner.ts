/**
 * Reads the parts that a query is written of: names, quoted text, regular expressions, runs of characters, keywords. It
 * knows where it is, and says so where it fails; what may stand where is the parser's.
 */
import { QueryError } from "./query_error.ts";
import { regexFault } from "./regex.ts";

const SPACE = /\s/;
const FIELD_NAME = /[\p{L}\p{N}_@.-]/u;

/** A run of characters with its escapes undone. */
export interface Raw {
  /** Characters; `*` that were not escaped are marked in `stars`. */
  text: string;
  stars: number[];
  /** Where it began in the query. */
  at: number;
}

export class Scanner {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the next character stands in the query. */
  get at(): number {
    return this.#at;
  }

  skipSpace(): void {
    while (!this.done() && SPACE.test(this.#text[this.#at])) this.#at++;
  }

  /** The character that stands here; empty at the end. */
  peek(): string {
    return this.#text[this.#at] ?? "";
  }

  done(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Goes over the character that stands here. */
  skip(): void {
    this.#at++;
  }

  /** Whether a term may begin so many characters ahead. */
  startsTerm(ahead = 0): boolean {
    const at = this.#at + ahead;
    return at < this.#text.length && !/[\s)]/.test(this.#text[at]);
  }

  /** Goes over space; whether the word stands behind it, by itself. */
  keyword(word: string): boolean {
    this.skipSpace();
    if (!this.#text.startsWith(word, this.#at)) return false;
    const next = this.#text[this.#at + word.length];
    return next === undefined || /[\s()]/.test(next);
  }

  /** As `keyword`, and goes over the word and the space behind it, where something must follow. */
  takeKeyword(word: string): boolean {
    const found = this.keyword(word);
    if (!found) return false;
    const start = this.#at;
    this.#at += word.length;
    this.skipSpace();
    if (this.done() || this.peek() === ")") {
      this.#at = start;
      this.#missing(word);
    }
    return true;
  }

  #missing(word: string): never {
    this.fail(
      this.#at,
      `nothing follows this ${word}`,
      `Put a condition behind it, or write "${word}" in quotes to search for it.`,
    );
  }

  /** Reads `name:` where one stands here, else reads nothing. */
  fieldName(): Raw | undefined {
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

  /** Text in double quotes, its escapes undone. */
  quoted(): string {
    const start = this.#at;
    let text = "";
    for (this.#at++; !this.done(); this.#at++) {
      const char = this.peek(), next = this.#text[this.#at + 1];
      if (char === '"') {
        this.#at++;
        return text;
      }
      if (char === "\\" && (next === '"' || next === "\\")) {
        text += next;
        this.#at++;
      } else text += char;
    }
    this.fail(
      start,
      "this quote is never closed",
      'Add " at the end; write \\" for the character.',
    );
  }

  /**
   * `/source/` or `/source/i`, closed by a slash behind which the term ends. Where there is none it is no
   * regular expression: people paste paths.
   */
  regex(): string | undefined {
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
      this.fail(
        start + 1 + Math.min(fault.at, source.length),
        fault.message,
        "GRAMMAR.md lists what a regular expression may hold; escape a slash as \\/.",
      );
    }
    this.#at = end;
    return ignoreCase ? `(?i:${source})` : source;
  }

  /** Reads up to a character of `end` that is not escaped. */
  run(end: RegExp): Raw {
    const raw: Raw = { text: "", stars: [], at: this.#at };
    for (; !this.done() && !end.test(this.peek()); this.#at++) {
      if (this.peek() === "\\" && this.#at + 1 < this.#text.length) {
        this.#at++;
      } else if (this.peek() === "*") raw.stars.push(raw.text.length);
      raw.text += this.peek();
    }
    return raw;
  }

  /** Throws a QueryError that points at a place of the query. */
  fail(at: number, detail: string, hint: string): never {
    throw new QueryError(this.#text, at, detail, hint);
  }
}
