/**
 * A copy of a line in the fragment of a link: it outlives the line. A fragment is never sent to a server. Bounded, and
 * read as text alone: whoever made the link wrote it.
 */
import type { Line } from "./line.ts";

export interface LineCopy {
  /** ISO 8601. */
  time: string;
  level: string;
  host: string;
  path: string;
  message: string;
}

/** Characters of a message that a link carries; longer addresses are cut by mail programs and chats. */
const MESSAGE_MAX = 600;
const NAMES = ["time", "level", "host", "path", "message"] as const;

/** "#copy=…" */
export function copyOf(line: Line): string {
  const values = [
    line["@timestamp"],
    line["log.level"] ?? "",
    line["host.name"],
    line["log.file.path"],
    line.message.slice(0, MESSAGE_MAX),
  ];
  // Half of a character that was cut is none.
  return `#copy=${encodeURIComponent(JSON.stringify(values.map((value) => value.toWellFormed())))}`;
}

/** What a fragment holds; undefined where it holds no copy. */
export function readCopy(fragment: string): LineCopy | undefined {
  if (!fragment.startsWith("#copy=") || fragment.length > 20_000) return undefined;
  try {
    const values: unknown = JSON.parse(decodeURIComponent(fragment.slice(6)));
    if (!Array.isArray(values) || values.length !== NAMES.length) return undefined;
    if (!values.every((value) => typeof value === "string")) return undefined;
    return Object.fromEntries(NAMES.map((name, i) => [name, values[i]])) as unknown as LineCopy;
  } catch {
    // Cut or written by hand: no copy.
    return undefined;
  }
}
