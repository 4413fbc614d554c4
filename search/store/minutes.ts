/**
 * Counts of a block's lines by minute and level, small enough to answer a histogram without the
 * block.
 */
import { LEVEL_MASK, putSigned, SignedReader } from "./block.ts";

export const MINUTE_MS = 60_000;
/** Level codes are below this. */
export const LEVELS = 8;

/** Counts the lines: minute, level code and count of each that occurs, as small numbers. */
export function encodeMinutes(times: Float64Array, levels: Uint8Array, lines: number): Uint8Array {
  const counts = new Map<number, Uint32Array>();
  let minute = NaN, current: Uint32Array = new Uint32Array(LEVELS);
  for (let i = 0; i < lines; i++) {
    const time = times[i];
    if (!(time >= minute * MINUTE_MS && time < (minute + 1) * MINUTE_MS)) {
      minute = Math.floor(time / MINUTE_MS);
      let found = counts.get(minute);
      if (found === undefined) counts.set(minute, found = new Uint32Array(LEVELS));
      current = found;
    }
    current[levels[i] & LEVEL_MASK]++;
  }
  const out = new Uint8Array(counts.size * LEVELS * 15 + 16);
  let at = 0, last = 0;
  for (const key of [...counts.keys()].sort((a, b) => a - b)) {
    counts.get(key)!.forEach((count, level) => {
      if (count === 0) return;
      at = putSigned(out, at, key - last);
      out[at++] = level;
      at = putSigned(out, at, count);
      last = key;
    });
  }
  return out.slice(0, at);
}

/** Hands on what `encodeMinutes` counted, in ascending order of time. */
export function eachMinute(
  bytes: Uint8Array,
  each: (startMs: number, level: number, count: number) => void,
): void {
  const reader = new SignedReader(bytes, 0);
  let minute = 0;
  while (reader.at < bytes.length) {
    minute += reader.next();
    const level = bytes[reader.at++];
    each(minute * MINUTE_MS, level, reader.next());
  }
}

/** What the minutes of a block have to do with a range of times. */
export interface Within {
  /** Some minute lies in the range, or partly. */
  some: boolean;
  /** Some minute lies partly in it: the lines themselves have to be asked. */
  cut: boolean;
}

/** Tells how what `encodeMinutes` counted lies in the range, `toMs` exclusive. */
export function minutesWithin(bytes: Uint8Array, fromMs: number, toMs: number): Within {
  const within = { some: false, cut: false };
  eachMinute(bytes, (startMs) => {
    const endMs = startMs + MINUTE_MS;
    if (endMs <= fromMs || startMs >= toMs) return;
    within.some = true;
    if (startMs < fromMs || endMs > toMs) within.cut = true;
  });
  return within;
}
