/**
 * Numbered lines of one imagined file: line n says its number, and where it stands follows from it.
 */
import type { LineChunk } from "../../core/ports/line_sink.ts";

export const GENERATION = "numbered_lines_1";
export const TOPIC = "numbered";
/** Bytes of each line, its end included; most of it is filler that does not compress away. */
export const LINE_BYTES = 120;

const encoder = new TextEncoder();
const START_MS = Date.UTC(2026, 10, 21);

/** Text of line n, without its end. */
export function lineText(n: number): string {
  const time = new Date(START_MS + n).toISOString();
  const noise = Math.imul(n, 0x9e3779b1).toString(36) + Math.imul(n ^ 0x5bd1e995, 0x85ebca6b);
  return `${time} INFO line=${n} noise=${noise} `.padEnd(LINE_BYTES - 1, ".");
}

/** The number in a stored line. */
export function numberIn(message: string): number {
  return Number(/ line=(\d+) /.exec(message)?.[1]);
}

/** Lines `first` and following as a chunk. */
export function chunkAt(first: number, lines: number): LineChunk {
  let text = "";
  const marks = new Int32Array(lines * 3);
  for (let i = 0; i < lines; i++) {
    marks.set([i * LINE_BYTES, (i + 1) * LINE_BYTES - 1, (i + 1) * LINE_BYTES], i * 3);
    text += lineText(first + i) + "\n";
  }
  return {
    topic: TOPIC,
    generation: GENERATION,
    path: "/var/log/numbered.log",
    host: "test",
    start: first * LINE_BYTES,
    end: (first + lines) * LINE_BYTES,
    bytes: encoder.encode(text),
    marks,
    lines,
    day: "2026-11-21",
    tz: "UTC",
  };
}
