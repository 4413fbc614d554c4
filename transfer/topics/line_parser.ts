/**
 * Reads a line as a topic's rule says: its fields, its time, its level. What the rule's way does not
 * find is simply not there; the message always keeps the whole line. Fields are bounded in number
 * and size whatever a line holds.
 */
import { FIELDS_MAX, fieldsOf, VALUE_CHARS_MAX } from "../../core/reading/fields.ts";
import { levelOfNumber, levelOfWord } from "../../core/reading/level.ts";
import { LineReader } from "../../core/reading/line_reader.ts";
import { TimeReader } from "../../core/reading/time.ts";
import { type Zone, zoneOf } from "../../core/reading/zone.ts";
import { levelCode, type ParseSettings } from "./rules.ts";
import { type TimeFormat, timeFormat } from "./time_format.ts";

type Fields = Readonly<Record<string, string>>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Longer lines are not matched against a pattern. */
const PATTERN_BYTES_MAX = 65_536;
const LEVEL_CHARS_MAX = 64;

/** What was found in a line. */
export interface LineFindings {
  /** UTC ms; NaN where there is none. */
  timeMs: number;
  /** Code, see LEVEL_NAMES; 0 where there is none. */
  level: number;
  fields: Fields | undefined;
  /** False where the rule's way of reading does not fit the line. */
  fits: boolean;
}

export class LineParser {
  readonly #settings: ParseSettings;
  readonly #pattern: RegExp | undefined;
  readonly #timeFormat: TimeFormat | undefined;
  readonly #zone: Zone | undefined;
  readonly #levels: ReadonlyMap<string, number>;
  readonly #reader = new LineReader();
  readonly #time = new TimeReader();

  constructor(settings: ParseSettings) {
    this.#settings = settings;
    if (settings.format === "regex") this.#pattern = new RegExp(settings.pattern);
    if (settings.timeFormat !== "") this.#timeFormat = timeFormat(settings.timeFormat);
    if (settings.timezone !== "") this.#zone = zoneOf(settings.timezone);
    this.#levels = new Map(
      Object.entries(settings.levels).map(([text, name]) => [text, levelCode(name)]),
    );
  }

  /**
   * @param tz the record's zone, for times that name none
   * @param readMs when the line was sent, ms since 1970
   */
  read(line: Uint8Array, tz: string, readMs: number): LineFindings {
    const { format, time, level } = this.#settings;
    if (format === "none") return { timeMs: NaN, level: 0, fields: undefined, fits: true };
    const zone = this.#zone ?? zoneOf(tz);
    const fields = this.#fields(line);
    const found: LineFindings = { timeMs: NaN, level: 0, fields, fits: fields !== undefined };
    if (format === "auto") found.fits = true;
    if (time === "" || level === "") {
      this.#reader.read(line, 0, line.length, zone, readMs);
      found.timeMs = this.#reader.timeMs;
      found.level = this.#reader.level;
    }
    if (time !== "") found.timeMs = this.#timeOf(fields?.[time], zone, readMs);
    if (level !== "") found.level = this.#levelOf(fields?.[level]);
    return found;
  }

  #fields(line: Uint8Array): Fields | undefined {
    if (this.#pattern !== undefined) return this.#groups(line, this.#pattern);
    const { format } = this.#settings;
    const brace = firstByte(line) === 123;
    if ((format === "json" && !brace) || (format === "logfmt" && brace)) return undefined;
    return fieldsOf(decoder.decode(line));
  }

  #groups(line: Uint8Array, pattern: RegExp): Fields | undefined {
    if (line.length > PATTERN_BYTES_MAX) return undefined;
    const groups = pattern.exec(decoder.decode(line))?.groups;
    if (groups === undefined) return undefined;
    const fields: Record<string, string> = Object.create(null);
    let left = FIELDS_MAX;
    for (const [name, value] of Object.entries(groups)) {
      if (value !== undefined && left-- > 0) fields[name] = value.slice(0, VALUE_CHARS_MAX);
    }
    return fields;
  }

  #timeOf(text: string | undefined, zone: Zone, readMs: number): number {
    if (text === undefined) return NaN;
    if (this.#timeFormat !== undefined) return this.#timeFormat(text, zone, readMs);
    const bytes = encoder.encode(text);
    return this.#time.at(bytes, 0, bytes.length, true, zone, readMs) ? this.#time.ms : NaN;
  }

  #levelOf(text: string | undefined): number {
    if (text === undefined || text.length > LEVEL_CHARS_MAX) return 0;
    const named = this.#levels.get(text);
    if (named !== undefined) return named;
    if (/^\d{1,2}$/.test(text)) return levelOfNumber(Number(text));
    const bytes = encoder.encode(text.trim());
    return levelOfWord(bytes, 0, bytes.length);
  }
}

function firstByte(line: Uint8Array): number {
  let at = line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? 3 : 0;
  while (line[at] === 32 || line[at] === 9) at++;
  return line[at];
}
