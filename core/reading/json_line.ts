/**
 * Time and level of a line that is a JSON object, found on its bytes: walks over the members of the
 * object (and those of a member named `log`), compares keys, parses nothing else. Stops as soon as
 * both are known.
 */
import { isLevelKey, isOneOf, LEVEL_KEYS, levelOfNumber, levelOfWord } from "./level.ts";
import type { TimeReader } from "./time.ts";
import type { Zone } from "./zone.ts";

const encode = (keys: readonly string[]) => keys.map((key) => new TextEncoder().encode(key));
/** Names under which JSON and logfmt lines keep their time. */
const TIME_KEYS = encode([
  "time",
  "ts",
  "timestamp",
  "@timestamp",
  "t",
  "@t",
  "datetime",
  "date",
  "asctime",
  "_time",
  "eventTime",
  "event_time",
  "time_local",
  "time_iso8601",
  "timeMillis",
  "epoch",
]);
/** Key lengths of either list, as a bit set: most keys are left by it. */
const LENGTHS = [...TIME_KEYS, ...LEVEL_KEYS].reduce((bits, { length }) => bits | 1 << length, 0);
const LOG = encode(["log"]);
/** Looks no further into a line than this. */
const SCAN_BYTES_MAX = 65_536;

export function isTimeKey(bytes: Uint8Array, from: number, to: number): boolean {
  return isOneOf(TIME_KEYS, bytes, from, to);
}

export class JsonLine {
  timeMs = NaN;
  level = 0;
  readonly #time: TimeReader;

  constructor(time: TimeReader) {
    this.#time = time;
  }

  /** Reads the object that begins at `from` (a brace). False where the bytes are no such object. */
  read(bytes: Uint8Array, from: number, to: number, zone: Zone, readMs: number): boolean {
    this.timeMs = NaN;
    this.level = 0;
    const limit = Math.min(to, from + SCAN_BYTES_MAX);
    return this.#members(bytes, from + 1, limit, zone, readMs, 0) >= 0;
  }

  /** Walks members from behind a brace; returns the place behind the closing one, or -1. */
  #members(
    bytes: Uint8Array,
    from: number,
    to: number,
    zone: Zone,
    readMs: number,
    depth: number,
  ): number {
    let at = blanks(bytes, from, to);
    if (at < to && bytes[at] === 125) return at + 1;
    while (at < to) {
      if (bytes[at] !== 34) return -1;
      const keyStart = at + 1;
      at = stringEnd(bytes, keyStart, to);
      if (at >= to) return -1;
      const keyEnd = at;
      at = blanks(bytes, at + 1, to);
      if (at >= to || bytes[at] !== 58) return -1;
      at = blanks(bytes, at + 1, to);
      const length = keyEnd - keyStart;
      const valueStart = at;
      if (
        length === 3 && depth === 0 && bytes[at] === 123 && isOneOf(LOG, bytes, keyStart, keyEnd)
      ) {
        at = this.#members(bytes, at + 1, to, zone, readMs, 1);
        if (at < 0) return -1;
      } else {
        at = valueEnd(bytes, at, to);
        if (length < 20 && (LENGTHS >> length & 1) === 1) {
          this.#member(bytes, keyStart, keyEnd, valueStart, at, zone, readMs);
          if (this.level !== 0 && !Number.isNaN(this.timeMs)) return at;
        }
      }
      at = blanks(bytes, at, to);
      // A line cut at the length bound is still a JSON line.
      if (at >= to) return to;
      if (bytes[at] === 125) return at + 1;
      if (bytes[at] !== 44) return -1;
      at = blanks(bytes, at + 1, to);
    }
    return at;
  }

  #member(
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    start: number,
    end: number,
    zone: Zone,
    readMs: number,
  ): void {
    const quoted = end > start && bytes[start] === 34;
    const closed = quoted && end > start + 1 && bytes[end - 1] === 34;
    const from = quoted ? start + 1 : start;
    const to = closed ? end - 1 : end;
    if (Number.isNaN(this.timeMs) && isTimeKey(bytes, keyStart, keyEnd)) {
      // A key such as "time" may hold a duration; only what reads as a whole time counts.
      if (this.#time.at(bytes, from, to, true, zone, readMs)) this.timeMs = this.#time.ms;
    } else if (this.level === 0 && isLevelKey(bytes, keyStart, keyEnd)) {
      if (from >= to) return;
      if (quoted && bytes[from] > 57) this.level = levelOfWord(bytes, from, to);
      else if (to - from <= 2) {
        let value = 0;
        for (let i = from; i < to; i++) value = value * 10 + bytes[i] - 48;
        this.level = value >= 0 && value <= 99 ? levelOfNumber(value) : 0;
      }
    }
  }
}

function blanks(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === 32 || bytes[at] === 9)) at++;
  return at;
}

/** The place of the quote that ends the string whose first byte is at `from`. */
function stringEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  for (; at < to; at++) {
    const byte = bytes[at];
    if (byte === 34) return at;
    if (byte === 92) at++;
  }
  return to;
}

/** Behind the value that begins at `from`. */
function valueEnd(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to) return to;
  const first = bytes[from];
  if (first === 34) return Math.min(to, stringEnd(bytes, from + 1, to) + 1);
  let at = from;
  if (first !== 123 && first !== 91) {
    while (at < to && bytes[at] !== 44 && bytes[at] !== 125 && bytes[at] !== 32) at++;
    return at;
  }
  let depth = 0;
  for (; at < to; at++) {
    const byte = bytes[at];
    if (byte === 34) at = stringEnd(bytes, at + 1, to);
    else if (byte === 123 || byte === 91) depth++;
    else if ((byte === 125 || byte === 93) && --depth === 0) return at + 1;
  }
  return to;
}
