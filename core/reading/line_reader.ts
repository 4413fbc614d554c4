/**
 * What a line says of itself: its time, its level, and whether it goes on an event that an earlier
 * line began (a stack trace). Works on the bytes, makes no text and no object a line. The answer
 * depends on the line, the zone and the time of reading alone, except for `continues`, which
 * depends on the line before it in the same file as well.
 *
 * Continuation lines: indented lines without a time of their own; "at …", "Caused by:",
 * "Suppressed:", "... 12 more"; what a Python traceback consists of, its last line included; an
 * exception's own line behind a line with a time.
 */
import { isTimeKey, JsonLine } from "./json_line.ts";
import {
  findLevel,
  isLevelKey,
  LEVEL_DEBUG,
  LEVEL_ERROR,
  LEVEL_FATAL,
  LEVEL_INFO,
  LEVEL_WARN,
  levelOfAccess,
  levelOfSeverity,
  levelOfWord,
} from "./level.ts";
import { continuationOf } from "./continuation.ts";
import { TimeReader } from "./time.ts";
import type { Zone } from "./zone.ts";

/** A time stands within the first bytes of a line, or there is none. */
const WINDOW_BYTES = 256;
/** A time stands at one of the first words of a line or behind a bracket. */
const WORDS_MAX = 5;
/** Looks for the keys of a logfmt line in its first bytes only. */
const LOGFMT_BYTES = 1024;

export class LineReader {
  /** UTC ms of the time in the line read last; NaN where it has none. */
  timeMs = NaN;
  /** Code of its level, see LEVEL_NAMES; 0 where it has none. */
  level = 0;
  /** True where the line goes on an event, provided that a line of its file came before it. */
  continues = false;
  readonly #time = new TimeReader();
  readonly #json = new JsonLine(this.#time);

  /**
   * Reads the line `bytes[from..to)`, which has no line end.
   * @param zone for times that name none
   * @param readMs when the line was read, ms since 1970: decides the year where the text has none
   */
  read(bytes: Uint8Array, from: number, to: number, zone: Zone, readMs: number): void {
    this.timeMs = NaN;
    this.level = 0;
    this.continues = false;
    // A byte order mark, or the carriage return of an odd line end.
    let start = from;
    if (
      to - from > 2 && bytes[start] === 0xef && bytes[start + 1] === 0xbb &&
      bytes[start + 2] === 0xbf
    ) start += 3;
    let end = to;
    while (end > start && bytes[end - 1] === 13) end--;
    if (start >= end) return;
    const first = bytes[start];
    if (first === 123 && this.#json.read(bytes, start, end, zone, readMs)) {
      this.timeMs = this.#json.timeMs;
      this.level = this.#json.level;
      return;
    }
    if (first === 32 || first === 9) {
      this.#indented(bytes, start, end, zone, readMs);
      return;
    }
    if (this.#text(bytes, start, end, zone, readMs)) return;
    if (this.#logfmt(bytes, start, end, zone, readMs)) return;
    this.continues = continuationOf(bytes, start, end);
    if (!this.continues && this.level === 0) this.level = findLevel(bytes, start, end, false);
  }

  #indented(bytes: Uint8Array, from: number, to: number, zone: Zone, readMs: number): void {
    let at = from;
    while (at < to && (bytes[at] === 32 || bytes[at] === 9)) at++;
    if (at < to && this.#time.at(bytes, at, to, true, zone, readMs)) {
      this.timeMs = this.#time.ms;
      this.level = findLevel(bytes, this.#time.end, to, true);
    } else this.continues = true;
  }

  /** A line of text with a time near its start. */
  #text(bytes: Uint8Array, from: number, to: number, zone: Zone, readMs: number): boolean {
    const time = this.#time;
    let at = from;
    if (bytes[at] === 60) at = this.#priority(bytes, at, to);
    let atStart = true;
    const end = Math.min(to, from + WINDOW_BYTES);
    let words = 0;
    while (at < end) {
      const byte = bytes[at];
      if (byte === 91 || byte === 40 || byte === 34 || byte === 42) {
        at++;
        continue;
      }
      if (
        byte >= 48 && (byte <= 57 || atStart || isWeekdayStart(byte)) &&
        time.at(bytes, at, to, atStart, zone, readMs)
      ) {
        this.timeMs = time.ms;
        if (this.level === 0) this.#levelBehind(bytes, at, from, to);
        return true;
      }
      atStart = false;
      // On to the next word; a bracket opens one as well.
      while (at < end && bytes[at] !== 32 && bytes[at] !== 91 && bytes[at] !== 9) at++;
      const bracket = at < end && bytes[at] === 91;
      while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++;
      if (!bracket && ++words >= WORDS_MAX && (at >= end || bytes[at] !== 91)) {
        while (at < end && bytes[at] !== 91) at++;
      }
    }
    return false;
  }

  /** `<34>` or `<34>1 ` of syslog: takes the level, returns the place behind it. */
  #priority(bytes: Uint8Array, from: number, to: number): number {
    let at = from + 1, value = 0;
    while (at < to && bytes[at] >= 48 && bytes[at] <= 57 && at < from + 4) {
      value = value * 10 + bytes[at++] - 48;
    }
    if (at === from + 1 || at >= to || bytes[at] !== 62 || value > 191) return from + 1;
    this.level = levelOfSeverity(value & 7);
    at++;
    if (at + 1 < to && bytes[at] >= 49 && bytes[at] <= 57 && bytes[at + 1] === 32) at += 2;
    return at;
  }

  #levelBehind(bytes: Uint8Array, start: number, from: number, to: number): void {
    const time = this.#time;
    if (time.access) {
      this.level = levelOfAccess(bytes, time.end, to);
      return;
    }
    const letter = bytes[start];
    if (letter > 57 && bytes[start + 1] <= 57 && bytes[start + 1] >= 48) {
      this.level = levelOfLetter(letter);
      return;
    }
    this.level = findLevel(bytes, time.end, to, !time.syslog);
    // "[INFO] 2026-11-21 …", "WARN: 2026-11-21 …"
    if (this.level === 0 && start > from + 3) this.level = findLevel(bytes, from, start, false);
  }

  /** `time=… level=… msg=…`: the first word is a key. */
  #logfmt(bytes: Uint8Array, from: number, to: number, zone: Zone, readMs: number): boolean {
    const end = Math.min(to, from + LOGFMT_BYTES);
    let at = from, pairs = 0, found = false;
    while (at < end) {
      const key = at;
      while (at < end && bytes[at] > 32 && bytes[at] !== 61 && bytes[at] !== 34) at++;
      if (at >= end || bytes[at] !== 61 || at === key) {
        if (pairs === 0) return false;
        while (at < end && bytes[at] !== 32) at++;
        while (at < end && bytes[at] === 32) at++;
        continue;
      }
      const keyEnd = at++;
      const quoted = at < end && bytes[at] === 34;
      const value = quoted ? at + 1 : at;
      at = value;
      while (at < end && bytes[at] !== (quoted ? 34 : 32)) at += quoted && bytes[at] === 92 ? 2 : 1;
      const valueEnd = Math.min(at, end);
      pairs++;
      if (Number.isNaN(this.timeMs) && isTimeKey(bytes, key, keyEnd)) {
        if (this.#time.at(bytes, value, valueEnd, true, zone, readMs)) {
          this.timeMs = this.#time.ms;
          found = true;
        }
      } else if (this.level === 0 && isLevelKey(bytes, key, keyEnd)) {
        this.level = levelOfWord(bytes, value, valueEnd);
        found ||= this.level !== 0;
      }
      if (quoted) at++;
      while (at < end && bytes[at] === 32) at++;
    }
    return found;
  }
}

/** First letters of weekdays: the only forms with a whole date that begin with a letter. */
function isWeekdayStart(byte: number): boolean {
  return byte === 77 || byte === 84 || byte === 87 || byte === 70 || byte === 83;
}

/** klog's letters. */
function levelOfLetter(letter: number): number {
  switch (letter) {
    case 73:
      return LEVEL_INFO;
    case 87:
      return LEVEL_WARN;
    case 69:
      return LEVEL_ERROR;
    case 70:
      return LEVEL_FATAL;
    default:
      return LEVEL_DEBUG;
  }
}
