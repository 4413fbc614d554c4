/**
 * What a line says of itself (time, level, continuation) and the times that a rule's format describes: no line throws;
 * a time is one of the years 1970 to 2999 and a whole number of milliseconds; nothing around the line changes the
 * answer; a time written as ISO 8601 is read as the same, and by its format in any year.
 */
import { FIELDS_MAX, fieldsOf, VALUE_CHARS_MAX } from "../../../core/reading/fields.ts";
import { LEVEL_NAMES } from "../../../core/reading/level.ts";
import { LineReader } from "../../../core/reading/line_reader.ts";
import { zoneOf } from "../../../core/reading/zone.ts";
import { timeFormat } from "../../../transfer/topics/time_format.ts";
import { must, mustEqual, type Target, textOf } from "../target.ts";

const READ_MS = Date.UTC(2026, 10, 21, 4, 15, 26);
const YEAR_0 = Date.parse("0000-01-01T00:00:00Z"), YEAR_10000 = 253_402_300_800_000;
const YEAR_3000 = Date.parse("3000-01-01T00:00:00Z"), DAYS_MS = 2 * 86_400_000;
const ZONES = [zoneOf("UTC"), zoneOf("Asia/Shanghai"), zoneOf("America/New_York")];
const reader = new LineReader(), other = new LineReader();
const isoFormat = timeFormat("%Y-%m-%dT%H:%M:%S.%L%z");

export const times: Target = {
  name: "times",
  what:
    "core/reading/ (time, level, continuation, JSON, logfmt) and transfer/topics/time_format.ts",
  words: [
    "2026-11-21T04:15:26.123Z",
    "21/Nov/2026:04:15:26 +0000",
    "Nov 21 04:15:26",
    "I1121 04:15:26.123456",
    "1763698526123",
    '{"time":"',
    '"level":"error"',
    "ts=",
    "level=warn",
    "<34>",
    "Z",
    "+08:00",
    "Caused by: ",
    "yyyy-MM-dd HH:mm:ss",
  ],
  bytesMax: 2048,
  cases: 5000,
  run(input) {
    const zone = ZONES[(input[0] ?? 0) % ZONES.length];
    reader.read(input, 0, input.length, zone, READ_MS);
    const { timeMs, level, continues } = reader;
    if (!Number.isNaN(timeMs)) {
      must(
        Number.isInteger(timeMs) && timeMs >= -DAYS_MS && timeMs < YEAR_3000 + DAYS_MS,
        () => `the time is ${timeMs}`,
      );
      again(timeMs);
    }
    must(LEVEL_NAMES[level] !== undefined, () => `the level is ${level}`);
    behind(input, zone, [timeMs, level, continues]);
    const format = formatted(input, zone);
    fields(textOf(input));
    anyTime(input);
    return `${Number.isNaN(timeMs) ? "-" : shapeOf(input)} ${level} ${continues} ${format}`;
  },
};

/** The answer does not depend on what lies before and behind the line in memory. */
function behind(
  input: Uint8Array,
  zone: ReturnType<typeof zoneOf>,
  expected: (number | boolean)[],
): void {
  const memory = new Uint8Array(input.length + 64).fill(55);
  memory.set(input, 32);
  other.read(memory, 32, 32 + input.length, zone, READ_MS);
  mustEqual([other.timeMs, other.level, other.continues], expected, "with other bytes around it");
}

function again(timeMs: number): void {
  if (timeMs < 0 || timeMs >= YEAR_3000) return;
  const text = new TextEncoder().encode(new Date(timeMs).toISOString());
  other.read(text, 0, text.length, ZONES[0], READ_MS);
  must(
    other.timeMs === timeMs,
    () => `${new Date(timeMs).toISOString()} is read as ${other.timeMs}`,
  );
}

/** A time of the calendar that the input's first bytes choose, written and read. */
function anyTime(input: Uint8Array): void {
  if (input.length < 8) return;
  const view = new DataView(input.buffer, input.byteOffset);
  const part = (view.getUint32(0) * 2 ** 21 + (view.getUint32(4) >>> 11)) / 2 ** 53;
  const ms = YEAR_0 + Math.floor(part * (YEAR_10000 - YEAR_0)), text = new Date(ms).toISOString();
  again(ms);
  const read = isoFormat(text, ZONES[0], READ_MS);
  must(read === ms, () => `${text} is read as ${read} by its format`);
}

/** The input up to a line feed as a format, the rest as a text. */
function formatted(input: Uint8Array, zone: ReturnType<typeof zoneOf>): string {
  const [format, text = ""] = textOf(input).split("\n");
  let read: ReturnType<typeof timeFormat>;
  try {
    read = timeFormat(format);
  } catch (error) {
    if (error instanceof RangeError) return "refused";
    throw error;
  }
  const ms = read(text, zone, READ_MS);
  must(Number.isNaN(ms) || Number.isInteger(ms), () => `the format's time is ${ms}`);
  return Number.isNaN(ms) ? "no" : "yes";
}

function fields(text: string): void {
  const found = fieldsOf(text);
  if (found === undefined) return;
  const names = Object.keys(found);
  must(names.length <= FIELDS_MAX, () => `${names.length} fields`);
  for (const name of names) {
    must(
      typeof found[name] === "string" && found[name].length <= VALUE_CHARS_MAX,
      () => `field ${name} is ${typeof found[name]}`,
    );
  }
}

/** The shape of the first bytes: digits and letters as one each. */
function shapeOf(input: Uint8Array): string {
  return textOf(input.subarray(0, 24)).replace(/\d+/g, "0").replace(/[A-Za-z]+/g, "a");
}
