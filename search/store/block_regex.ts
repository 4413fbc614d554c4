/**
 * A regular expression made for lines, rewritten so that it can search a whole block at once:
 * nothing in it matches a line feed, so each match lies within a line, and lines match alone
 * exactly where they match in the block. What cannot be rewritten with certainty is left to a
 * search line by line.
 */
import { needsUnicode } from "../query/regex.ts";

export interface BlockRegex {
  /** Global and multi-line. */
  regex: RegExp;
  /**
   * Holds ^ or $: other line separators within a line look like line ends to it, so a hit has to be
   * checked.
   */
  anchored: boolean;
}

/** The rewritten expression, or undefined where that is not possible. */
export function blockRegex(source: string): BlockRegex | undefined {
  let out = "", anchored = false;
  for (let i = 0; i < source.length;) {
    const char = source[i];
    if (char === "\\") {
      const escape = rewriteEscape(source, i);
      if (escape === undefined) return undefined;
      out += escape;
      i += 2;
    } else if (char === "[") {
      const end = classEnd(source, i);
      const inside = source.slice(i + 1, end);
      const rewritten = end < 0 ? undefined : rewriteClass(inside);
      if (rewritten === undefined) return undefined;
      out += rewritten;
      i = end + 1;
    } else {
      if (char === "(" && !/^\((?!\?)|^\(\?(?:i|-i)?:/.test(source.slice(i, i + 5))) {
        return undefined;
      }
      if (char === "^" || char === "$") anchored = true;
      if (char < " ") return undefined;
      out += char;
      i++;
    }
  }
  for (const flags of needsUnicode(source) ? ["gmu", "gm"] : ["gm"]) {
    try {
      new RegExp(source, flags.replace(/[gm]/g, ""));
      return { regex: new RegExp(out, flags), anchored };
    } catch {
      // The laxer rules come next, as in compileRegex.
    }
  }
  return undefined;
}

function rewriteEscape(source: string, at: number): string | undefined {
  const next = source[at + 1];
  if (next === "s") return "[^\\S\\n]";
  if (next === "W") return "[^\\w\\n]";
  if (next === "D") return "[^\\d\\n]";
  // Everything that may name a line feed, or reaches back.
  if (next === undefined || /[nrcxupPk0-9fv]/.test(next)) return undefined;
  return `\\${next}`;
}

/** The place of the bracket that ends the class begun at `at`, or -1. */
function classEnd(source: string, at: number): number {
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "]") return i;
  }
  return -1;
}

function rewriteClass(inside: string): string | undefined {
  const negated = inside.startsWith("^");
  const rest = negated ? inside.slice(1) : inside;
  for (let i = 0; i < rest.length; i++) {
    if (rest[i] < " ") return undefined;
    if (rest[i] !== "\\") continue;
    const next = rest[++i];
    const named = negated ? /[cxupPk0-9]/ : /[sSWDnrcxupPk0-9fv]/;
    if (next === undefined || named.test(next)) return undefined;
  }
  if (negated) return `[^${rest}\\n]`;
  return rest === "" ? undefined : `[${rest}]`;
}

/** Shorter ones are found too often to help. */
const LITERAL_MIN = 3;

/**
 * Texts without a line feed that every match of the expression holds, in the order in which they
 * stand in it.
 */
export function requiredLiterals(source: string): string[] {
  const found: string[] = [];
  let run = "";
  const end = () => {
    if (run.length >= LITERAL_MIN) found.push(run);
    run = "";
  };
  for (let i = 0; i < source.length;) {
    const piece = literalAt(source, i);
    if (piece === undefined) {
      if (source[i] === "|") return [];
      end();
      i = skipped(source, i);
      if (i < 0) return [];
      continue;
    }
    i += piece.length;
    const next = source[i];
    if (next === "*" || next === "?" || next === "{") end();
    else run += piece[piece.length - 1];
    if (next === "+") end();
  }
  end();
  return found;
}

/** The piece of source at `at` that stands for one character, or undefined. */
function literalAt(source: string, at: number): string | undefined {
  const char = source[at];
  if (char === "\\") {
    const next = source[at + 1];
    return next !== undefined && /[^A-Za-z0-9\s]/.test(next) ? source.slice(at, at + 2) : undefined;
  }
  return /[\s\S]/.test(char) && !/[.^$*+?()[\]{}|\u0000-\u001f\ud800-\udfff]/.test(char)
    ? char
    : undefined;
}

/** The place behind what is no literal at `at`; -1 where it is not understood. */
function skipped(source: string, at: number): number {
  const char = source[at];
  if (char === "\\") return /[cxupPk0-9]/.test(source[at + 1]) ? -1 : at + 2;
  if (char === "[") {
    const end = classEnd(source, at);
    return end < 0 ? -1 : end + 1;
  }
  if (char === "{") {
    const end = source.indexOf("}", at);
    return end < 0 ? -1 : end + 1;
  }
  if (char !== "(") return at + 1;
  for (let i = at + 1, depth = 1; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "[") {
      i = classEnd(source, i);
      if (i < 0) return -1;
    } else if (source[i] === "(") depth++;
    else if (source[i] === ")" && --depth === 0) return i + 1;
  }
  return -1;
}
