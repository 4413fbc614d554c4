/**
 * Times as people write them in a time range: ISO 8601, epoch, "-2h", "yesterday 10:00". Whatever names no zone is
 * meant in the zone of the caller.
 */
import { WeirError } from "../../core/errors.ts";
import { zoneOf } from "../../core/reading/zone.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DAY_MS = UNIT_MS.d;
const CLOCK = "(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?";
const DATED = new RegExp(
  `^(\\d{4})-(\\d{2})-(\\d{2})(?:[T ]${CLOCK}\\s*(Z|[+-]\\d{2}:?\\d{2})?)?$`,
  "i",
);
const NAMED = new RegExp(`^(today|yesterday)(?:\\s+(?:at\\s+)?${CLOCK})?$`, "i");
const BARE = new RegExp(`^${CLOCK}$`);
const SPAN = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;

/**
 * Milliseconds since 1970 of a time as people write it: ISO 8601, epoch in s (10 digits) or ms (13), "now", "-2h",
 * "1h30m ago", "today", "yesterday 10:00", "10:00" (today). Throws TIME_INVALID.
 */
export function parseTime(text: string, nowMs: number, zone = "UTC"): number {
  const trimmed = text.trim();
  const result = relative(trimmed, nowMs) ?? named(trimmed, nowMs, zone) ?? dated(trimmed, zone);
  if (result === undefined || !Number.isFinite(result) || Math.abs(result) > 8.64e15) {
    throw new WeirError("TIME_INVALID", `Cannot read "${trimmed.slice(0, 60)}" as a time`, {
      hint:
        'Examples: "2026-11-21 10:00", "2026-11-21T10:00:00Z", "-2h", "yesterday 10:00", "now".',
    });
  }
  return Math.round(result);
}

/** Milliseconds of "90s", "1h30m"; undefined where the text is no span. */
export function parseSpan(text: string): number | undefined {
  if (!SPAN.test(text)) return undefined;
  let sum = 0;
  for (const match of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    sum += Number(match[1]) * UNIT_MS[match[2]];
  }
  return sum;
}

function relative(text: string, nowMs: number): number | undefined {
  if (text.toLowerCase() === "now") return nowMs;
  if (/^\d{13}$/.test(text)) return Number(text);
  if (/^\d{10}$/.test(text)) return Number(text) * 1000;
  const match = /^(?:(-|now-)(\S+)|(\S+)\s+ago)$/i.exec(text);
  if (match === null) return undefined;
  const span = parseSpan((match[2] ?? match[3]).toLowerCase());
  return span === undefined ? undefined : nowMs - span;
}

function named(text: string, nowMs: number, zone: string): number | undefined {
  const match = NAMED.exec(text);
  const bare = match === null ? BARE.exec(text) : null;
  if (match === null && bare === null) return undefined;
  const today = Math.floor(zoneOf(zone).localOf(nowMs) / DAY_MS) * DAY_MS;
  const day = match?.[1].toLowerCase() === "yesterday" ? today - DAY_MS : today;
  const clock = clockMs(match === null ? bare! : match, match === null ? 1 : 2);
  return clock === undefined ? undefined : zoneOf(zone).utcOf(day + clock);
}

function dated(text: string, zone: string): number | undefined {
  const match = DATED.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCFullYear(year);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const clock = clockMs(match, 4);
  if (clock === undefined) return undefined;
  const local = date.getTime() + clock;
  const given = match[8];
  if (given === undefined) return zoneOf(zone).utcOf(local);
  if (given.toUpperCase() === "Z") return local;
  const minutes = Number(given.slice(1, 3)) * 60 + Number(given.slice(-2));
  return local - (given[0] === "-" ? -1 : 1) * minutes * 60_000;
}

/** Milliseconds since midnight of the groups that begin at `at`; 0 where there is no clock time. */
function clockMs(match: RegExpExecArray, at: number): number | undefined {
  if (match[at] === undefined) return 0;
  const [hour, minute, second] = [0, 1, 2].map((i) => Number(match[at + i] ?? 0));
  if (hour > 24 || minute > 59 || second > 60) return undefined;
  const fraction = match[at + 3] === undefined ? 0 : Number(`0.${match[at + 3]}`) * 1000;
  return ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(fraction);
}
