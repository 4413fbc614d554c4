/**
 * Times as logs write them, read from bytes. The form at a place decides by its shape alone which
 * reading is tried, so no order of tries can change the answer: ISO 8601 and its relatives,
 * year/month/day with slashes or dots, Apache and nginx, ctime, syslog without a year, klog, HDFS,
 * Spark, RFC 2822, and epochs of 10, 13, 16 or 19 digits.
 *
 * No zone in the text: the given zone. No year: the latest year that is not after the day of
 * reading. Seconds of 60 (leap seconds) become the next minute. Digits below a millisecond are
 * dropped. Dates that no calendar has are no times.
 */
import type { Zone } from "./zone.ts";

const DAY_MS = 86_400_000;
/** Clocks differ a little: a line may be this much after the day of its reading. */
const SKEW_MS = 300_000;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH_CODES = MONTHS.map((name) => codeOf(name));
const WEEKDAY_CODES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(codeOf);

function codeOf(name: string): number {
  return name.charCodeAt(0) << 16 | name.charCodeAt(1) << 8 | name.charCodeAt(2);
}

/** Reads times; one per thread is enough, it keeps the last date it computed. */
export class TimeReader {
  /** UTC ms of the time found by the last call that returned true. */
  ms = NaN;
  /** Behind the last byte of it. */
  end = 0;
  /** True where it was the form of access logs, `21/Nov/2026:04:15:26 +0000`. */
  access = false;
  /** True where it was a syslog time, behind which a host name stands. */
  syslog = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #to = 0;
  #zone!: Zone;
  #readMs = 0;
  #dateKey = -1;
  #dateMs = NaN;
  /** Ms of the time of day read last. */
  #clockMs = 0;

  /**
   * Reads the time that begins at `from`.
   * @param atStart true at the start of a line, of its first bracket or of a value: every form is believed; else only
   * those with a whole date are
   * @param zone for times that name no zone
   * @param readMs when the line was read, for times without a year
   * @returns whether there is one; the result is in `ms` and `end`
   */
  at(
    bytes: Uint8Array,
    from: number,
    to: number,
    atStart: boolean,
    zone: Zone,
    readMs: number,
  ): boolean {
    const first = bytes[from];
    this.#bytes = bytes;
    this.#to = to;
    this.#zone = zone;
    this.#readMs = readMs;
    this.access = false;
    this.syslog = false;
    if (first >= 48 && first <= 57) return this.#digits(from, atStart);
    if (first < 65) return false;
    return this.#letters(from, atStart);
  }

  #digits(from: number, atStart: boolean): boolean {
    const max = Math.min(this.#to, from + 20);
    let stop = from + 1;
    while (stop < max && this.#peek(stop) >= 48 && this.#peek(stop) <= 57) stop++;
    const next = stop < this.#to ? this.#peek(stop) : 0;
    switch (stop - from) {
      case 1:
        return next === 32 && this.#dayMonthYear(from, stop, 32);
      case 2:
        if (next === 47) return this.#slashes(from, atStart);
        if (next === 32) return this.#dayMonthYear(from, stop, 32);
        if (next === 45) {
          return this.#dayMonthYear(from, stop, 45) || (atStart && this.#logcat(from));
        }
        return false;
      case 4:
        return (next === 45 || next === 47 || next === 46) && this.#yearMonthDay(from, next);
      case 6:
        return next === 32 && atStart && this.#compactShort(from);
      case 8:
        return this.#compactLong(from, next);
      case 10:
      case 13:
      case 16:
      case 19:
        return atStart && this.#epoch(from, stop, next);
      default:
        return false;
    }
  }

  /** `2026-11-21T04:15:26.123Z` and relatives; `separator` is -, / or a dot. */
  #yearMonthDay(from: number, separator: number): boolean {
    if (from + 16 > this.#to || this.#peek(from + 7) !== separator) return false;
    const between = this.#peek(from + 10);
    // T, t, space, underscore, -, or : as in 2026-11-21:04:15
    if (
      (between | 32) !== 116 && between !== 32 && between !== 95 && between !== 45 && between !== 58
    ) {
      return false;
    }
    const year = this.#number(from, 4), month = this.#number(from + 5, 2);
    const day = this.#number(from + 8, 2);
    if (!this.#date(year, month, day)) return false;
    let at = from + 11;
    while (this.#peek(at) === 32 && at < from + 13) at++;
    return this.#clock(at, true) && this.#withZone();
  }

  /** `21/Nov/2026:04:15:26 +0000`, or Spark's `17/06/09 20:10:40`. */
  #slashes(from: number, atStart: boolean): boolean {
    if (from + 17 > this.#to) return false;
    if (this.#peek(from + 3) > 57) {
      const month = this.#monthAt(from + 3);
      if (month === 0 || this.#peek(from + 6) !== 47 || this.#peek(from + 11) !== 58) return false;
      if (!this.#date(this.#number(from + 7, 4), month, this.#number(from, 2))) return false;
      this.access = true;
      return this.#clock(from + 12, false) && this.#withZone();
    }
    if (!atStart || this.#peek(from + 5) !== 47 || this.#peek(from + 8) !== 32) return false;
    const year = this.#number(from, 2);
    if (!this.#date(2000 + year, this.#number(from + 3, 2), this.#number(from + 6, 2))) {
      return false;
    }
    return this.#clock(from + 9, false) && this.#withZone();
  }

  /** `21 Nov 2026 04:15:26`, `21-Nov-2026 04:15:26`. */
  #dayMonthYear(from: number, stop: number, separator: number): boolean {
    if (stop + 17 > this.#to) return false;
    const month = this.#monthAt(stop + 1);
    if (month === 0 || this.#peek(stop + 4) !== separator) return false;
    const between = this.#peek(stop + 9);
    if (between !== 32 && between !== 58) return false;
    if (!this.#date(this.#number(stop + 5, 4), month, this.#number(from, stop - from))) {
      return false;
    }
    return this.#clock(stop + 10, false) && this.#withZone();
  }

  /** Android's `11-21 04:15:26.123`, no year. */
  #logcat(from: number): boolean {
    if (from + 18 > this.#to || this.#peek(from + 5) !== 32 || this.#peek(from + 14) !== 46) {
      return false;
    }
    const month = this.#number(from, 2), day = this.#number(from + 3, 2);
    return this.#clock(from + 6, false) && this.#withoutYear(month, day);
  }

  /** HDFS's `081109 203615`, MySQL's `081109 20:36:15`. */
  #compactShort(from: number): boolean {
    if (from + 13 > this.#to) return false;
    const day = this.#number(from + 4, 2);
    if (!this.#date(2000 + this.#number(from, 2), this.#number(from + 2, 2), day)) return false;
    let at = from + 7;
    if (this.#peek(at) === 32) at++;
    if (this.#peek(at + 2) === 58 || this.#peek(at + 1) === 58) {
      return this.#clock(at, false) && this.#withZone();
    }
    if (at + 6 < this.#to && this.#peek(at + 6) !== 32) return false;
    return this.#compactClock(at) && this.#withZone();
  }

  /** `20261121T041526Z`, `20261121-04:15:26:606`, `20261121 04:15:26`. */
  #compactLong(from: number, next: number): boolean {
    if (next !== 84 && next !== 45 && next !== 32) return false;
    if (from + 14 > this.#to) return false;
    const day = this.#number(from + 6, 2);
    if (!this.#date(this.#number(from, 4), this.#number(from + 4, 2), day)) return false;
    const at = from + 9;
    if (this.#peek(at + 2) === 58 || this.#peek(at + 1) === 58) {
      return this.#clock(at, false) && this.#withZone();
    }
    return next === 84 && this.#compactClock(at) && this.#withZone();
  }

  /** Seconds, ms, µs or ns since 1970; believed from 2001 until a day after the reading. */
  #epoch(from: number, stop: number, next: number): boolean {
    if ((next | 32) >= 97 && (next | 32) <= 122) return false;
    const digits = stop - from;
    let ms = digits === 10 ? this.#number(from, 10) * 1000 : this.#number(from, 13);
    let end = stop;
    if (digits === 10 && next === 46) {
      let scale = 100;
      for (end++; end < this.#to && this.#peek(end) >= 48 && this.#peek(end) <= 57; end++) {
        ms += (this.#peek(end) - 48) * scale;
        scale = scale > 1 ? scale / 10 : 0;
      }
    }
    ms = Math.floor(ms);
    if (!(ms >= 1e12) || ms > this.#readMs + DAY_MS) return false;
    this.ms = ms;
    this.end = end;
    return true;
  }

  #letters(from: number, atStart: boolean): boolean {
    if (from + 14 > this.#to) return false;
    const code = (this.#peek(from) << 16 | this.#peek(from + 1) << 8 | this.#peek(from + 2)) |
      0x202020;
    const next = this.#peek(from + 3);
    if (next === 32) {
      const month = MONTH_CODES.indexOf(code) + 1;
      if (month > 0) return atStart && this.#syslog(from, month);
    }
    if ((next === 32 || next === 44) && WEEKDAY_CODES.includes(code)) {
      return this.#weekday(from + 4 + (next === 44 ? 1 : 0));
    }
    return atStart && next >= 48 && next <= 57 && this.#klog(from);
  }

  /** `Jun 14 15:16:01`; with a year before or behind the clock; `Nov 21, 2026 4:15:26 AM`. */
  #syslog(from: number, month: number): boolean {
    let at = from + 4;
    if (this.#peek(at) === 32) at++;
    let day = this.#digit(at++);
    if (this.#peek(at) !== 32 && this.#peek(at) !== 44) day = day * 10 + this.#digit(at++);
    if (this.#peek(at) === 44) at++;
    if (this.#peek(at) !== 32 || !(day >= 1)) return false;
    at++;
    let year = NaN;
    if (this.#peek(at + 2) !== 58 && this.#peek(at + 4) === 32) {
      year = this.#number(at, 4);
      at += 5;
    }
    if (!this.#clock(at, false)) return false;
    if (Number.isNaN(year)) {
      if (this.#yearBehind()) {
        year = this.#number(this.end + 1, 4);
        this.end += 5;
      } else {
        this.syslog = true;
        return this.#withoutYear(month, day);
      }
    }
    this.#halfDay();
    return this.#date(year, month, day) && this.#withZone();
  }

  /** `Sun Dec 04 04:47:44.123 2005` or `Sat, 21 Nov 2026 04:15:26 +0000`, behind the weekday. */
  #weekday(from: number): boolean {
    if (this.#peek(from) >= 48 && this.#peek(from) <= 57) {
      const stop = this.#peek(from + 1) === 32 ? from + 1 : from + 2;
      return this.#peek(stop) === 32 && this.#dayMonthYear(from, stop, 32);
    }
    const month = this.#monthAt(from);
    if (month === 0 || this.#peek(from + 3) !== 32) return false;
    let at = from + 4;
    if (this.#peek(at) === 32) at++;
    let day = this.#digit(at++);
    if (this.#peek(at) !== 32) day = day * 10 + this.#digit(at++);
    if (this.#peek(at) !== 32 || !this.#clock(at + 1, false)) return false;
    // ctime with a zone name before the year: "Sun Dec  4 04:47:44 UTC 2005"
    let utc = false;
    if (
      this.#peek(this.end) === 32 && this.#peek(this.end + 1) === 85 &&
      this.#peek(this.end + 4) === 32
    ) {
      utc = true;
      this.end += 4;
    }
    if (!this.#yearBehind()) return this.#withoutYear(month, day);
    const year = this.#number(this.end + 1, 4);
    this.end += 5;
    if (!this.#date(year, month, day)) return false;
    if (!utc) return this.#withZone();
    this.ms = this.#dateMs + this.#clockMs;
    return true;
  }

  /** klog and glog: `I1121 04:15:26.123456`. */
  #klog(from: number): boolean {
    if (!"IWEFD".includes(String.fromCharCode(this.#peek(from))) || this.#peek(from + 5) !== 32) {
      return false;
    }
    const month = this.#number(from + 1, 2), day = this.#number(from + 3, 2);
    return this.#clock(from + 6, false) && this.#withoutYear(month, day);
  }

  /** A four-digit year stands behind the time of day. */
  #yearBehind(): boolean {
    const at = this.end;
    if (at + 5 > this.#to || this.#peek(at) !== 32) return false;
    const year = this.#number(at + 1, 4);
    const after = at + 5 < this.#to ? this.#peek(at + 5) : 32;
    return year >= 1970 && year < 2200 && (after === 32 || after === 93 || after === 58);
  }

  /** AM or PM behind the time of day. */
  #halfDay(): void {
    const at = this.end;
    if (at + 3 > this.#to || this.#peek(at) !== 32 || (this.#peek(at + 2) | 32) !== 109) return;
    const half = this.#peek(at + 1) | 32;
    const noon = 43_200_000;
    if (half === 112 && this.#clockMs < noon) this.#clockMs += noon;
    else if (half === 97 && this.#clockMs >= noon) this.#clockMs -= noon;
    else if (half !== 112 && half !== 97) return;
    this.end += 3;
  }

  /** `04:15:26`, `4:15:26`, a fraction behind dot or comma; `short`: the seconds may be missing. */
  #clock(from: number, short: boolean): boolean {
    const to = this.#to;
    let at = from;
    if (at + 5 > to) return false;
    let hour = this.#digit(at++);
    if (this.#peek(at) !== 58) hour = hour * 10 + this.#digit(at++);
    const dotted = this.#peek(at) === 46;
    if ((this.#peek(at) !== 58 && !dotted) || at + 3 > to) return false;
    const minute = this.#number(at + 1, 2);
    at += 3;
    let second = 0;
    if (at + 3 <= to && (this.#peek(at) === 58 || (dotted && this.#peek(at) === 46))) {
      second = this.#number(at + 1, 2);
      at += 3;
    } else if (!short || dotted) return false;
    if (!(hour < 24 && minute < 60 && second <= 60)) return false;
    this.#clockMs = ((hour * 60 + minute) * 60 + second) * 1000;
    this.end = at;
    const mark = this.#peek(at);
    if (mark === 46 || mark === 44 || mark === 58) this.#fraction(at + 1, mark === 58);
    return true;
  }

  /** Digits behind the seconds; behind a colon exactly three, others are something else. */
  #fraction(from: number, three: boolean): void {
    let ms = 0, scale = 100, stop = from;
    for (; this.#peek(stop) >= 48 && this.#peek(stop) <= 57; stop++) {
      if (scale >= 1) ms += (this.#peek(stop) - 48) * scale;
      scale /= 10;
    }
    if (stop === from || (three && stop !== from + 3)) return;
    this.#clockMs += ms;
    this.end = stop;
  }

  /** `041526`. */
  #compactClock(from: number): boolean {
    const hour = this.#number(from, 2), minute = this.#number(from + 2, 2);
    const hasSeconds = from + 6 <= this.#to;
    const second = hasSeconds ? this.#number(from + 4, 2) : 0;
    if (!(hour < 24 && minute < 60 && second <= 60)) return false;
    this.#clockMs = ((hour * 60 + minute) * 60 + second) * 1000;
    this.end = from + (hasSeconds ? 6 : 4);
    return true;
  }

  /** Sets the date; false for a date that no calendar has. */
  #date(year: number, month: number, day: number): boolean {
    const key = (year * 100 + month) * 100 + day; // they have two digits, also wrong ones
    if (key === this.#dateKey) return true;
    if (!(year >= 1970 && year < 3000 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) {
      return false;
    }
    const ms = Date.UTC(year, month - 1, day);
    if (new Date(ms).getUTCDate() !== day) return false;
    this.#dateKey = key;
    this.#dateMs = ms;
    return true;
  }

  /** Puts date, clock and what stands behind them (Z, offset, nothing) together. */
  #withZone(): boolean {
    const to = this.#to;
    const local = this.#dateMs + this.#clockMs;
    let at = this.end;
    let byte = at < to ? this.#peek(at) : 0;
    if (byte === 90 || byte === 122) {
      this.ms = local;
      this.end = at + 1;
      return true;
    }
    if (byte === 32 && at + 1 < to) {
      byte = this.#peek(at + 1);
      // " UTC", " GMT"
      if ((byte === 85 || byte === 71) && at + 4 <= to) {
        const zone = this.#peek(at + 1) << 16 | this.#peek(at + 2) << 8 | this.#peek(at + 3);
        const after = at + 4 < to ? this.#peek(at + 4) : 32;
        if ((zone === 0x555443 || zone === 0x474d54) && (after < 65 || after === 93)) {
          this.ms = local;
          this.end = at + 4;
          return true;
        }
      }
      at++;
    }
    if ((byte === 43 || byte === 45) && at + 3 <= to) {
      const hours = this.#number(at + 1, 2);
      let stop = at + 3;
      if (this.#peek(stop) === 58) stop++;
      const minutes = stop + 2 <= to ? this.#number(stop, 2) : NaN;
      // "-05" alone only where it touches the time: " - 05" is something else.
      const whole = !Number.isNaN(minutes);
      if (hours <= 14 && (whole ? minutes < 60 : at === this.end)) {
        const offset = (hours * 60 + (whole ? minutes : 0)) * 60_000;
        this.ms = byte === 43 ? local - offset : local + offset;
        this.end = whole ? stop + 2 : at + 3;
        return true;
      }
    }
    this.ms = this.#zone.utcOf(local);
    return true;
  }

  /** The latest year in which this day is not after the day of reading. */
  #withoutYear(month: number, day: number): boolean {
    const limit = (Math.floor(this.#readMs / DAY_MS) + 1) * DAY_MS + SKEW_MS;
    let year = new Date(limit).getUTCFullYear();
    // 29 February may be four years (1900s: eight) back.
    for (let tries = 0; tries < 9; tries++, year--) {
      if (!this.#date(year, month, day)) {
        if (month === 2 && day === 29) continue;
        return false;
      }
      const ms = this.#zone.utcOf(this.#dateMs + this.#clockMs);
      if (ms < limit) {
        this.ms = ms;
        return true;
      }
    }
    return false;
  }

  #monthAt(from: number): number {
    const code = (this.#peek(from) << 16 | this.#peek(from + 1) << 8 | this.#peek(from + 2)) |
      0x202020;
    return MONTH_CODES.indexOf(code) + 1;
  }

  /** The byte there; 0 behind the end of the line. */
  #peek(at: number): number {
    return at < this.#to ? this.#bytes[at] : 0;
  }

  #digit(at: number): number {
    const value = this.#bytes[at] - 48;
    return value >= 0 && value <= 9 && at < this.#to ? value : NaN;
  }

  /** The number of `digits` digits at `from`; NaN where one is missing. */
  #number(from: number, digits: number): number {
    const bytes = this.#bytes;
    if (from + digits > this.#to) return NaN;
    let value = 0;
    for (let i = 0; i < digits; i++) {
      const digit = bytes[from + i] - 48;
      if (!(digit >= 0 && digit <= 9)) return NaN;
      value = value * 10 + digit;
    }
    return value;
  }
}
