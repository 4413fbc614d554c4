/** Documents as text: NDJSON (exact), CSV (for spreadsheets), plain lines. */
import type { Document } from "../../core/ports/document_store.ts";
import { DOCUMENT_FIELDS, fieldValue } from "../query/fields.ts";

/** A plain object with all that the document has, in a fixed order; stores may hand out objects with getters. */
export function plainDocument(document: Document): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  const source = document as unknown as Record<string, unknown>;
  for (const name of DOCUMENT_FIELDS) {
    if (source[name] !== undefined) plain[name] = source[name];
  }
  if (document.fields !== undefined) plain.fields = document.fields;
  if (document.archived) plain.archived = true;
  return plain;
}

/** One document as one line of JSON, with its line end. */
export function jsonLine(document: Document): string {
  return `${JSON.stringify(plainDocument(document))}\n`;
}

/** Columns of a CSV where the request names none. */
export const CSV_COLUMNS: readonly string[] = [
  "@timestamp",
  "log.level",
  "host.name",
  "log.file.path",
  "message",
];

/** RFC 4180, line ends CRLF. */
export function csvLine(values: readonly string[]): string {
  return `${values.map(csvCell).join(",")}\r\n`;
}

/**
 * A cell in quotes. One that a spreadsheet would run as a formula gets an apostrophe before it: log text is not
 * trusted. Take NDJSON where every byte counts.
 */
function csvCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}

export function csvRow(document: Document, columns: readonly string[]): string {
  return csvLine(columns.map((column) => fieldValue(document, column) ?? ""));
}

/** The line itself; line ends inside of it become spaces, so that a line stays a line. */
export function textLine(document: Document): string {
  return `${document.message.replace(/[\r\n]+/g, " ")}\n`;
}
