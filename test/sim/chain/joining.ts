/**
 * The rules by which lines of a simulated file become one record, written a second time from their documentation and
 * not from the agent's code: the checker holds the agent's records against them.
 */
import type { Random } from "../../support/random.ts";
import { LINE_BYTES_MAX } from "./agent_process.ts";

/** How an entry asks for joined lines; undefined where each line is a record. */
export type Joining = { start: string } | { continue: string } | { preset: "java" };

const JOININGS: readonly Joining[] = [
  { start: String.raw`^h\d \d{5}` },
  { continue: String.raw`^\t` },
  { preset: "java" },
];

/** In two worlds of five some files have joined records. */
export function pickJoinings<Path extends string>(
  random: Random,
  paths: readonly Path[],
): ReadonlyMap<string, Joining> {
  const found = new Map<string, Joining>();
  if (!random.chance(0.4)) return found;
  for (const path of paths) if (random.chance(0.7)) found.set(path, random.pick(JOININGS));
  return found;
}

/** Whether a line goes on the record before it. */
function goesOn(joining: Joining, line: string): boolean {
  if ("start" in joining) return !new RegExp(joining.start).test(line);
  if ("continue" in joining) return new RegExp(joining.continue).test(line);
  return /^[ \t]./.test(line) || line.startsWith("at ");
}

/**
 * Where the record that begins at `from` ends if nothing behind `limit` is looked at, and its text. A last line without
 * a line end is a line too.
 */
export function recordAt(
  content: string,
  from: number,
  limit: number,
  joining: Joining | undefined,
): { end: number; text: string } {
  const lineAt = (at: number) => {
    const feed = content.indexOf("\n", at);
    const end = feed < 0 || feed >= limit ? limit : feed + 1;
    return { end, text: content.slice(at, end).replace(/\n$/, "").slice(0, LINE_BYTES_MAX) };
  };
  let { end, text } = lineAt(from);
  while (joining !== undefined && end < limit) {
    const next = lineAt(end);
    if (text.length + next.text.length >= LINE_BYTES_MAX || !goesOn(joining, next.text)) break;
    text += `\n${next.text}`;
    end = next.end;
  }
  return { end, text };
}
