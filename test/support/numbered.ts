/**
 * Lines that can be counted: each says its name, its number, how many there are, and a sum over these. A checker says
 * of any texts how many were lost, doubled, reordered, damaged or never written.
 */
import { SeenLines } from "../../cli/selftest/seen_lines.ts";

/** Line `n` (from 1) of `total` under `name`, which has no space; without its end. */
export function numberedLine(name: string, n: number, total: number): string {
  const body = `${name} ${n} of ${total}`;
  return `${body} ${checksum(body)}`;
}

/** All lines from `first` to `last`, both counted. */
export function* numberedLines(
  name: string,
  total: number,
  first = 1,
  last = total,
): Generator<string> {
  for (let n = first; n <= last; n++) yield numberedLine(name, n, total);
}

export interface Count {
  /** Texts looked at. */
  texts: number;
  /** Different numbers found. */
  found: number;
  lost: number;
  /** Texts too many: a line that is there three times counts two. */
  doubled: number;
  /** First occurrences that stand behind a greater number. */
  reordered: number;
  /** Texts of this name that are not what was written. */
  damaged: number;
  /** Texts of other names. */
  foreign: number;
  /** The first 20 lost numbers, for a failure's text. */
  firstLost: number[];
}

/** Counts the lines of `name`, of which 1 to `total` were written, in the order in which `texts` gives them. */
export function countNumbered(texts: Iterable<string>, name: string, total: number): Count {
  const seen = new SeenLines([{ name, lines: total }], numberedLine);
  const count: Count = {
    texts: 0,
    found: 0,
    lost: 0,
    doubled: 0,
    reordered: 0,
    damaged: 0,
    foreign: 0,
    firstLost: [],
  };
  let greatest = 0;
  for (const text of texts) {
    count.texts++;
    if (!text.startsWith(`${name} `)) {
      count.foreign++;
      continue;
    }
    const line = seen.take(text);
    if (line === undefined || line.again) continue;
    count.found++;
    if (line.n < greatest) count.reordered++;
    greatest = Math.max(greatest, line.n);
  }
  count.doubled = seen.doubled;
  count.damaged = seen.damaged;
  for (const n of seen.lost(name, total)) {
    count.lost++;
    if (count.firstLost.length < 20) count.firstLost.push(n);
  }
  return count;
}

/** Throws unless every line is there once, as it was written, and in order. */
export function assertAllThere(texts: Iterable<string>, name: string, total: number): void {
  const count = countNumbered(texts, name, total);
  const faults = (["lost", "doubled", "reordered", "damaged", "foreign"] as const)
    .filter((kind) => count[kind] > 0)
    .map((kind) => `${count[kind]} ${kind}`);
  if (faults.length === 0) return;
  const lost = count.lost > 0 ? `, first lost: ${count.firstLost.join(", ")}` : "";
  throw new Error(`${name}: of ${total} lines ${faults.join(", ")}${lost}`);
}

/** FNV-1a over UTF-16 units, as 8 hex digits: finds damage, is no protection. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
