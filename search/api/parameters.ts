/**
 * The parameters of a request, read and checked: every value has a bound and a default, an unknown name is an error
 * with the names that exist. Nothing else reads the query string.
 */
import { nearest } from "../../core/config/nearest.ts";
import { WeirError } from "../../core/errors.ts";
import type { RangeRequest, SortKey } from "../../core/ports/document_store.ts";
import { isZone } from "../../core/reading/zone.ts";
import { parseQuery } from "../query/parse.ts";
import { parseSpan, parseTime } from "./times.ts";

/** Longest query string that is looked at, in characters. */
export const URL_CHARS_MAX = 16_384;

export class Parameters {
  readonly #values: URLSearchParams;
  readonly #nowMs: number;

  /** Throws PARAMETER_INVALID for a name that is not in `known`, and for one that stands twice. */
  constructor(url: string, known: readonly string[], nowMs: number) {
    if (url.length > URL_CHARS_MAX) throw invalid("The address is too long", "Shorten the query.");
    this.#values = new URL(url).searchParams;
    this.#nowMs = nowMs;
    for (const name of this.#values.keys()) {
      if (!known.includes(name)) {
        const guess = nearest(name, known);
        throw invalid(
          `Unknown parameter "${name.slice(0, 60)}"`,
          guess === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean "${guess}"?`,
        );
      }
      if (this.#values.getAll(name).length > 1) {
        throw invalid(`Parameter "${name}" is given twice`, "Give it once.");
      }
    }
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === null || value === "" ? undefined : value;
  }

  integer(name: string, min: number, max: number, initial: number): number {
    const value = this.text(name);
    if (value === undefined) return initial;
    const number = Number(value);
    if (!/^\d{1,16}$/.test(value) || number < min || number > max) {
      throw invalid(
        `Cannot use ${name}=${value.slice(0, 40)}`,
        `${name} is a whole number, ${min} to ${max}.`,
      );
    }
    return number;
  }

  choice<const T extends readonly string[]>(name: string, options: T, initial: T[number]) {
    const value = this.text(name) ?? initial;
    if (!options.includes(value)) {
      throw invalid(
        `Cannot use ${name}=${value.slice(0, 40)}`,
        `${name} is one of: ${options.join(", ")}.`,
      );
    }
    return value as T[number];
  }

  /** Milliseconds of "10s" and the like, held within bounds. */
  span(name: string, min: number, max: number, initial: number): number {
    const value = this.text(name);
    if (value === undefined) return initial;
    const ms = parseSpan(value);
    if (ms === undefined || ms < min || ms > max) {
      throw invalid(
        `Cannot use ${name}=${value.slice(0, 40)}`,
        `${name} is a time such as 500ms, 10s, 5m; ${min / 1000} s to ${max / 1000} s.`,
      );
    }
    return ms;
  }

  /** Time zone for times that name none. */
  get zone(): string {
    const name = this.text("tz");
    if (name === undefined) return Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!isZone(name)) {
      throw invalid(`Cannot use tz=${name.slice(0, 40)}`, "An example is tz=Europe/Berlin.");
    }
    return name;
  }

  /** Query and time range: q, since, until, tz. Throws QUERY_INVALID, TIME_INVALID, TIME_RANGE. */
  range(): RangeRequest {
    const range: RangeRequest = { query: parseQuery(this.text("q") ?? "") };
    const since = this.text("since"), until = this.text("until");
    if (since !== undefined) range.fromMs = parseTime(since, this.#nowMs, this.zone);
    if (until !== undefined) range.toMs = parseTime(until, this.#nowMs, this.zone);
    if (range.fromMs !== undefined && range.toMs !== undefined && range.fromMs >= range.toMs) {
      throw new WeirError("TIME_RANGE", "The time range ends before it begins", {
        hint: "since is the earlier one, until the later one.",
      });
    }
    return range;
  }

  /** `after`, as `keyText` wrote it. */
  after(): SortKey | undefined {
    const value = this.text("after");
    if (value === undefined) return undefined;
    const match = /^(-?\d{1,16})~([^~]{0,200})~(\d{1,16})(?:~(.{1,200}))?$/.exec(value);
    if (match === null) {
      throw invalid("Cannot read the parameter after", "Take it from the last document's place.");
    }
    return {
      timestampMs: Number(match[1]),
      generation: match[2],
      offset: Number(match[3]),
      ...(match[4] === undefined ? {} : { topic: match[4] }),
    };
  }
}

/** A place in the order as text, for `after`: `<timestampMs>~<generation>~<offset>~<topic>`. */
export function keyText(key: SortKey): string {
  const topic = key.topic === undefined ? "" : `~${key.topic}`;
  return `${key.timestampMs}~${key.generation}~${key.offset}${topic}`;
}

export function invalid(message: string, hint: string): WeirError {
  return new WeirError("PARAMETER_INVALID", message, { hint });
}
