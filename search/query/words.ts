/**
 * What a word is, for every part that finds words in text: a token is a maximal run of letters, marks, digits and
 * `_`; each character of a script that is written without spaces is a token of its own, so that a Chinese word is
 * found inside a Chinese sentence.
 */

const WORD = /[\p{L}\p{N}\p{M}_]/u;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** 1 for ASCII letters, digits and `_`. */
const ASCII_WORD = new Uint8Array(128);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") {
  ASCII_WORD[char.charCodeAt(0)] = 1;
}

/** 0: no word character; 1: part of a run; 2: a token of its own. */
function kindOf(code: number): 0 | 1 | 2 {
  if (code < 128) return ASCII_WORD[code] as 0 | 1;
  const char = String.fromCodePoint(code);
  if (!WORD.test(char)) return 0;
  return UNSPACED.test(char) ? 2 : 1;
}

/** True where a token may begin or end at `index` of `text`: its neighbours are not of one run. */
export function isBoundary(text: string, index: number): boolean {
  if (index <= 0 || index >= text.length) return true;
  let before = text.charCodeAt(index - 1);
  if (before >= 0xdc00 && before <= 0xdfff && index > 1) before = text.codePointAt(index - 2)!;
  const after = text.codePointAt(index)!;
  return !(kindOf(before) === 1 && kindOf(after) === 1);
}

/**
 * Finds `word` in `text` (both in the same case) where it begins and ends on a token boundary; a prefix may end
 * inside a token. Returns the index, or -1.
 */
export function findWord(text: string, word: string, prefix: boolean, from = 0): number {
  if (word === "") return -1;
  for (let at = text.indexOf(word, from); at >= 0; at = text.indexOf(word, at + 1)) {
    if (isBoundary(text, at) && (prefix || isBoundary(text, at + word.length))) return at;
  }
  return -1;
}

/** The tokens of a text, in order, in lower case. */
export function tokensOf(text: string): string[] {
  const lower = text.toLowerCase();
  const tokens: string[] = [];
  let start = -1;
  for (let i = 0; i < lower.length;) {
    const code = lower.codePointAt(i)!;
    const width = code > 0xffff ? 2 : 1;
    const kind = kindOf(code);
    if (kind !== 1 && start >= 0) {
      tokens.push(lower.slice(start, i));
      start = -1;
    }
    if (kind === 2) tokens.push(lower.slice(i, i + width));
    else if (kind === 1 && start < 0) start = i;
    i += width;
  }
  if (start >= 0) tokens.push(lower.slice(start));
  return tokens;
}
