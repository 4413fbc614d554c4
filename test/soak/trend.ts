/**
 * Whether what a program takes grows. The first third is its warming up; of the rest each twelfth counts with its least
 * value, under which a collector's saw teeth do not show, and a line through these gives the growth an hour.
 */
import type { Sample } from "./soak.ts";

export interface Trend {
  program: string;
  what: "memory" | "handles" | "threads";
  /** Value at the begin of the line, and what it gains until the end of the run. */
  from: number;
  gain: number;
  isFlat: boolean;
  /** All of it, for a person. */
  text: string;
}

const WINDOWS = 12;
const MIB = 2 ** 20;

/** Gains up to these are none: a share of the value, or an amount. */
const NOISE = {
  memory: { share: 0.25, amount: 32 * MIB },
  handles: { share: 0.1, amount: 6 },
  threads: { share: 0.1, amount: 3 },
} as const;

export function slopesOf(samples: ReadonlyMap<string, readonly Sample[]>): Trend[] {
  return [...samples].flatMap(([program, all]) => [
    trendOf(program, "memory", all, ({ rssBytes }) => rssBytes),
    trendOf(program, "handles", all, ({ handles }) => handles),
    trendOf(program, "threads", all, ({ threads }) => threads),
  ]);
}

/** Exported for its test. */
export function trendOf(
  program: string,
  what: Trend["what"],
  all: readonly Sample[],
  valueOf: (sample: Sample) => number,
): Trend {
  const warm = all.slice(Math.floor(all.length / 3)), points: { x: number; y: number }[] = [];
  for (let i = 0; i < WINDOWS; i++) {
    const window = warm.slice(
      Math.floor(warm.length * i / WINDOWS),
      Math.floor(warm.length * (i + 1) / WINDOWS),
    );
    if (window.length === 0) continue;
    points.push({ x: window[0].seconds, y: Math.min(...window.map(valueOf)) });
  }
  const { slope, from } = lineThrough(points);
  const gain = slope * ((points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0));
  const { share, amount } = NOISE[what];
  const isFlat = points.length > 1 && gain <= Math.max(amount, from * share);
  const show = (value: number) =>
    what === "memory" ? `${(value / MIB).toFixed(1)} MiB` : value.toFixed(1);
  const text = `${program} ${what}: from ${show(from)}, ${gain < 0 ? "" : "+"}${show(gain)} ` +
    `(${show(slope * 3600)} an hour): ${isFlat ? "flat" : "grows"}`;
  return { program, what, from, gain, isFlat, text };
}

/** Least squares. */
function lineThrough(points: readonly { x: number; y: number }[]): { slope: number; from: number } {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / Math.max(1, points.length);
  const x = mean((point) => point.x), y = mean((point) => point.y);
  const spread = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  const slope = spread === 0
    ? 0
    : points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / spread;
  return { slope, from: y + slope * ((points[0]?.x ?? 0) - x) };
}
