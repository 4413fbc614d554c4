/**
 * Makes the single conditions of a query from what was read: levels are spelled as documents spell them, times are
 * normalized, and a range of levels becomes the list of them.
 */
import type { Query } from "../../core/ports/document_store.ts";
import { ALL, anyOf } from "./build.ts";
import { levelOf, LEVELS, TIME_FIELDS } from "./fields.ts";

export function wordTerm(text: string, prefix: boolean): Query {
  return { kind: "word", text, prefix };
}

export function phraseTerm(text: string): Query {
  return { kind: "phrase", text };
}

/** field:value; of the message it is a word. */
export function equalsTerm(field: string, value: string): Query {
  if (field === "log.level") return { kind: "equals", field, value: levelOf(value) ?? value };
  return { kind: "equals", field, value };
}

/**
 * A pattern; `stars` are the places of the `*` that count. Other `*`, `?` and backslashes are themselves: a
 * literal `*` is written `\*` in the pattern, a literal backslash `\\`.
 */
export function patternTerm(
  field: string,
  text: string,
  stars: readonly number[],
  inside: boolean,
): Query {
  let pattern = "";
  for (let i = 0; i < text.length; i++) {
    if (stars.includes(i)) {
      if (!endsWithStar(pattern)) pattern += "*";
    } else pattern += text[i] === "*" || text[i] === "\\" ? `\\${text[i]}` : text[i];
  }
  if (inside) {
    if (!pattern.startsWith("*")) pattern = `*${pattern}`;
    if (!endsWithStar(pattern)) pattern += "*";
  }
  if (inside && pattern === "*") return ALL;
  return { kind: "wildcard", field, pattern };
}

function endsWithStar(pattern: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*\*$/.test(pattern);
}

/** The pieces of a wildcard pattern between its stars, escapes undone: "a*b\*" gives ["a", "b*"]. */
export function patternPieces(pattern: string): string[] {
  const pieces = [""];
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === "*") pieces.push("");
    else {
      if (pattern[i] === "\\" && i + 1 < pattern.length) i++;
      pieces[pieces.length - 1] += pattern[i];
    }
  }
  return pieces;
}

interface Side {
  value: string;
  inclusive: boolean;
}

/** A range, or why there is none. */
export function rangeTerm(
  field: string,
  above: Side | undefined,
  below: Side | undefined,
): { query: Query } | { fault: string; hint: string } {
  if (above === undefined && below === undefined) {
    return { query: { kind: "wildcard", field, pattern: "*" } };
  }
  if (field === "log.level") return levelRange(above, below);
  const sides = { above, below };
  if (TIME_FIELDS.has(field)) {
    for (const key of ["above", "below"] as const) {
      const side = sides[key];
      if (side === undefined) continue;
      const ms = Date.parse(side.value);
      if (Number.isNaN(ms)) {
        return {
          fault: `"${side.value}" is no time`,
          hint: 'Write ISO 8601, such as "2026-11-21T10:00:00Z".',
        };
      }
      sides[key] = { value: new Date(ms).toISOString(), inclusive: side.inclusive };
    }
  }
  const query: Query = {
    kind: "range",
    field,
    aboveInclusive: sides.above?.inclusive ?? false,
    belowInclusive: sides.below?.inclusive ?? false,
  };
  if (sides.above !== undefined) query.above = sides.above.value;
  if (sides.below !== undefined) query.below = sides.below.value;
  return { query };
}

function levelRange(
  above?: Side,
  below?: Side,
): { query: Query } | { fault: string; hint: string } {
  let from = 0, to = LEVELS.length - 1;
  for (const [side, low] of [[above, true], [below, false]] as const) {
    if (side === undefined) continue;
    const rank = LEVELS.indexOf(levelOf(side.value) ?? "");
    if (rank < 0) {
      return {
        fault: `"${side.value}" is no level`,
        hint: `Levels are ${LEVELS.join(", ")}.`,
      };
    }
    if (low) from = rank + (side.inclusive ? 0 : 1);
    else to = rank - (side.inclusive ? 0 : 1);
  }
  const levels = LEVELS.slice(from, to + 1);
  if (levels.length === 0) {
    return { fault: "no level lies in this range", hint: `Levels are ${LEVELS.join(", ")}.` };
  }
  return {
    query: anyOf(levels.map((value) => ({ kind: "equals", field: "log.level", value }))),
  };
}
