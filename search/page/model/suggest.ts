/** What could stand at the cursor of the search box: names of fields, and values behind a name. */
import { DOCUMENT_FIELDS, fullName, LEVELS, shortName, TIME_FIELDS } from "../../query/fields.ts";
import { plainOrQuoted, printField } from "../../query/print.ts";

export interface Suggestion {
  label: string;
  /** The whole query with it, and where the cursor stands then. */
  text: string;
  cursor: number;
  /** A name was put in: its values come next. */
  more: boolean;
}

const SHOWN_MAX = 12;
const TERM = /(?:^|[\s(])(-?)([^\s()":]*)(?:(:)("?)([^\s()"]*))?$/;

/** @param values gives values of a field, most frequent first */
export async function suggestionsFor(
  text: string,
  cursor: number,
  names: readonly string[],
  values: (field: string) => Promise<string[]>,
): Promise<Suggestion[]> {
  const before = text.slice(0, cursor), after = text.slice(cursor);
  const match = TERM.exec(before);
  if (match === null || /^\S/.test(after)) return [];
  const [, , name, colon, quote, begun] = match;
  const made = (typed: string, put: string, label: string, more: boolean): Suggestion => {
    const head = before.slice(0, before.length - typed.length) + put;
    return { label, text: head + after, cursor: head.length, more };
  };
  if (colon === undefined) {
    if (name === "") return [];
    const lower = name.toLowerCase();
    return [...new Set([...DOCUMENT_FIELDS, ...names])].map(shortName)
      .filter((one) => one !== "message" && one.toLowerCase().startsWith(lower))
      .slice(0, SHOWN_MAX)
      .map((one) => made(name, `${printField(one)}:`, `${one}:`, true));
  }
  const field = fullName(name);
  if (TIME_FIELDS.has(field) || field === "message" || field === "_id") return [];
  const typed = quote + begun;
  const lower = begun.toLowerCase();
  const found = field === "log.level" ? [...LEVELS] : await values(field).catch(() => []);
  const begins = (one: string) => one.toLowerCase().startsWith(lower) ? 0 : 1;
  return found.filter((one) => one.toLowerCase().includes(lower) && one !== begun)
    .sort((a, b) => begins(a) - begins(b))
    .slice(0, SHOWN_MAX)
    .map((one) => made(typed, `${plainOrQuoted(one)} `, one, false));
}
