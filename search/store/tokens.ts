/**
 * Tokens of lines as numbers, for the filters that say which blocks may hold a token. Tokens are
 * those of search/query/words.ts, in lower case, plus each pair of neighbouring characters of a
 * script that is written without spaces; they are hashed as their UTF-8 bytes.
 */
import { tokensOf } from "../query/words.ts";

/** For each byte: 0 between tokens, 255 not ASCII, else the byte in lower case. */
const TOKEN_BYTE = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyz0123456789_") {
  TOKEN_BYTE[char.charCodeAt(0)] = char.charCodeAt(0);
  TOKEN_BYTE[char.toUpperCase().charCodeAt(0)] = char.charCodeAt(0);
}
TOKEN_BYTE.fill(255, 128);

const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const MIX = 0x2c1b3c6d;
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]$/u;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The hash of a token; never 0. */
export function tokenHash(token: string): number {
  const bytes = encoder.encode(token);
  let hash = SEED;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], PRIME);
  return finish(hash);
}

function finish(hash: number): number {
  hash ^= hash >>> 15;
  hash = Math.imul(hash, MIX);
  hash ^= hash >>> 12;
  return hash === 0 ? 1 : hash;
}

/** Stands in the filter of a block that holds `\\u`: letters may be hidden behind such escapes. */
export const ESCAPE_TOKEN = tokenHash("\\u");

/** The tokens of a text that filters know: its tokens and its pairs. */
export function indexTokens(text: string): string[] {
  const tokens = tokensOf(text);
  const all = [...tokens];
  // Neighbours in the list may stand apart in the text: such a pair only adds a token.
  for (let i = 1; i < tokens.length; i++) {
    if (UNSPACED.test(tokens[i]) && UNSPACED.test(tokens[i - 1])) {
      all.push(tokens[i - 1] + tokens[i]);
    }
  }
  return all;
}

/** Collects the distinct tokens of a block. Reused from block to block. */
export class TokenSet {
  /** Open addressing, 0 is empty. */
  #table = new Int32Array(1 << 15);
  #mask = (1 << 15) - 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#table.fill(0);
    this.#count = 0;
  }

  /** Adds the tokens of `bytes[from..to)`, whole lines; returns the line feeds in it. */
  addText(bytes: Uint8Array, from: number, to: number): number {
    let feeds = 0;
    let table = this.#table, mask = this.#mask;
    let i = from;
    while (i < to) {
      let byte = TOKEN_BYTE[bytes[i]];
      if (byte === 0) {
        const plain = bytes[i++];
        if (plain === 10) feeds++;
        else if (plain === 92 && i < to && bytes[i] === 117) {
          this.#add(ESCAPE_TOKEN);
          table = this.#table;
          mask = this.#mask;
        }
        continue;
      }
      let hash = SEED;
      while (byte !== 0 && byte !== 255) {
        hash = Math.imul(hash ^ byte, PRIME);
        byte = ++i < to ? TOKEN_BYTE[bytes[i]] : 0;
      }
      if (byte === 255) {
        i = this.#addLine(bytes, from, i, to);
        table = this.#table;
        mask = this.#mask;
        continue;
      }
      hash ^= hash >>> 15;
      hash = Math.imul(hash, MIX);
      hash ^= hash >>> 12;
      if (hash === 0) hash = 1;
      let at = hash & mask;
      while (table[at] !== 0 && table[at] !== hash) at = (at + 1) & mask;
      if (table[at] === 0) {
        table[at] = hash;
        if (++this.#count * 2 > mask) {
          this.#grow();
          table = this.#table;
          mask = this.#mask;
        }
      }
    }
    return feeds;
  }

  /**
   * A line with other characters is read as text: what is a letter is a question of Unicode.
   * Returns its end.
   */
  #addLine(bytes: Uint8Array, from: number, at: number, to: number): number {
    let start = at, end = at;
    while (start > from && bytes[start - 1] !== 10) start--;
    while (end < to && bytes[end] !== 10) end++;
    const line = decoder.decode(bytes.subarray(start, end));
    for (const token of indexTokens(line)) this.#add(tokenHash(token));
    if (line.includes("\\u")) this.#add(ESCAPE_TOKEN);
    return end;
  }

  #add(hash: number): void {
    const table = this.#table, mask = this.#mask;
    let at = hash & mask;
    while (table[at] !== 0 && table[at] !== hash) at = (at + 1) & mask;
    if (table[at] === hash) return;
    table[at] = hash;
    if (++this.#count * 2 > mask) this.#grow();
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    this.#mask = this.#table.length - 1;
    for (const hash of old) {
      if (hash === 0) continue;
      let at = hash & this.#mask;
      while (this.#table[at] !== 0) at = (at + 1) & this.#mask;
      this.#table[at] = hash;
    }
  }

  /** The hashes of the collected tokens, unordered. */
  hashes(): Int32Array {
    const hashes = new Int32Array(this.#count);
    const table = this.#table;
    for (let i = 0, at = 0; i < table.length; i++) if (table[i] !== 0) hashes[at++] = table[i];
    return hashes;
  }
}
