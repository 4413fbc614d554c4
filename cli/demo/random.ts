/** Numbers that look like chance and are the same for the same seeds on every machine (splitmix32). */
export class Random {
  #state: number;

  /** Several seeds make one: `new Random(seed, second)`. */
  constructor(...seeds: readonly number[]) {
    this.#state = 0x2545f491;
    for (const seed of seeds) {
      this.#state = (Math.imul(this.#state, 31) + (seed % 4294967296) | 0) >>> 0;
      this.#state = Math.floor(this.fraction() * 4294967296);
    }
  }

  /** 0 to below 1. */
  fraction(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4294967296;
  }

  /** 0 to below `below`. */
  integer(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  /** As `integer`, small numbers often, large ones seldom. */
  skewed(below: number): number {
    return Math.floor(this.fraction() ** 3 * below);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** The first ones often, the last ones seldom. */
  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.fraction() ** 2 * from.length)];
  }

  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.integer(65_536).toString(16).padStart(4, "0");
    return text.slice(0, digits);
  }
}
