/** What the list shows of a line: its text; of a line of JSON what it says, then its fields, without time and level. */
import type { Line } from "./line.ts";

const SAYS = ["message", "msg", "log", "event", "error"];
/** Shown in columns of their own. */
const KNOWN = new Set([
  ...["time", "timestamp", "@timestamp", "ts", "date", "datetime", "t"],
  ...["level", "severity", "lvl", "loglevel", "log.level", "levelname"],
]);

/** The same for the same line, so that finding and drawing see one text. */
export function summaryOf(line: Line): string {
  const { fields, message } = line;
  if (fields === undefined || !/^\s*\{/.test(message)) return message;
  const says = SAYS.find((name) => fields[name] !== undefined);
  const rest = Object.entries(fields)
    .filter(([name]) => name !== says && !KNOWN.has(name.toLowerCase()))
    .map(([name, value]) => `${name}=${/[\s"]/.test(value) ? JSON.stringify(value) : value}`);
  const text = says === undefined ? rest.join(" ") : [fields[says], ...rest].join("  ");
  return text === "" ? message : text.replace(/[\r\n]+/g, " ⏎ ");
}
