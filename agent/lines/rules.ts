/**
 * Rules that drop lines and masks that hide parts of them, on the host. What is dropped is told by the rule's name. The
 * same line at the same place is always treated alike: sampling goes by the place, not by chance.
 */
import { type MaskOption, MASKS, type ShapeOptions } from "./options.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

interface Compiled {
  name: string;
  pattern: RegExp;
  oneIn: number;
}

export class Rules {
  readonly #include: Compiled[];
  readonly #drop: Compiled[];
  readonly #sample: Compiled[];

  constructor({ include, drop, sample }: Pick<ShapeOptions, "include" | "drop" | "sample">) {
    const compile = (one: { name: string; pattern: string; oneIn?: number }): Compiled => ({
      name: one.name,
      pattern: new RegExp(one.pattern, "u"),
      oneIn: one.oneIn ?? 0,
    });
    this.#include = include.map(compile);
    this.#drop = drop.map(compile);
    this.#sample = sample.map(compile);
  }

  get isEmpty(): boolean {
    return this.#include.length + this.#drop.length + this.#sample.length === 0;
  }

  /** Name of the rule that drops the line at file offset `start`; undefined where it is sent. */
  droppedBy(text: string, start: number): string | undefined {
    if (this.#include.length > 0 && !this.#include.some(({ pattern }) => pattern.test(text))) {
      return "include";
    }
    for (const { name, pattern } of this.#drop) if (pattern.test(text)) return name;
    for (const { name, pattern, oneIn } of this.#sample) {
      if (pattern.test(text) && scramble(start) % oneIn !== 0) return name;
    }
    return undefined;
  }
}

/** A number that looks like chance, from the place: neighbours are taken or left independently. */
function scramble(place: number): number {
  let x = (place % 0x1_0000_0000) ^ Math.floor(place / 0x1_0000_0000);
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

export class Masks {
  readonly #masks: { name: string; pattern: RegExp; replace: string }[];

  constructor(options: readonly MaskOption[]) {
    this.#masks = options.map(({ name, pattern, preset, replace }) => ({
      name,
      pattern: new RegExp(pattern ?? MASKS[preset!], preset === undefined ? "gu" : "giu"),
      replace: replace.replaceAll("$", "$$$$"),
    }));
  }

  get isEmpty(): boolean {
    return this.#masks.length === 0;
  }

  /** The value with its secrets replaced; `hit` hears the name of each mask that matched. The same bytes where none did. */
  apply(value: Uint8Array, hit: (name: string) => void): Uint8Array {
    if (this.#masks.length === 0) return value;
    const before = decoder.decode(value);
    let text = before;
    for (const { name, pattern, replace } of this.#masks) {
      const masked = text.replace(pattern, replace);
      if (masked !== text) hit(name);
      text = masked;
    }
    return text === before ? value : encoder.encode(text);
  }
}
