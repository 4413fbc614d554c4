/**
 * The names a query may use for the fields of a document: full ECS names, the short names people type, and the
 * names found in the lines themselves. Levels have an order, so that `level:>=warn` means something.
 */
import type { Document } from "../../core/ports/document_store.ts";

/** Short names and what they stand for. A field of a line that bears such a name is `fields.<name>`. */
export const SHORT_NAMES: Readonly<Record<string, string>> = {
  host: "host.name",
  level: "log.level",
  file: "log.file.path",
  path: "log.file.path",
  data: "message",
};

/** Fields that every document may have, in the order in which the page offers them. */
export const DOCUMENT_FIELDS: readonly string[] = [
  "@timestamp",
  "log.level",
  "host.name",
  "log.file.path",
  "topic",
  "message",
  "event.dataset",
  "event.created",
  "event.ingested",
  "event.parent",
  "log.file.generation",
  "log.offset",
  "log.length",
  "kafka.partition",
  "kafka.offset",
  "_id",
];

/** Fields whose values are always counted beside the list. */
export const FACETS: readonly string[] = ["log.level", "host.name", "topic", "log.file.path"];

/** Fields whose values are times; ranges over them take ISO 8601. */
export const TIME_FIELDS: ReadonlySet<string> = new Set([
  "@timestamp",
  "event.created",
  "event.ingested",
]);

/** Levels, least first. */
export const LEVELS: readonly string[] = ["trace", "debug", "info", "warn", "error", "fatal"];

const LEVEL_NAMES: Readonly<Record<string, string>> = {
  verbose: "trace",
  notice: "info",
  information: "info",
  warning: "warn",
  err: "error",
  severe: "error",
  critical: "fatal",
  crit: "fatal",
  alert: "fatal",
  emerg: "fatal",
  emergency: "fatal",
  panic: "fatal",
};

/** The level as documents spell it, or undefined where the text names none. */
export function levelOf(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (LEVELS.includes(lower)) return lower;
  return Object.hasOwn(LEVEL_NAMES, lower) ? LEVEL_NAMES[lower] : undefined;
}

/** The full name of a field. */
export function fullName(name: string): string {
  return Object.hasOwn(SHORT_NAMES, name) ? SHORT_NAMES[name] : name;
}

/** The name as people type it: the shortest that means the same field. */
export function shortName(field: string): string {
  if (field === "host.name") return "host";
  if (field === "log.level") return "level";
  if (field === "log.file.path") return "file";
  return field;
}

const DOCUMENT_FIELD_SET: ReadonlySet<string> = new Set(DOCUMENT_FIELDS);

/**
 * The value of a field (full name), as text; undefined where the document has none. Names that no document has
 * of itself are looked up among the fields found in the line, as are names with `fields.` before them.
 */
export function fieldValue(document: Document, field: string): string | undefined {
  if (DOCUMENT_FIELD_SET.has(field)) {
    const value = (document as unknown as Record<string, unknown>)[field];
    return value === undefined || value === null ? undefined : String(value);
  }
  const fields = document.fields;
  if (fields === undefined) return undefined;
  if (Object.hasOwn(fields, field)) return fields[field];
  if (!field.startsWith("fields.")) return undefined;
  const name = field.slice(7);
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Fields of which upper and lower case are the same to a query. */
export function ignoresCase(field: string): boolean {
  return field === "message" || field === "host.name" || field === "log.level";
}
