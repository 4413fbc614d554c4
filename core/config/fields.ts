/**
 * The builders of which every program's settings are made. One specification gives the TypeScript type, the
 * check, the JSON Schema for editors and the reference page: description, unit and bounds stand with the field.
 */
import { z } from "zod";

/** What a field says of itself beyond its type. */
export interface FieldNotes {
  /** One sentence for the operator. */
  description: string;
  /** Never printed; shown as ***. */
  secret?: boolean;
  /** Takes effect without a restart. */
  reloadable?: boolean;
  example?: unknown;
}

const SIZES: Record<string, number> = {
  "": 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
};
const TIMES: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };

/** What a time says of its unit. */
export const TIME = "a time, such as 500ms, 10s, 2h, 7d";

/** A whole number within bounds. */
export function integer(min: number, max: number, initial: number, notes: FieldNotes) {
  return z.number().int().min(min).max(max).default(initial).meta({ ...notes });
}

/** Bytes: a number, or text such as "256KiB" or "1GB"; the result is a number of bytes. */
export function bytes(min: number, max: number, initial: string, notes: FieldNotes) {
  return measure(SIZES, "bytes, such as 256KiB, 5MB", min, max, initial, notes);
}

/**
 * A span of time: text such as "500ms", "10s", "2h", "7d", or 0; the result is ms. Another number without a unit is
 * refused: who writes 10 means seconds.
 */
export function duration(min: number, max: number, initial: string, notes: FieldNotes) {
  return measure(TIMES, TIME, min, max, initial, notes, (value) => {
    if (value === 0) return "";
    const guess = likelyTime(value, min, max, initial);
    return `"${value}" has no unit${guess === undefined ? "" : `, did you mean "${guess}"?`}`;
  }).meta({ ...notes, unit: TIME, maximum: 0 }); // of a number; editors tell it
}

/** A time as it is written in settings, in the largest unit that fits. */
export function timeText(ms: number): string {
  const [unit, size] = Object.entries(TIMES).findLast(([, size]) => ms % size === 0) ?? ["ms", 1];
  return ms === 0 ? "0s" : `${ms / size}${unit}`;
}

/** What a number without a unit probably means: small ones are of the default's unit, large ones ms. */
function likelyTime(value: number, min: number, max: number, initial: string): string | undefined {
  const usual = initial.replace(/^[\d.]+/, "");
  const units = value < 1000 ? [usual, "s", "m", "h", "d", "ms"] : ["ms", usual, "s"];
  const unit = units.find((unit) => value * TIMES[unit] >= min && value * TIMES[unit] <= max);
  return unit === undefined ? undefined : `${value}${unit}`;
}

function measure(
  units: Record<string, number>,
  what: string,
  min: number,
  max: number,
  initial: string,
  notes: FieldNotes,
  faultOf: (bare: number) => string = () => "",
) {
  const parse = (value: string | number): { result: number; fault: string } => {
    const [, digits, name] = typeof value === "number"
      ? ["", value, ""]
      : /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(value.trim()) ?? [];
    const number = Number(digits), unit = name === "" ? 1 : units[name ?? "?"];
    const fault = name === "" ? faultOf(number) : "";
    if (unit === undefined) return { result: NaN, fault: `Expected ${what}, got "${value}"` };
    return { result: name === "" ? number : Math.round(number * unit), fault };
  };
  return z.union([z.string(), z.number()]).default(initial).transform((value, context) => {
    const { result, fault } = parse(value);
    const isOut = result < min || result > max;
    const bounds = `Expected ${min} to ${max} after conversion, got ${result}`;
    if (fault !== "" || isOut) {
      context.addIssue({ code: "custom", message: fault === "" ? bounds : fault });
    }
    return result;
  }).meta({ ...notes, unit: what });
}

export function text(initial: string, notes: FieldNotes) {
  return z.string().default(initial).meta({ ...notes });
}

export function flag(initial: boolean, notes: FieldNotes) {
  return z.boolean().default(initial).meta({ ...notes });
}

export function choice<const T extends readonly [string, ...string[]]>(
  options: T,
  initial: T[number],
  notes: FieldNotes,
) {
  return z.enum(options).default(initial as never).meta({ ...notes });
}

/** A list of texts, at most `max` of them. */
export function texts(initial: string[], max: number, notes: FieldNotes) {
  return z.array(z.string()).max(max).default(initial).meta({ ...notes });
}

/** A list of addresses HOST:PORT, at most `max` of them. */
export function addresses(initial: string[], max: number, notes: FieldNotes) {
  const one = z.string().refine(isAddress, "Expected HOST:PORT, such as kafka1:9092");
  return z.array(one).max(max).default(initial).meta({ ...notes });
}

function isAddress(value: string): boolean {
  const port = /^(?:\[[0-9a-f:.]+\]|[^\s:/]+):(\d{1,5})$/i.exec(value)?.[1];
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536;
}

/** A list of addresses as URLs of http or https, at most `max` of them. */
export function urls(initial: string[], max: number, notes: FieldNotes) {
  const one = z.string().refine(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    "Expected a URL, such as https://es1:9200",
  );
  return z.array(one).max(max).default(initial).meta({ ...notes });
}

/** A group of fields; unknown keys are errors. A group that is left out gets the defaults of its fields. */
export function group<T extends z.ZodRawShape>(shape: T, notes: FieldNotes) {
  const object = z.strictObject(shape);
  return z.preprocess((value) => value ?? {}, object).meta({ ...notes });
}

/** The settings of one program. */
export function settings<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape);
}
