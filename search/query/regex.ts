/**
 * Which regular expressions a query may hold, and how they are compiled. Only what every store understands and
 * what cannot blow up is let in: no look-around, no back-references, no repetition whose parts can share the same
 * text in exponentially many ways. The check is by form, before anything runs; it refuses some harmless patterns.
 * What stays possible is a polynomial cost on a line made for it; the time limit of a request bounds the sum.
 */

/** Longest source, in characters. */
export const REGEX_CHARS_MAX = 1000;
/** Most unbounded repetitions (`*`, `+`, `{n,}`) in one expression. */
export const REGEX_REPEATS_MAX = 6;

/**
 * Compiles a source that `regexFault` accepted. Unicode rules are used only where it names Unicode properties or code
 * points, and fits them: the engine that answers in linear time knows none. Without them a character beyond U+FFFF
 * counts as two.
 */
export function compileRegex(source: string, flags = ""): RegExp {
  if (needsUnicode(source)) {
    try {
      return new RegExp(source, `${flags}u`);
    } catch {
      // "\-" and its like are errors under Unicode rules only; people write them.
    }
  }
  return new RegExp(source, flags);
}

/** True where a source means something else, or nothing, without Unicode rules. */
export function needsUnicode(source: string): boolean {
  return /\\[pPu]|[\u{10000}-\u{10ffff}]/u.test(source);
}

/** Why a source is refused, with the place in it, or undefined where it is fine. */
export function regexFault(source: string): { at: number; message: string } | undefined {
  if (source === "") return { at: 0, message: "the regular expression is empty" };
  if (source.length > REGEX_CHARS_MAX) {
    return {
      at: REGEX_CHARS_MAX,
      message: `a regular expression has at most ${REGEX_CHARS_MAX} characters`,
    };
  }
  try {
    compileRegex(source);
  } catch (error) {
    const text = (error as Error).message.replace(/^Invalid regular expression: .*: /, "");
    return { at: 0, message: `the regular expression cannot be read: ${text}` };
  }
  try {
    const reader = new Reader(source);
    reader.alternatives();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return { at: error.at, message: error.message };
    throw error;
  }
}

class Refused extends Error {
  constructor(readonly at: number, message: string) {
    super(message);
  }
}

/** Which characters a piece can consist of: one bit an ASCII character, and one for all others. */
type Chars = bigint;
const OTHERS = 1n << 128n;
const EVERY: Chars = (1n << 129n) - 1n;

/** What is known of a piece of the expression. */
interface Piece {
  /** Characters that may occur in it. */
  chars: Chars;
  /** Characters it may begin with. */
  first: Chars;
  /** Can match nothing. */
  empty: boolean;
  /** Its length is not fixed. */
  varies: boolean;
  /** Holds an unbounded repetition. */
  loops: boolean;
  /** Repeated, it can be cut into its parts in one way only. */
  clear: boolean;
}

const NOTHING: Piece = {
  chars: 0n,
  first: 0n,
  empty: true,
  varies: false,
  loops: false,
  clear: true,
};

/** Reads an expression that V8 has accepted, so syntax errors need no care here. */
class Reader {
  #at = 0;
  #repeats = 0;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  alternatives(): Piece {
    const branches = [this.#sequence()];
    while (this.#source[this.#at] === "|") {
      this.#at++;
      branches.push(this.#sequence());
    }
    if (branches.length === 1) return branches[0];
    let first = 0n, overlap = false;
    for (const branch of branches) {
      if ((first & branch.first) !== 0n || branch.empty) overlap = true;
      first |= branch.first;
    }
    return {
      chars: branches.reduce((sum, branch) => sum | branch.chars, 0n),
      first,
      empty: branches.some((branch) => branch.empty),
      varies: true,
      loops: branches.some((branch) => branch.loops),
      clear: !overlap && branches.every((branch) => branch.clear),
    };
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    let run = 0, runChars = 0n;
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at])) {
      const start = this.#at;
      const piece = this.#repeated();
      // Three elastic neighbours that share characters cost the cube of the line's length, and so on.
      if (piece.varies && piece.loops && (run === 0 || (runChars & piece.chars) !== 0n)) {
        run++;
        runChars = run === 1 ? piece.chars : runChars & piece.chars;
      } else if (!piece.empty || (piece.chars & runChars) === 0n) {
        run = piece.loops ? 1 : 0;
        runChars = piece.loops ? piece.chars : 0n;
      }
      if (run > 2) {
        throw new Refused(start, "three repetitions in a row that match the same characters");
      }
      pieces.push(piece);
    }
    return joined(pieces);
  }

  #repeated(): Piece {
    const start = this.#at;
    const atom = this.#atom();
    const rest = this.#source.slice(this.#at);
    const match = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(rest);
    if (match === null) return atom;
    this.#at += match[0].length;
    const min = match[1] === "+" ? 1 : match[1] !== undefined ? 0 : Number(match[2]);
    const max = match[1] === "?"
      ? 1
      : match[1] !== undefined
      ? Infinity
      : match[3] === undefined
      ? min
      : match[4] === ""
      ? Infinity
      : Number(match[4]);
    if (max !== Infinity && max > 1000) throw new Refused(start, "a count above 1000");
    if (max === Infinity && ++this.#repeats > REGEX_REPEATS_MAX) {
      throw new Refused(start, `more than ${REGEX_REPEATS_MAX} unbounded repetitions`);
    }
    const many = max === Infinity || max > 4;
    if (many && (atom.empty || !atom.clear || (atom.varies && atom.loops && !atom.clear))) {
      throw new Refused(
        start,
        "a repetition inside a repetition whose parts can match the same text",
      );
    }
    return {
      chars: atom.chars,
      first: atom.first,
      empty: atom.empty || min === 0,
      varies: atom.varies || min !== max,
      loops: atom.loops || max === Infinity,
      clear: atom.clear && !atom.varies && min === max,
    };
  }

  #atom(): Piece {
    const char = this.#source[this.#at];
    if (char === "(") return this.#group();
    if (char === "[") return single(this.#class());
    if (char === "\\") return this.#escape();
    this.#at++;
    if (char === "^" || char === "$") return NOTHING;
    if (char === ".") return single(EVERY);
    return single(bitOf(char));
  }

  #group(): Piece {
    const start = this.#at;
    const head = /^\((\?(?:<?[=!]|[a-z]*(?:-[a-z]+)?:|<[^>]*>))?/.exec(
      this.#source.slice(this.#at),
    )!;
    if (/^\(\?<?[=!]/.test(head[0])) {
      throw new Refused(start, "look-ahead and look-behind are not possible here");
    }
    this.#at += head[0].length;
    const inner = this.alternatives();
    this.#at++;
    return inner;
  }

  #escape(): Piece {
    const start = this.#at;
    const next = this.#source[this.#at + 1];
    if ((next >= "1" && next <= "9") || next === "k") {
      throw new Refused(start, "back-references are not possible here");
    }
    if (next === "b" || next === "B") {
      this.#at += 2;
      return NOTHING;
    }
    return single(this.#escapeChars());
  }

  /** The characters of the escape at the current place; moves behind it. */
  #escapeChars(): Chars {
    const rest = this.#source.slice(this.#at);
    const long = /^\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]+\}|[pP]\{[^}]*\}|c[A-Za-z])/
      .exec(rest);
    if (long !== null) {
      this.#at += long[0].length;
      if (/^\\[pP]/.test(long[0])) return EVERY;
      if (long[0][1] === "c") return EVERY;
      const code = parseInt(long[0].replace(/[^0-9a-fA-F]|^\\[xu]/g, ""), 16);
      return code < 128 ? 1n << BigInt(code) : OTHERS;
    }
    this.#at += 2;
    const name = rest[1];
    const known = CLASSES[name.toLowerCase()];
    if (known !== undefined) return /[A-Z]/.test(name) ? EVERY & ~known | OTHERS : known;
    const control = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v", "0": "\0" }[name];
    return bitOf(control ?? name);
  }

  #class(): Chars {
    this.#at++;
    let chars = 0n, last: number | undefined;
    const negated = this.#source[this.#at] === "^";
    if (negated) this.#at++;
    while (this.#source[this.#at] !== "]" && this.#at < this.#source.length) {
      const char = this.#source[this.#at];
      if (char === "-" && last !== undefined && this.#source[this.#at + 1] !== "]") {
        this.#at++;
        const end = this.#source[this.#at] === "\\"
          ? this.#escapeChars()
          : bitOf(this.#source[this.#at++]);
        chars |= rangeOf(last, end);
        last = undefined;
      } else if (char === "\\") {
        const set = this.#escapeChars();
        chars |= set;
        last = lowest(set);
      } else {
        this.#at++;
        chars |= bitOf(char);
        last = char.charCodeAt(0);
      }
    }
    this.#at++;
    return negated ? (EVERY & ~chars) | OTHERS : chars;
  }
}

const CLASSES: Record<string, Chars> = {
  d: setOf((char) => /[0-9]/.test(char)),
  w: setOf((char) => /\w/.test(char)),
  s: setOf((char) => /\s/.test(char)) | OTHERS,
};

function setOf(test: (char: string) => boolean): Chars {
  let set = 0n;
  for (let code = 0; code < 128; code++) {
    if (test(String.fromCharCode(code))) set |= 1n << BigInt(code);
  }
  return set;
}

/** Both cases of a letter: a group may ignore case, and a wider set is only stricter. */
function bitOf(char: string): Chars {
  let set = 0n;
  for (const one of [char.toLowerCase(), char.toUpperCase()]) {
    const code = one.charCodeAt(0);
    set |= code < 128 ? 1n << BigInt(code) : OTHERS;
  }
  return set;
}

function lowest(set: Chars): number {
  for (let code = 0; code < 128; code++) if ((set >> BigInt(code)) & 1n) return code;
  return 128;
}

function rangeOf(from: number, endSet: Chars): Chars {
  let set = endSet;
  const end = (endSet & OTHERS) !== 0n ? 128 : highest(endSet);
  for (let code = from; code <= Math.min(end, 127); code++) {
    set |= bitOf(String.fromCharCode(code));
  }
  return set;
}

function highest(set: Chars): number {
  for (let code = 127; code >= 0; code--) if ((set >> BigInt(code)) & 1n) return code;
  return 128;
}

function single(chars: Chars): Piece {
  return { chars, first: chars, empty: false, varies: false, loops: false, clear: true };
}

/**
 * A sequence is clear where its cut is forced: nothing in it varies, or one fixed piece at its beginning or end
 * has characters that occur nowhere else in it (`(\d+\.)+`, `(/[^/]+)*`), with at most one piece that varies.
 */
function joined(pieces: readonly Piece[]): Piece {
  if (pieces.length === 0) return NOTHING;
  if (pieces.length === 1) return pieces[0];
  let first = 0n;
  for (const piece of pieces) {
    first |= piece.first;
    if (!piece.empty) break;
  }
  const varying = pieces.filter((piece) => piece.varies || !piece.clear).length;
  const marks = [0, pieces.length - 1].some((index) => {
    const mark = pieces[index];
    const others = pieces.reduce((sum, piece, i) => i === index ? sum : sum | piece.chars, 0n);
    return !mark.empty && !mark.varies && (mark.chars & others) === 0n;
  });
  return {
    chars: pieces.reduce((sum, piece) => sum | piece.chars, 0n),
    first,
    empty: pieces.every((piece) => piece.empty),
    varies: pieces.some((piece) => piece.varies),
    loops: pieces.some((piece) => piece.loops),
    clear: varying === 0 || (varying === 1 && marks),
  };
}
