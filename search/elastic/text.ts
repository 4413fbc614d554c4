/**
 * Conditions on the message, which Elasticsearch holds cut into terms by its standard analyzer
 * (Unicode's word breaks, lower case). A text of a query is cut in the same way as far as that is
 * certain without its neighbours; what a term may go on with at either end becomes a pattern.
 *
 * A text that is one term or part of one is found exactly. One with spaces or marks between its
 * words gives the lines that hold these words, which are then looked at.
 */
import { ALL, allOf, type Bounds, type Clause, exactly, NONE, UNKNOWN } from "./bounds.ts";

/** Field of the text. */
const FIELD = "message";
/** Longest piece of a term in a pattern; Elasticsearch bounds a regular expression to 1,000. */
const PATTERN_CHARS = 200;
/** Longer runs may be cut: by the standard analyzer, if an index is not from our template. */
const TERM_CHARS_MAX = 255;
/** Most conditions of one text: the rest would hardly exclude more. */
const CONDITIONS_MAX = 12;

/**
 * Letters beyond ASCII whose lower case and word breaks are the same here and there: Latin,
 * Cyrillic, Hangul.
 */
const LETTERS = "ß-öø-ɏа-џ가-힣";
const LETTER = new RegExp(`[a-z${LETTERS}]`);
const WORD = new RegExp(`[a-z0-9_${LETTERS}]`);
/** Characters that are a term each. */
const SINGLE = /[\u4e00-\u9fff\u3400-\u4dbf\u3041-\u3094]/;
const KATAKANA = /[\u30a1-\u30fa]/;

/** In a term, a character that surely ends a word, and one that may. */
const ENDS = "[\u0000-/:-@\\[-\\^`{-\u007f\u2019]";
const MAY_END = `[^a-z0-9_${LETTERS}]`;
/** The same, less exact and much smaller when Elasticsearch compiles it. */
const MAY_END_ASCII = "[^a-z0-9_]";
const mayEnd = (text: string) => /[^\0-\x7f]/.test(text) ? MAY_END : MAY_END_ASCII;

/** How a piece ends: as a term does, at the edge of a word, or anywhere. */
type Edge = "term" | "word" | "open";

interface Piece {
  text: string;
  left: Edge;
  right: Edge;
  /** Stands directly behind the piece before it in the order of terms. */
  follows: boolean;
}

/** Lines that hold `text` (lower case) anywhere. */
export function phraseBounds(text: string): Bounds {
  return boundsOf(text, "open", "open");
}

/** Lines that hold the word; see GRAMMAR.md. */
export function wordBounds(word: string, prefix: boolean): Bounds {
  return boundsOf(word, "word", prefix ? "open" : "word");
}

function boundsOf(text: string, left: Edge, right: Edge): Bounds {
  const pieces = piecesOf(text, left, right);
  const [piece] = pieces;
  if (pieces.length === 1 && piece.text === text && text.length <= PATTERN_CHARS) {
    const upper = conditionOf(piece, mayEnd(piece.text));
    const sure = piece.left !== "word" && piece.right !== "word";
    return sure ? exactly(upper) : { lower: conditionOf(piece, ENDS), upper };
  }
  const others = otherConditions(text);
  const all = [...conditionsOf(pieces), ...others].slice(0, CONDITIONS_MAX);
  return all.length === 0 ? UNKNOWN : { lower: NONE, upper: allOf(all) };
}

/** Conditions of several pieces; those that go through all terms are left out where others suffice. */
function conditionsOf(pieces: readonly Piece[]): Clause[] {
  const whole = pieces.filter((piece) => piece.left === "term" && piece.right === "term");
  const enough = whole.length > 1 || whole.some((piece) => piece.text.length > 3);
  const clauses: Clause[] = [];
  let run: string[] = [];
  const endRun = () => {
    if (run.length > 1) clauses.push(spanOf(run));
    else if (run.length === 1) clauses.push({ term: { [FIELD]: { value: run[0] } } });
    run = [];
  };
  for (const piece of pieces) {
    const { text } = piece;
    if (!piece.follows) endRun();
    if (piece.left === "term" && piece.right === "term" && text.length < TERM_CHARS_MAX) {
      run.push(text);
      continue;
    }
    endRun();
    if (piece.left === "term" || !enough) clauses.push(conditionOf(piece, mayEnd(piece.text)));
  }
  endRun();
  return clauses.filter((clause) => clause !== ALL);
}

/** Terms one behind the other. Each of them is one term again when Elasticsearch cuts it. */
function spanOf(terms: readonly string[]): Clause {
  return { match_phrase: { [FIELD]: { query: terms.join(" ") } } };
}

/** Documents with a term that the piece is, or is part of. */
function conditionOf(piece: Piece, ends: string): Clause {
  const { left, right } = piece;
  const cut = piece.text.length > PATTERN_CHARS;
  const text = cut ? piece.text.slice(0, PATTERN_CHARS) : piece.text;
  if (left !== "word" && (right !== "word" || cut)) {
    if (left === "term") {
      return right === "term" && !cut
        ? { term: { [FIELD]: { value: text } } }
        : { prefix: { [FIELD]: { value: text } } };
    }
    const open = right === "open" || cut ? "*" : "";
    return { wildcard: { [FIELD]: { value: `*${escapeWildcard(text)}${open}` } } };
  }
  const before = left === "term" ? "" : left === "open" ? ".*" : `(.*${ends})?`;
  const after = cut || right === "open" ? ".*" : right === "term" ? "" : `(${ends}.*)?`;
  const value = `${before}${escapeRegexp(text)}${after}`;
  return { regexp: { [FIELD]: { value, flags: "NONE" } } };
}

/** Runs of letters and digits, as the standard analyzer cuts them; `left`, `right`: the text's own ends. */
function piecesOf(text: string, left: Edge, right: Edge): Piece[] {
  const pieces: Piece[] = [];
  let known = false;
  for (let at = 0; at < text.length;) {
    if (!WORD.test(text[at])) {
      if (text[at] >= "\u0080") known = false;
      at++;
      continue;
    }
    const start = at;
    while (at < text.length && (WORD.test(text[at]) || joins(text, at))) at++;
    const piece = text.slice(start, at);
    // A run of underscores alone is no term.
    if (!/[^_]/.test(piece)) {
      known = false;
      continue;
    }
    pieces.push({
      text: piece,
      left: edgeOf(text, start - 1, -1, left),
      right: edgeOf(text, at, 1, right),
      follows: known,
    });
    known = true;
  }
  return pieces;
}

/** True where the mark at `at` stands inside a term: "a.b", "1,5", "it's". */
function joins(text: string, at: number): boolean {
  const mark = text[at], before = text[at - 1] ?? "", after = text[at + 1] ?? "";
  if (":.'\u2019".includes(mark) && LETTER.test(before) && LETTER.test(after)) return true;
  return ",;.'\u2019".includes(mark) && /[0-9]/.test(before) && /[0-9]/.test(after);
}

/** What the end of a piece is, by its neighbour at `at` and what is beyond that in `direction`. */
function edgeOf(text: string, at: number, direction: 1 | -1, own: Edge): Edge {
  const neighbour = text[at];
  if (neighbour === undefined) return own;
  if (neighbour >= "\u0080") return "open";
  const beyond = text[at + direction];
  if (!":.',;".includes(neighbour)) return "term";
  return beyond === undefined || beyond >= "\u0080" ? "open" : "term";
}

/** Conditions by characters that are no part of a run. */
function otherConditions(text: string): Clause[] {
  const found = new Set<string>();
  let katakana = "";
  for (const char of `${text} `) {
    if (KATAKANA.test(char)) katakana += char;
    else {
      if (katakana !== "") found.add(`*${katakana}*`);
      katakana = "";
      if (SINGLE.test(char)) found.add(char);
    }
  }
  return [...found].map((one) =>
    one.length > 1
      ? { wildcard: { [FIELD]: { value: one } } }
      : { prefix: { [FIELD]: { value: one } } }
  );
}

/** The text itself in a regular expression of Lucene's. */
export function escapeRegexp(text: string): string {
  return text.replace(/[^a-z0-9_\u0080-\uffff]/gi, "\\$&");
}

/** The text itself in a wildcard query. */
export function escapeWildcard(text: string): string {
  return text.replace(/[\\*?]/g, "\\$&");
}
