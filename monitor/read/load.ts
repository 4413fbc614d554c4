/** Load averages, pressure stall times, open files, entropy: the small files of one line or two. */
import type { LoadAverage, Pressure } from "./host_sample.ts";

/** "0.21 0.28 0.17 1/216 9357". Throws where it is anything else. */
export function parseLoadavg(text: string): LoadAverage {
  const match = /^([\d.]+) ([\d.]+) ([\d.]+) \d+\/(\d+)/.exec(text);
  if (match === null) throw new Error("Cannot read loadavg: unknown form");
  return {
    load1: Number(match[1]),
    load5: Number(match[2]),
    load15: Number(match[3]),
    tasks: Number(match[4]),
  };
}

/** One file of /proc/pressure; the kernel counts microseconds. */
export function parsePressure(resource: Pressure["resource"], text: string): Pressure {
  const found: Pressure = { resource };
  for (const match of text.matchAll(/^(some|full) .*total=(\d+)/gm)) {
    found[match[1] as "some" | "full"] = Number(match[2]) / 1e6;
  }
  return found;
}

/** /proc/sys/fs/file-nr: allocated, (always 0), maximum. */
export function parseFileNr(text: string): { allocated: number; maximum: number } {
  const [allocated, , maximum] = text.trim().split(/\s+/).map(Number);
  if (!(maximum >= 0)) throw new Error("Cannot read file-nr: unknown form");
  return { allocated, maximum };
}

/** /proc/uptime: the first number, seconds. */
export function parseUptime(text: string): number {
  return Number(text.slice(0, text.indexOf(" ")));
}
