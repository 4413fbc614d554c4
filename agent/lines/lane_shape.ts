/**
 * What one lane does with its lines: the shape in force at a place of the file, compiled once; the masks, fields and
 * rate of its entry as it is now. A shape counts from the place at which it was noted, so that a changed entry does not
 * move the ends of records that were sent under the old one.
 */
import type { Entry } from "../tail/entries.ts";
import { kubernetesFields } from "./kubernetes.ts";
import { PLAIN, type ShapeOptions, shapeText } from "./options.ts";
import { Masks } from "./rules.ts";
import { Shaper } from "./shaper.ts";

/** Fields of a record, those from the path included, at most. */
const FIELDS_MAX = 32;

export class LaneShape {
  #entry: Entry | undefined;
  #mark = "";
  #wanted = "";
  #masks = new Masks([]);
  #shaper: { text: string; shaper: Shaper } | undefined;
  #fields: { path: string; fields: Readonly<Record<string, string>> } | undefined;
  #tokens = 0;
  #tokensAtMs = -1;

  /** The shape that the entry asks for now, empty for none; `mark`: encoding that the file itself tells. */
  wanted(entry: Entry, mark: string): string {
    if (this.#entry !== entry || this.#mark !== mark) {
      if (this.#entry !== entry) this.#masks = new Masks(entry.mask);
      this.#entry = entry;
      this.#mark = mark;
      this.#wanted = shapeText(entry, mark);
      this.#shaper = undefined;
      this.#fields = undefined;
    }
    return this.#wanted;
  }

  /** What makes the records under a shape; undefined where lines go as they are. */
  shaper(text: string, lineBytesMax: number): Shaper | undefined {
    if (text === "" && this.#masks.isEmpty && (this.#entry?.linesPerSecond ?? 0) === 0) {
      return undefined;
    }
    if (this.#shaper?.text !== text) {
      const shape = text === "" ? PLAIN : JSON.parse(text) as ShapeOptions;
      this.#shaper = { text, shaper: new Shaper(shape, this.#masks, lineBytesMax) };
    }
    return this.#shaper.shaper;
  }

  fields(entry: Entry, path: string): Readonly<Record<string, string>> {
    if (!entry.kubernetes) return entry.fields;
    if (this.#fields?.path !== path || this.#entry !== entry) {
      const all = Object.entries({ ...kubernetesFields(path), ...entry.fields });
      this.#fields = { path, fields: Object.fromEntries(all.slice(-FIELDS_MAX)) };
    }
    return this.#fields.fields;
  }

  /** Lines that may be sent now; 0: wait. */
  allowance(entry: Entry, nowMs: number): number {
    const rate = entry.linesPerSecond;
    if (rate === 0) return Infinity;
    if (this.#tokensAtMs < 0) this.#tokens = rate;
    else this.#tokens = Math.min(rate, this.#tokens + (nowMs - this.#tokensAtMs) / 1000 * rate);
    this.#tokensAtMs = nowMs;
    return Math.floor(this.#tokens);
  }

  sent(lines: number): void {
    this.#tokens -= lines;
  }
}

/** Encoding that the first bytes of a file tell, given as latin1; empty for none. */
export function markOf(prefix: string | undefined): string {
  if (prefix?.startsWith("\xff\xfe")) return "utf-16le";
  return prefix?.startsWith("\xfe\xff") ? "utf-16be" : "";
}
