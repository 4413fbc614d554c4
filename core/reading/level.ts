/**
 * Levels: the six names that documents bear, and the words that logs use for them. Works on bytes,
 * makes no text.
 *
 * What counts as a level in a line of text: the first of these within the first 128 bytes behind
 * the time: a level word in capitals, one in brackets or before a colon in any case, one that
 * stands right behind the time, or the value of a key `level=`. An access log line has the level of
 * its status: 500 and more is an error, 400 to 499 a warning, others none.
 */

/** By code: 0 is "none known". */
export const LEVEL_NAMES = ["", "trace", "debug", "info", "warn", "error", "fatal"] as const;

export const LEVEL_NONE = 0;
export const LEVEL_TRACE = 1;
export const LEVEL_DEBUG = 2;
export const LEVEL_INFO = 3;
export const LEVEL_WARN = 4;
export const LEVEL_ERROR = 5;
export const LEVEL_FATAL = 6;

const WORDS: Readonly<Record<string, number>> = {
  trace: 1,
  trc: 1,
  finest: 1,
  finer: 1,
  verbose: 1,
  debug: 2,
  dbg: 2,
  fine: 2,
  info: 3,
  inf: 3,
  information: 3,
  informational: 3,
  notice: 3,
  warn: 4,
  warning: 4,
  wrn: 4,
  error: 5,
  err: 5,
  eror: 5,
  severe: 5,
  dpanic: 5,
  fatal: 6,
  ftl: 6,
  critical: 6,
  crit: 6,
  emerg: 6,
  emergency: 6,
  alert: 6,
  panic: 6,
};
const WORD_BYTES_MAX = 13;

/**
 * Words by length and first letter (lower case): few in each list, so a look-up compares one or
 * two.
 */
const BY_SHAPE: ({ bytes: Uint8Array; level: number }[] | undefined)[] = [];
for (const [word, level] of Object.entries(WORDS)) {
  const bytes = new TextEncoder().encode(word);
  (BY_SHAPE[bytes.length * 32 + (bytes[0] & 31)] ??= []).push({ bytes, level });
}

/** The level that the word `bytes[from..to)` names, in any case; 0 where it names none. */
export function levelOfWord(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length < 3 || length > WORD_BYTES_MAX || bytes[from] < 65) return 0;
  const list = BY_SHAPE[length * 32 + (bytes[from] & 31)];
  if (list === undefined) return 0;
  next: for (let k = 0; k < list.length; k++) {
    const word = list[k].bytes;
    for (let i = 0; i < length; i++) if ((bytes[from + i] | 32) !== word[i]) continue next;
    return list[k].level;
  }
  return 0;
}

/**
 * The level of a number as pino and bunyan write it (10 to 60), or of a syslog severity (0 to 7).
 */
export function levelOfNumber(value: number): number {
  if (value >= 10) return value <= 60 ? Math.ceil(value / 10) : LEVEL_FATAL;
  return levelOfSeverity(value);
}

/** The level of a syslog severity, 0 (emergency) to 7 (debug). */
export function levelOfSeverity(severity: number): number {
  if (severity <= 2) return LEVEL_FATAL;
  if (severity === 3) return LEVEL_ERROR;
  if (severity === 4) return LEVEL_WARN;
  return severity === 7 ? LEVEL_DEBUG : LEVEL_INFO;
}

/** 1 for ASCII letters, digits and `_`. */
const WORD_BYTE = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") {
  WORD_BYTE[char.charCodeAt(0)] = 1;
}
const WINDOW_BYTES = 128;

/**
 * The level named in the text `bytes[from..to)`, by the rules above; `timed`: a time stands before
 * `from`.
 */
export function findLevel(bytes: Uint8Array, from: number, to: number, timed: boolean): number {
  const end = Math.min(to, from + WINDOW_BYTES);
  let first = timed;
  for (let i = from; i < end;) {
    const byte = bytes[i];
    if (WORD_BYTE[byte] === 0) {
      i++;
      continue;
    }
    let stop = i + 1;
    while (stop < to && WORD_BYTE[bytes[stop]] === 1) stop++;
    const level = levelOfWord(bytes, i, stop);
    if (level !== 0 && counts(bytes, i, stop, from, to, first)) return level;
    // A thread or process number may stand between the time and the level.
    if (byte > 57) first = false;
    i = stop;
  }
  return 0;
}

function counts(
  bytes: Uint8Array,
  start: number,
  stop: number,
  from: number,
  to: number,
  first: boolean,
): boolean {
  const before = start > from ? bytes[start - 1] : 32;
  const after = stop < to ? bytes[stop] : 32;
  // A part of a longer name, a path or a number: "error.log", "/var/debug", "no-error".
  if (before === 45 || before === 46 || before === 47 || before === 36) return false;
  if (after === 47 || after === 45 || after === 61 || after === 36) return false;
  if (after === 46 && stop + 1 < to && WORD_BYTE[bytes[stop + 1]] === 1) return false;
  if (after === 93 || after === 62) return true; // ] >
  if (after === 58) return stop + 1 >= to || bytes[stop + 1] === 32 || bytes[stop + 1] === 58; // :
  if (before === 61) return isKeyLevel(bytes, start - 1, from); // =
  if (before === 34 && after === 34) return false;
  if (first) return true;
  return bytes[start] < 91 && bytes[start + 1] < 91 && bytes[stop - 1] < 91;
}

/** True where `level`, `lvl` or `severity` stands before the `=` at `equals`. */
function isKeyLevel(bytes: Uint8Array, equals: number, from: number): boolean {
  let start = equals;
  while (start > from && WORD_BYTE[bytes[start - 1]] === 1) start--;
  return isLevelKey(bytes, start, equals);
}

/** Names under which structured lines keep their level; none is longer than 19 bytes. */
export const LEVEL_KEYS = [
  "level",
  "lvl",
  "severity",
  "loglevel",
  "log_level",
  "levelname",
  "log.level",
  "@level",
  "@l",
  "severityText",
  "severity_text",
].map((key) => new TextEncoder().encode(key));

/** True for the names under which structured lines keep their level. */
export function isLevelKey(bytes: Uint8Array, from: number, to: number): boolean {
  return isOneOf(LEVEL_KEYS, bytes, from, to);
}

/** True where `bytes[from..to)` is one of the names. */
export function isOneOf(
  names: readonly Uint8Array[],
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  const length = to - from;
  next: for (let k = 0; k < names.length; k++) {
    const name = names[k];
    if (name.length !== length) continue;
    for (let i = 0; i < length; i++) if (bytes[from + i] !== name[i]) continue next;
    return true;
  }
  return false;
}

/**
 * The level of an access log line by its status, which follows the quoted request behind `from`.
 */
export function levelOfAccess(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== 34) at++;
  for (at++; at < to && bytes[at] !== 34; at++) if (bytes[at] === 92) at++;
  at += 2;
  if (at + 3 > to || bytes[at - 1] !== 32) return 0;
  const digit = bytes[at];
  if (bytes[at + 1] < 48 || bytes[at + 1] > 57 || (at + 3 < to && bytes[at + 3] !== 32)) return 0;
  return digit === 53 ? LEVEL_ERROR : digit === 52 ? LEVEL_WARN : 0;
}
