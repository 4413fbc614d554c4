/**
 * A journal entry as a line: JSON with the names that people know (time, level, message, unit, pid), written from the
 * entry's bytes, so that what is no UTF-8 is treated later as in any file. And its identity: where the entry stands in
 * the journal, from its cursor.
 */
import { createHash } from "node:crypto";
import { LEVEL_NAMES, levelOfSeverity } from "../../core/reading/level.ts";
import { LineReader } from "../../core/reading/line_reader.ts";
import { zoneOf } from "../../core/reading/zone.ts";
import type { ExportEntry } from "./export_reader.ts";

/** Fields of the journal that are asked for, beside those that always come. */
export const ASKED_FIELDS = [
  "MESSAGE",
  "PRIORITY",
  "SYSLOG_IDENTIFIER",
  "SYSLOG_PID",
  "_PID",
  "_UID",
  "_HOSTNAME",
  "_TRANSPORT",
  "_SYSTEMD_UNIT",
  "_SYSTEMD_USER_UNIT",
] as const;
export const WANTED_FIELDS = [...ASKED_FIELDS, "__CURSOR", "__REALTIME_TIMESTAMP"];

/** Users from this number on have a journal file of their own, whose numbers may be those of the system's. */
const OWN_JOURNAL_UID = 1000;

export interface JournalPlace {
  /** The whole cursor: from here reading goes on. */
  cursor: string;
  /** Names one row of numbers: a sequence of the journal, in one boot, of the system or of one user. */
  row: string;
  /** Number in the row; ascends. */
  number: number;
  /** When the journal received it, ms since 1970. */
  timeMs: number;
}

/** Undefined where the entry has no cursor that can be read. */
export function placeOf(entry: ExportEntry): JournalPlace | undefined {
  const cursor = textOf(entry, "__CURSOR");
  const match = /^s=([0-9a-f]{32});i=([0-9a-f]{1,13});b=([0-9a-f]{32});/.exec(cursor);
  if (match === null) return undefined;
  const uid = Number(textOf(entry, "_UID"));
  const owner = uid >= OWN_JOURNAL_UID ? String(uid) : "system";
  return {
    cursor,
    row: `${match[1]} ${match[3]} ${owner}`,
    number: parseInt(match[2], 16),
    timeMs: Number(textOf(entry, "__REALTIME_TIMESTAMP")) / 1000,
  };
}

/** When the journal received the entry of a cursor, ms since 1970; 0 where it does not say. */
export function timeOfCursor(cursor: string): number {
  const micros = /;t=([0-9a-f]{1,13})(;|$)/.exec(cursor)?.[1];
  return micros === undefined ? 0 : parseInt(micros, 16) / 1000;
}

/** The generation of a row as one agent sees it: `id` is the agent's own, so that two clones do not share one. */
export function generationOf(id: string, row: string): string {
  return createHash("sha256").update(`${id} ${row}`).digest("base64url").slice(0, 16);
}

export function textOf(entry: ExportEntry, field: string): string {
  const value = entry.fields.get(field);
  return value === undefined ? "" : decoder.decode(value);
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const HEX = encoder.encode("0123456789abcdef");
const QUOTE = 34, BACKSLASH = 92;

/** Lines one behind the other, each with a line feed behind it. */
export class JournalLines {
  #bytes = new Uint8Array(65_536);
  #length = 0;
  readonly #ends: number[] = [];
  readonly #reader = new LineReader();
  readonly #utc = zoneOf("UTC");

  get lines(): number {
    return this.#ends.length;
  }
  get length(): number {
    return this.#length;
  }

  add(entry: ExportEntry): void {
    const { fields } = entry;
    this.#text(`{"time":"${timeOf(textOf(entry, "__REALTIME_TIMESTAMP"))}"`);
    const level = this.#levelOf(entry);
    if (level !== "") this.#text(`,"level":"${level}"`);
    this.#member("message", fields.get("MESSAGE") ?? new Uint8Array(0));
    this.#member("unit", fields.get("_SYSTEMD_USER_UNIT") ?? fields.get("_SYSTEMD_UNIT"));
    this.#member("identifier", fields.get("SYSLOG_IDENTIFIER"));
    this.#member("pid", fields.get("_PID") ?? fields.get("SYSLOG_PID"));
    this.#member("transport", fields.get("_TRANSPORT"));
    this.#text("}");
    this.#ends.push(this.#length);
    this.#text("\n");
  }

  /**
   * The priority; but what a service writes to its standard output has 6 whatever it says, so there the level that
   * the text names comes first.
   */
  #levelOf(entry: ExportEntry): string {
    const message = entry.fields.get("MESSAGE");
    if (message !== undefined && textOf(entry, "_TRANSPORT") === "stdout") {
      this.#reader.read(message, 0, message.length, this.#utc, 0);
      if (this.#reader.level !== 0) return LEVEL_NAMES[this.#reader.level];
    }
    const priority = textOf(entry, "PRIORITY");
    return /^[0-7]$/.test(priority) ? LEVEL_NAMES[levelOfSeverity(Number(priority))] : "";
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.#length + bytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  #text(text: string): void {
    this.#room(text.length * 3);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  #member(name: string, value: Uint8Array | undefined): void {
    if (value === undefined) return;
    this.#text(`,"${name}":"`);
    this.#room(value.length * 6 + 1);
    const out = this.#bytes;
    let at = this.#length;
    for (const byte of value) {
      if (byte >= 32 && byte !== QUOTE && byte !== BACKSLASH) out[at++] = byte;
      else at = escaped(out, at, byte);
    }
    out[at++] = QUOTE;
    this.#length = at;
  }

  /**
   * The bytes, and the marks of a LineChunk that accounts for one number a line. Both are the caller's; begins anew.
   */
  take(): { bytes: Uint8Array; marks: Int32Array; lines: number } {
    const lines = this.#ends.length;
    const marks = new Int32Array(lines * 3);
    for (let i = 0; i < lines; i++) {
      marks[3 * i] = i === 0 ? 0 : this.#ends[i - 1] + 1;
      marks[3 * i + 1] = this.#ends[i];
      marks[3 * i + 2] = i + 1;
    }
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    this.#ends.length = 0;
    return { bytes, marks, lines };
  }
}

function escaped(out: Uint8Array, from: number, byte: number): number {
  let at = from;
  out[at++] = BACKSLASH;
  if (byte === QUOTE || byte === BACKSLASH) out[at++] = byte;
  else if (byte === 10) out[at++] = 110;
  else if (byte === 9) out[at++] = 116;
  else if (byte === 13) out[at++] = 114;
  else {
    out.set([117, 48, 48, HEX[byte >> 4], HEX[byte & 15]], at);
    at += 5;
  }
  return at;
}

/** Microseconds since 1970 as ISO 8601. */
function timeOf(micros: string): string {
  const ms = Math.floor(Number(micros) / 1000);
  if (micros === "" || !(ms < 8.64e15)) return "";
  return `${new Date(ms).toISOString().slice(0, -1)}${micros.slice(-3)}Z`;
}
