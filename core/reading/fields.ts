/**
 * The fields that a structured line carries: JSON objects and logfmt. Flattened to text under names
 * joined by dots. Bounded whatever the line holds: at most 64 fields, names of at most 128 and
 * values of at most 8192 characters, nesting of at most 8; what is beyond is left out here (the
 * message keeps all of it). The result has no prototype's names to trip over: a line may name a
 * field `__proto__`.
 */

export const FIELDS_MAX = 64;
export const NAME_CHARS_MAX = 128;
export const VALUE_CHARS_MAX = 8192;
const DEPTH_MAX = 8;
/** Longer lines are not parsed for fields. */
const LINE_CHARS_MAX = 1 << 20;
/** Elements of one list that are looked at. */
const LIST_MAX = 64;

type Fields = Record<string, string>;

/** The fields of the line, or undefined where it has none. */
export function fieldsOf(line: string): Readonly<Record<string, string>> | undefined {
  if (line.length > LINE_CHARS_MAX) return undefined;
  const start = firstByte(line);
  if (start < 0) return undefined;
  return line.charCodeAt(start) === 123 ? jsonFields(line) : logfmtFields(line);
}

function firstByte(line: string): number {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code !== 32 && code !== 9 && code !== 0xfeff) return i;
  }
  return -1;
}

function jsonFields(line: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.charCodeAt(0) === 0xfeff ? line.slice(1) : line);
  } catch {
    return undefined; // A line that only looks like JSON is text.
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields: Fields = Object.create(null);
  const walk = { fields, left: FIELDS_MAX };
  flatten(walk, "", value as Record<string, unknown>, 0);
  return walk.left === FIELDS_MAX ? undefined : fields;
}

interface Walk {
  fields: Fields;
  left: number;
}

function flatten(walk: Walk, prefix: string, object: Record<string, unknown>, depth: number): void {
  for (const key of Object.keys(object)) {
    if (walk.left === 0) return;
    const name = prefix === "" ? key : `${prefix}.${key}`;
    if (name.length > NAME_CHARS_MAX || name === "") continue;
    const value = object[key];
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (depth + 1 < DEPTH_MAX) flatten(walk, name, value as Record<string, unknown>, depth + 1);
      else put(walk, name, JSON.stringify(value));
    } else put(walk, name, textOf(value));
  }
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) {
    const simple = value.slice(0, LIST_MAX);
    if (simple.some((one) => typeof one === "object" && one !== null)) {
      return JSON.stringify(simple);
    }
    return simple.map(String).join(",");
  }
  return typeof value === "string" ? value : String(value);
}

function put(walk: Walk, name: string, value: string): void {
  if (!(name in walk.fields)) walk.left--;
  walk.fields[name] = value.length > VALUE_CHARS_MAX ? value.slice(0, VALUE_CHARS_MAX) : value;
}

const PAIR = /([A-Za-z_@][\w.@/-]{0,127})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$|,)/gy;

/**
 * Pairs of a logfmt line. It is one where the first word is a pair and at least two pairs stand in
 * it.
 */
function logfmtFields(line: string): Fields | undefined {
  const first = line.charCodeAt(0);
  if (!((first | 32) >= 97 && (first | 32) <= 122) && first !== 64 && first !== 95) {
    return undefined;
  }
  const equals = line.indexOf("=");
  if (equals <= 0 || equals > NAME_CHARS_MAX) return undefined;
  for (let i = 0; i < equals; i++) if (line.charCodeAt(i) <= 34) return undefined;
  const fields: Fields = Object.create(null);
  const walk = { fields, left: FIELDS_MAX };
  PAIR.lastIndex = 0;
  while (walk.left > 0) {
    const at = PAIR.lastIndex;
    const match = PAIR.exec(line);
    if (match === null) {
      // Words between pairs are passed over.
      const space = line.indexOf(" ", at);
      if (space < 0) break;
      PAIR.lastIndex = space + 1;
      continue;
    }
    put(walk, match[1], match[2] === undefined ? match[3] : match[2].replace(/\\(.)/g, "$1"));
    PAIR.lastIndex = match.index + match[0].length;
    while (line.charCodeAt(PAIR.lastIndex) === 32 || line.charCodeAt(PAIR.lastIndex) === 44) {
      PAIR.lastIndex++;
    }
    if (PAIR.lastIndex >= line.length) break;
  }
  return FIELDS_MAX - walk.left >= 2 ? fields : undefined;
}
