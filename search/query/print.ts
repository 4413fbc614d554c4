/** Query to text: what it prints, the parser reads as the same query again. */
import type { Query } from "../../core/ports/document_store.ts";
import { shortName } from "./fields.ts";
import { patternPieces } from "./terms.ts";

/** The text of a query in the parser's canonical form; "*" for every document. */
export function printQuery(query: Query): string {
  switch (query.kind) {
    case "all":
      return "*";
    case "word":
      return printWord(query.text, query.prefix);
    case "phrase":
      return quote(query.text);
    case "regex":
      return printRegex(query.field, query.source);
    case "equals":
      return query.field === "message"
        ? quote(query.value)
        : `${printField(query.field)}:${plainOrQuoted(query.value)}`;
    case "wildcard":
      return printWildcard(query.field, query.pattern);
    case "range":
      return printRange(query);
    case "and":
      return query.parts.map(printPart).join(" ");
    case "or":
      return printValues(query.parts) ??
        query.parts.map((part) => printQuery(part)).join(" OR ");
    case "not":
      return `-${wrap(query.part, query.part.kind === "and" || query.part.kind === "or")}`;
  }
}

/** A condition as it stands among others that must hold too. */
export function printPart(part: Query): string {
  return wrap(part, part.kind === "or");
}

/** `field:(a OR b)` where all parts are values of one field. */
function printValues(parts: readonly Query[]): string | undefined {
  const field = parts[0].kind === "equals" ? parts[0].field : "message";
  if (field === "message") return undefined;
  const values: string[] = [];
  for (const part of parts) {
    if (part.kind !== "equals" || part.field !== field) return undefined;
    const bare = !/:|^(AND|OR|NOT)$/.test(part.value);
    values.push(bare ? plainOrQuoted(part.value) : quote(part.value));
  }
  return `${printField(field)}:(${values.join(" OR ")})`;
}

function wrap(query: Query, parentheses: boolean): string {
  if (query.kind === "or" && printValues(query.parts) !== undefined) return printQuery(query);
  return parentheses ? `(${printQuery(query)})` : printQuery(query);
}

/** A value as it stands behind `field:`, in quotes where it must. */
export function plainOrQuoted(value: string): string {
  return /^[\p{L}\p{N}_@.][\p{L}\p{N}_@.:/+=,;%&#~-]*$/u.test(value) ? value : quote(value);
}

export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** The name of a field before its colon. */
export function printField(field: string): string {
  return Array.from(shortName(field)).map((char, index) =>
    (index === 0 ? /[\p{L}_@]/u : /[\p{L}\p{N}_@.-]/u).test(char) ? char : escapeEach(char)
  ).join("");
}

/** A backslash takes one UTF-16 unit; a character of two gets two. */
function escapeEach(char: string): string {
  return char.split("").map((unit) => `\\${unit}`).join("");
}

function printWord(text: string, prefix: boolean): string {
  const star = prefix ? "*" : "";
  if (/^(AND|OR|NOT)$/.test(text)) return `\\${text}${star}`;
  let result = text.replace(/[\s()"\\*]/g, "\\$&");
  if (/^[-/<>[{]/.test(result)) result = `\\${result}`;
  // What would read as a field and its value.
  if (/^[\p{L}_@\\]/u.test(result)) result = result.replace(/:/g, "\\:");
  return result + star;
}

function printRegex(field: string, source: string): string {
  let text = "";
  for (let i = 0; i < source.length; i++) {
    if (source[i] === "\\" && i + 1 < source.length) text += source[i] + source[++i];
    else text += source[i] === "/" ? "\\/" : source[i];
  }
  return `${field === "message" ? "" : `${printField(field)}:`}/${text}/`;
}

function printWildcard(field: string, pattern: string): string {
  const text = patternPieces(pattern)
    .map((piece) => piece.replace(/[\s()"\\*]/g, "\\$&")).join("*");
  if (field === "message" && pattern === "*") return "message:*";
  return `${printField(field)}:${/^[:/<>[{]/.test(text) ? `\\${text}` : text}`;
}

function printRange(query: Query & { kind: "range" }): string {
  const name = printField(query.field);
  const bound = (value: string) =>
    /^[\w.+-]+$/.test(value) && value !== "TO" ? value : quote(value);
  if (query.below === undefined) {
    return `${name}:>${query.aboveInclusive ? "=" : ""}${bound(query.above ?? "")}`;
  }
  if (query.above === undefined) {
    return `${name}:<${query.belowInclusive ? "=" : ""}${bound(query.below)}`;
  }
  return `${name}:${query.aboveInclusive ? "[" : "{"}${bound(query.above)} TO ${
    bound(query.below)
  }${query.belowInclusive ? "]" : "}"}`;
}
