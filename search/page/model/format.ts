/** Times and numbers as the page shows them. */
import { ClockText } from "../../../core/reading/clock_text.ts";
import type { Zone } from "./address.ts";

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

let hostClock: ClockText | undefined;

/** The zone of the host on which Weir runs, IANA; one that the browser does not know is left out. */
export function setHostZone(name: string): void {
  try {
    hostClock = new ClockText(name);
  } catch {
    hostClock = undefined;
  }
}

/** "2026-11-21 10:02:03.456" by the clock of the browser, of the host, or in UTC. */
export function timeText(ms: number, zone: Zone): string {
  if (!Number.isFinite(ms)) return "";
  const date = new Date(ms);
  if (zone === "utc") return date.toISOString().slice(0, 23).replace("T", " ");
  if (zone === "host" && hostClock !== undefined) return hostClock.of(date);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ` +
    `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.` +
    pad(date.getMilliseconds(), 3);
}

/** A time on the axis, as short as the width of the range allows. */
export function axisText(ms: number, rangeMs: number, zone: Zone): string {
  const text = timeText(ms, zone);
  if (rangeMs > 2 * 365 * 86_400_000) return text.slice(0, 7);
  if (rangeMs > 4 * 86_400_000) return text.slice(0, 10);
  if (rangeMs > 86_400_000) return text.slice(5, 16);
  if (rangeMs > 10 * 60_000) return text.slice(11, 16);
  return rangeMs > 10_000 ? text.slice(11, 19) : text.slice(11);
}

/** The last parts of a path, for a narrow column. */
export function shortPath(path: string): string {
  const parts = path.split("/");
  return parts.length <= 3 ? path : `…/${parts.slice(-2).join("/")}`;
}

/** 950, 12.3 k, 4.5 M */
export function countText(count: number): string {
  if (count < 10_000) return String(count);
  if (count < 999_500) return `${(count / 1000).toFixed(count < 99_950 ? 1 : 0)} k`;
  return `${(count / 1e6).toFixed(count < 99_950_000 ? 1 : 0)} M`;
}

/** 1,234,567 with the marks of the language. */
export function exactCount(count: number, language: string): string {
  return count.toLocaleString(language);
}

/** "5 min" for a bucket's width. */
export function spanText(ms: number): string {
  const units: [number, string][] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [
    1000,
    "s",
  ]];
  for (const [size, name] of units) {
    if (ms >= size && ms % size === 0) return `${ms / size} ${name}`;
  }
  return `${ms} ms`;
}

/** "12 B", "4.1 MB". */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** "12 %" of a share of 1. */
export function percentText(share: number): string {
  return `${Math.round(share * 100)} %`;
}
