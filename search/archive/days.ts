/**
 * Which days of an archive are looked at for a range of time. Objects lie under the day on which a line was read, and
 * a line is read after it was written: soon, as a rule. So a line is looked for from the day before its time (clocks
 * differ) to `lateDays` behind it; lines that were read later are found where the days are named.
 */
import type { ObjectReader } from "../../core/archive/objects.ts";
import { WeirError } from "../../core/errors.ts";
import { isTopicName } from "../../core/record/headers.ts";
import { dayOf } from "../../core/record/identity.ts";

export const DAY_MS = 86_400_000;
/** Days by which a clock may be ahead. */
const AHEAD_DAYS = 1;
/** The day of records that lie in the future or more than ten years back: their lines have any time. */
const ODD_DAY = "1970-01-01";
const TOPICS_MAX = 10_000;

export interface DayRange {
  order: "newest" | "oldest";
  /** Times of lines; inclusive, exclusive. */
  fromMs: number;
  toMs: number;
  /** Named days, both inclusive: then lines of any time in the range are taken from them. */
  days?: { first: string; last: string };
  lateDays: number;
  daysMax: number;
}

export interface Day {
  day: string;
  topics: string[];
  /** Times that its lines have; others are left out and counted. */
  fromMs: number;
  toMs: number;
}

export interface DayChoice {
  /** In the order in which they are looked at. */
  days: Day[];
  /** What is searched of the range: less than it where there are more than `daysMax` days. */
  fromMs: number;
  toMs: number;
  /** Days that are left out for their number. */
  left: number;
}

/** Rejects with ARCHIVE_NOT_THERE, ARCHIVE_DAYS, ARCHIVE_TOPICS, or the store's error. @param wanted which topics */
export async function chooseDays(
  store: ObjectReader,
  range: DayRange,
  wanted: (topic: string) => boolean,
  signal: AbortSignal,
): Promise<DayChoice> {
  const found = new Map<string, string[]>();
  const [first, last] = range.days === undefined
    ? [
      dayText(range.fromMs - AHEAD_DAYS * DAY_MS),
      dayText(range.toMs - 1 + range.lateDays * DAY_MS),
    ]
    : [range.days.first, range.days.last];
  for (const topic of await topicsOf(store, wanted)) {
    for await (const folder of store.folders(`topic=${topic}/`)) {
      signal.throwIfAborted();
      const day = /^day=(\d{4}-\d{2}-\d{2})$/.exec(folder)?.[1];
      if (day === undefined || day < first || day > last) continue;
      found.set(day, [...found.get(day) ?? [], topic]);
    }
  }
  const sign = range.order === "newest" ? -1 : 1;
  const all = [...found].sort(([a], [b]) => a < b ? -sign : sign)
    .map(([day, topics]) => ({ day, topics: topics.sort(), ...timesOf(day, range) }));
  if (range.days === undefined) return cut(all, range);
  if (all.length <= range.daysMax) {
    return { days: all, fromMs: range.fromMs, toMs: range.toMs, left: 0 };
  }
  throw new WeirError("ARCHIVE_DAYS", `${all.length} days are named, ${range.daysMax} at most`, {
    hint: "Name fewer days, or the topic in the query.",
  });
}

async function topicsOf(
  store: ObjectReader,
  wanted: (topic: string) => boolean,
): Promise<string[]> {
  const topics: string[] = [];
  let any = false;
  for await (const folder of store.folders("")) {
    const topic = /^topic=(.+)$/.exec(folder)?.[1];
    if (topic === undefined || !isTopicName(topic)) continue;
    any = true;
    if (!wanted(topic)) continue;
    topics.push(topic);
    if (topics.length > TOPICS_MAX) {
      throw new WeirError("ARCHIVE_TOPICS", `${store.name} has more than ${TOPICS_MAX} topics`, {
        hint: "Name the topic in the query, such as topic:web_log.",
      });
    }
  }
  if (any) return topics;
  throw new WeirError("ARCHIVE_NOT_THERE", `There is no archive at ${store.name}: no topic=…`, {
    hint: "Check the place; weir-transfer writes its first objects after archive.segmentAge.",
  });
}

/** The times that lines of a day may have. */
function timesOf(day: string, { days, lateDays }: DayRange): { fromMs: number; toMs: number } {
  const startMs = Date.parse(day);
  if (days !== undefined || day === ODD_DAY) return { fromMs: -Infinity, toMs: Infinity };
  return { fromMs: startMs - lateDays * DAY_MS, toMs: startMs + (1 + AHEAD_DAYS) * DAY_MS };
}

/** Keeps the first days, and of the range what lies wholly in them. The odd day counts for none. */
function cut(all: Day[], range: DayRange): DayChoice {
  const { daysMax, order } = range;
  const odd = all.filter(({ day }) => day === ODD_DAY),
    usual = all.filter((one) => !odd.includes(one));
  let { fromMs, toMs } = range;
  const skipped = usual.slice(daysMax);
  for (const day of skipped) {
    if (order === "newest") fromMs = Math.max(fromMs, day.toMs);
    else toMs = Math.min(toMs, day.fromMs);
  }
  return { days: [...odd, ...usual.slice(0, daysMax)], fromMs, toMs, left: skipped.length };
}

/** The day of any time, also beyond what a date can say. */
function dayText(ms: number): string {
  return ms <= 0 ? "0000-00-00" : ms >= 8e15 ? "9999-99-99" : dayOf(ms);
}
