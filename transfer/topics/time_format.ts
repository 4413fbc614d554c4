/**
 * Times by a format that the operator gives, as strptime has them: for lines whose time no built-in
 * form fits. The whole text must fit the format. A format is checked when it is made, so that a
 * wrong one is refused with the settings.
 */
import type { Zone } from "../../core/reading/zone.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAY_MS = 86_400_000;
const CHARACTERS_MAX = 200;

/** What each directive fits, and the name under which its value is kept ("" where it is not). */
const DIRECTIVES: Readonly<Record<string, readonly [pattern: string, name: string]>> = {
  Y: ["\\d{4}", "year"],
  y: ["\\d{2}", "shortYear"],
  m: ["\\d{1,2}", "month"],
  b: ["[A-Za-z]{3}", "monthName"],
  B: ["[A-Za-z]{3,9}", "monthName"],
  d: ["\\d{1,2}", "day"],
  e: [" ?\\d{1,2}", "day"],
  j: ["\\d{1,3}", "dayOfYear"],
  a: ["[A-Za-z]{3}", ""],
  A: ["[A-Za-z]{6,9}", ""],
  H: ["\\d{1,2}", "hour"],
  I: ["\\d{1,2}", "hour12"],
  p: ["[AaPp][Mm]", "half"],
  M: ["\\d{2}", "minute"],
  S: ["\\d{2}", "second"],
  f: ["\\d{1,9}", "fraction"],
  L: ["\\d{3}", "fraction"],
  z: ["Z|[+-]\\d{2}:?\\d{2}", "offset"],
  s: ["\\d{1,12}", "epoch"],
};

type Parts = Record<string, string | undefined>;

/** Reads a time, ms since 1970; NaN where the text does not fit. `readMs` gives a missing year. */
export type TimeFormat = (text: string, zone: Zone, readMs: number) => number;

/** Compiles a format. Throws RangeError for one that cannot give a time. */
export function timeFormat(format: string): TimeFormat {
  if (format === "epoch_s") return (text) => epoch(text, 1000);
  if (format === "epoch_ms") return (text) => epoch(text, 1);
  const { pattern, names } = compile(format);
  return (text, zone, readMs) => {
    if (text.length > CHARACTERS_MAX) return NaN;
    const parts = pattern.exec(text)?.groups;
    return parts === undefined ? NaN : timeOf(parts, names, zone, readMs);
  };
}

function epoch(text: string, factor: number): number {
  if (!/^\d{1,16}(\.\d{1,9})?$/.test(text)) return NaN;
  return Math.floor(Number(text) * factor);
}

function compile(format: string): { pattern: RegExp; names: ReadonlySet<string> } {
  const names = new Set<string>();
  let source = "";
  for (let i = 0; i < format.length; i++) {
    const char = format[i];
    if (char !== "%") {
      source += char.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
      continue;
    }
    const letter = format[++i] ?? "";
    if (letter === "%") {
      source += "%";
      continue;
    }
    const directive = DIRECTIVES[letter];
    if (directive === undefined) {
      throw new RangeError(
        `%${letter} is not known; known are ${Object.keys(DIRECTIVES).join(" ")}`,
      );
    }
    const [pattern, name] = directive;
    if (name === "") source += `(?:${pattern})`;
    else if (names.has(name)) throw new RangeError(`%${letter} says again what stands before it`);
    else source += `(?<${name}>${pattern})`;
    if (name !== "") names.add(name);
  }
  const date = names.has("epoch") || names.has("dayOfYear") ||
    (names.has("day") && (names.has("month") || names.has("monthName")));
  if (!date) throw new RangeError("the format has no day and month (%d and %m or %b, %j, or %s)");
  if (names.has("hour12") && !names.has("half")) throw new RangeError("%I needs %p");
  return { pattern: new RegExp(`^${source}$`, "u"), names };
}

function timeOf(parts: Parts, names: ReadonlySet<string>, zone: Zone, readMs: number): number {
  const fraction = parts.fraction === undefined
    ? 0
    : Math.floor(Number(`0.${parts.fraction}`) * 1000);
  if (parts.epoch !== undefined) return Number(parts.epoch) * 1000 + fraction;
  const clock = clockOf(parts);
  if (Number.isNaN(clock)) return NaN;
  const withZone = (local: number) => {
    if (Number.isNaN(local)) return NaN; // no zone knows a day that no calendar has
    return parts.offset === undefined ? zone.utcOf(local) : local - offsetMs(parts.offset);
  };
  const at = (year: number) => withZone(dateOf(parts, year) + clock + fraction);
  if (names.has("year")) return at(Number(parts.year));
  if (names.has("shortYear")) return at(2000 + Number(parts.shortYear));
  // The latest year that is not after the day of reading, as for times that are found.
  const thisYear = new Date(readMs).getUTCFullYear();
  for (let year = thisYear + 1; year >= thisYear - 8; year--) {
    const ms = at(year);
    if (ms <= readMs + DAY_MS) return ms;
  }
  return NaN;
}

function clockOf(parts: Parts): number {
  let hour = Number(parts.hour ?? parts.hour12 ?? 0);
  if (parts.half !== undefined) {
    if (hour > 12) return NaN;
    hour = hour % 12 + (/p/i.test(parts.half) ? 12 : 0);
  }
  const minute = Number(parts.minute ?? 0), second = Number(parts.second ?? 0);
  if (!(hour < 24 && minute < 60 && second <= 60)) return NaN;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** UTC ms of the day's begin; NaN for a day that no calendar has. */
function dateOf(parts: Parts, year: number): number {
  if (parts.dayOfYear !== undefined) {
    const day = Number(parts.dayOfYear);
    const ms = dayMs(year, 0, day);
    return day >= 1 && new Date(ms).getUTCFullYear() === year ? ms : NaN;
  }
  const month = parts.monthName === undefined
    ? Number(parts.month)
    : MONTHS.indexOf(parts.monthName.slice(0, 3).toLowerCase()) + 1;
  const day = Number(parts.day);
  if (!(month >= 1 && month <= 12 && day >= 1)) return NaN;
  const ms = dayMs(year, month - 1, day);
  return new Date(ms).getUTCDate() === day ? ms : NaN;
}

/** Date.UTC() takes the years 0 to 99 for 1900 to 1999. */
function dayMs(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day);
}

function offsetMs(text: string): number {
  if (text === "Z") return 0;
  const digits = text.slice(1).replace(":", "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (text[0] === "-" ? -1 : 1) * minutes * 60_000;
}
