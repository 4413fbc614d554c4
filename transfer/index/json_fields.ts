/**
 * The fields of a JSON line, written into the document straight from its bytes. It knows the lines
 * that are most of all JSON logs: one flat object of ASCII texts, plain numbers, true, false and
 * null. What it writes is what core/reading/fields.ts would have given; for any other line it writes
 * nothing and says so, and the general way is taken.
 */
import { FIELDS_MAX, NAME_CHARS_MAX, VALUE_CHARS_MAX } from "../../core/reading/fields.ts";
import type { BulkBody } from "./bulk_body.ts";
import { piece } from "./piece.ts";

const OPEN = piece(',"fields":{"');
const NEXT = piece(',"');
const IS = piece('":"');
const QUOTE = piece('"');
const CLOSE = piece("}");
/** 1: stands for itself in a text; 2: a backslash; 0: the end of it, or nothing for us. */
const PLAIN = new Uint8Array(256).fill(1, 32, 128);
PLAIN[34] = 0;
PLAIN[92] = 2;
PLAIN[127] = 1;
/** What may stand behind a backslash; \u may mean half a character. */
const ESCAPED = new Uint8Array(256);
for (const char of '"\\/bfnrt') ESCAPED[char.charCodeAt(0)] = 1;

/** Where the keys of the line at hand lie, to see one that comes twice. */
const keyStarts = new Int32Array(FIELDS_MAX);
const keyEnds = new Int32Array(FIELDS_MAX);

/** Appends `,"fields":{…}` for the line `bytes[from..to)`; false where nothing was written. */
export function appendJsonFields(
  body: BulkBody,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  const quick = body.fields(bytes, from, to);
  if (quick !== undefined) return quick;
  const { size } = body;
  if (append(body, bytes, from, to)) return true;
  body.rewind(size);
  return false;
}

function append(body: BulkBody, bytes: Uint8Array, from: number, to: number): boolean {
  let at = blanks(bytes, from, to);
  if (at >= to || bytes[at] !== 123) return false;
  at = blanks(bytes, at + 1, to);
  for (let count = 0;; count++) {
    if (at >= to || bytes[at] !== 34 || count === FIELDS_MAX) return false;
    const key = at + 1, keyEnd = textEnd(bytes, key, to);
    if (keyEnd < 0 || keyEnd === key || keyEnd - key > NAME_CHARS_MAX) return false;
    if (isKnown(bytes, key, keyEnd, count)) return false;
    at = blanks(bytes, keyEnd + 1, to);
    if (at >= to || bytes[at] !== 58) return false;
    at = blanks(bytes, at + 1, to);
    if (at >= to) return false;
    const quoted = bytes[at] === 34, value = quoted ? at + 1 : at;
    const valueEnd = quoted ? textEnd(bytes, value, to) : plainEnd(bytes, value, to);
    if (valueEnd < 0 || valueEnd - value > VALUE_CHARS_MAX) return false;
    body.piece(count === 0 ? OPEN : NEXT);
    body.copy(bytes, key, keyEnd);
    body.piece(IS);
    body.copy(bytes, value, valueEnd);
    body.piece(QUOTE);
    at = blanks(bytes, quoted ? valueEnd + 1 : valueEnd, to);
    if (at >= to) return false;
    if (bytes[at] === 125) break;
    if (bytes[at] !== 44) return false;
    at = blanks(bytes, at + 1, to);
  }
  if (blanks(bytes, at + 1, to) !== to) return false;
  body.piece(CLOSE);
  return true;
}

function blanks(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 13)) at++;
  return at;
}

/** The place of the quote that ends a text; -1 where it holds what is not for us. */
function textEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const byte = bytes[at];
    if (PLAIN[byte] === 1) continue;
    if (byte === 34) return at;
    if (byte !== 92 || at + 1 >= to || ESCAPED[bytes[at + 1]] === 0) return -1;
    at++;
  }
  return -1;
}

/** Behind true, false, null, or a number whose text is what JavaScript would write; else -1. */
function plainEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  const first = bytes[from];
  if (first === 116) return isWord(bytes, from, to, "true");
  if (first === 102) return isWord(bytes, from, to, "false");
  if (first === 110) return isWord(bytes, from, to, "null");
  if (first === 45) at++;
  const whole = at;
  while (at < to && bytes[at] >= 48 && bytes[at] <= 57) at++;
  const digits = at - whole, zero = bytes[whole] === 48;
  if (digits === 0 || digits > 15 || (zero && (digits > 1 || first === 45))) return -1;
  if (at < to && bytes[at] === 46) {
    const point = at++;
    while (at < to && bytes[at] >= 48 && bytes[at] <= 57) at++;
    // 1.50 is 1.5, and what is below 0.000001 gets an exponent.
    if (
      at === point + 1 || bytes[at - 1] === 48 || at - whole > 15 || zero && bytes[point + 1] === 48
    ) {
      return -1;
    }
  }
  return at < to && (bytes[at] | 32) === 101 ? -1 : at;
}

function isWord(bytes: Uint8Array, from: number, to: number, word: string): number {
  const end = from + word.length;
  if (end > to) return -1;
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) return -1;
  return end;
}

/** Notes a key; true where the line had it before: the last one would count. */
function isKnown(bytes: Uint8Array, from: number, to: number, count: number): boolean {
  const length = to - from;
  next: for (let k = 0; k < count; k++) {
    const start = keyStarts[k];
    if (keyEnds[k] - start !== length || bytes[start] !== bytes[from]) continue;
    for (let i = 1; i < length; i++) if (bytes[start + i] !== bytes[from + i]) continue next;
    return true;
  }
  keyStarts[count] = from;
  keyEnds[count] = to;
  // The same key may be written in two ways.
  for (let i = from; i < to; i++) if (bytes[i] === 92) return true;
  return false;
}
