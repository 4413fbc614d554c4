/** Memory out of /proc/meminfo, and paging counters out of /proc/vmstat. Bytes, not kibibytes. */
import type { MemoryValue } from "./host_sample.ts";

/** Reads /proc/meminfo; a row without unit is a count. Throws where there is no MemTotal. */
export function parseMeminfo(text: string): MemoryValue[] {
  const found: MemoryValue[] = [];
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === -1) continue;
    const bytes = line.endsWith(" kB");
    const number = Number(line.slice(colon + 1, bytes ? -3 : undefined));
    if (Number.isNaN(number)) continue;
    found.push({ key: line.slice(0, colon), value: bytes ? number * 1024 : number, bytes });
  }
  if (!found.some((row) => row.key === "MemTotal")) {
    throw new Error("Cannot read meminfo: no MemTotal");
  }
  return found;
}

/** The rows that node_exporter shows by default. */
export const VMSTAT_FIELDS = /^(oom_kill|pgpg|pswp|pg.*fault)/;

/** Reads the rows of /proc/vmstat whose name fits `fields`. */
export function parseVmstat(text: string, fields: RegExp): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    if (space === -1 || !fields.test(line.slice(0, space))) continue;
    found.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return found;
}
