/** The time axis that histogram, gaps and host figures share: first time, width of a bar, number of bars. */
import type { HistogramAnswer } from "../state.ts";

export function startOf(answer: HistogramAnswer): number {
  return Math.floor((answer.fromMs ?? 0) / answer.bucketMs) * answer.bucketMs;
}

/** Bars of the histogram, 0 where there is no line. */
export function countOf(answer: HistogramAnswer): number {
  if (answer.fromMs === null || answer.toMs === null) return 0;
  return Math.max(1, Math.ceil((answer.toMs - startOf(answer)) / answer.bucketMs));
}

export function endOf(answer: HistogramAnswer): number {
  return startOf(answer) + countOf(answer) * answer.bucketMs;
}

/** A time for `since` and `until`, ms; held within what the API can read, years 0 to 9999. */
export function timeValue(ms: number): string {
  return new Date(Math.max(YEAR_0_MS, Math.min(YEAR_9999_MS, Math.round(ms)))).toISOString();
}

const YEAR_0_MS = -62_167_219_200_000, YEAR_9999_MS = 253_402_300_799_999;

export interface Span {
  fromMs: number;
  toMs: number;
}

/** Times between runs, within the axis; pauses shorter than `leastMs` are left out. What was before the first run is not known. */
export function gapsOf(
  runs: readonly Span[],
  fromMs: number,
  toMs: number,
  leastMs: number,
): Span[] {
  const gaps: Span[] = [];
  for (let i = 1; i < runs.length; i++) {
    const from = Math.max(runs[i - 1].toMs, fromMs), to = Math.min(runs[i].fromMs, toMs);
    if (to > from && runs[i].fromMs - runs[i - 1].toMs >= leastMs) {
      gaps.push({ fromMs: from, toMs: to });
    }
  }
  return gaps;
}

/** An SVG path through the values, one a step; where one is missing the line is broken. Y goes down from `height`. */
export function linePath(
  values: readonly (number | null)[],
  most: number,
  width: number,
  height: number,
): string {
  const step = width / Math.max(1, values.length);
  let path = "", on = false;
  values.forEach((value, i) => {
    if (value === null) {
      on = false;
      return;
    }
    const x = ((i + 0.5) * step).toFixed(1);
    const y = (height - 1 - Math.min(1, value / most) * (height - 2)).toFixed(1);
    path += `${on ? "L" : "M"}${x} ${y}`;
    // A point that stands alone is drawn too.
    if (!on && (values[i + 1] ?? null) === null) path += "h.1";
    on = true;
  });
  return path;
}
