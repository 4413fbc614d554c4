/** A line as the page holds it, and its place in the one order that live lines and history share. */

/** A document of the API; `cut` is the full length of a message that the server shortened. */
export interface Line {
  _id: string;
  "@timestamp": string;
  message: string;
  topic: string;
  "host.name": string;
  "log.file.path": string;
  "log.file.generation": string;
  "log.offset": number;
  "log.length": number;
  "log.level"?: string;
  "event.parent"?: string;
  fields?: Record<string, string>;
  cut?: number;
  /** Read from the archive, and not in the index. */
  archived?: true;
  [name: string]: unknown;
}

/** A line with what is asked of it again and again. */
export interface Row {
  line: Line;
  /** Names the line on this page: topic and uid. */
  key: string;
  timeMs: number;
  /** trace to fatal, or "". */
  level: string;
}

export function rowOf(line: Line): Row {
  return {
    line,
    key: `${line.topic} ${line._id}`,
    timeMs: Date.parse(line["@timestamp"]),
    level: line["log.level"] ?? "",
  };
}

/** Order of the store: time, generation, offset, topic. */
export function compareRows(a: Row, b: Row): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  const one = a.line["log.file.generation"], other = b.line["log.file.generation"];
  if (one !== other) return one < other ? -1 : 1;
  const offset = a.line["log.offset"] - b.line["log.offset"];
  if (offset !== 0) return offset;
  return a.line.topic < b.line.topic ? -1 : a.line.topic > b.line.topic ? 1 : 0;
}

/** The row's place for the API's `after`, and for a permalink. */
export function placeOf(row: Row): string {
  const { line } = row;
  return `${row.timeMs}~${line["log.file.generation"]}~${line["log.offset"]}~${line.topic}`;
}
