/** Random numbers from a seed (mulberry32): the same everywhere, so that a failing run can be played again. */

export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }
  /** 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  /** 0 to `max` - 1. */
  below(max: number): number {
    return Math.floor(this.next() * max);
  }
  chance(probability: number): boolean {
    return this.next() < probability;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

/** Numbers in [0, 1) that a seed fixes. */
export function randomOf(seed: number): () => number {
  const random = new Random(seed);
  return () => random.next();
}

/** Seeds to run: WEIR_SEED alone, or `count` of them from WEIR_SEED_FROM (default 1). */
export function seedsToRun(count: number): number[] {
  const one = Deno.env.get("WEIR_SEED");
  if (one !== undefined) return [Number(one)];
  const from = Number(Deno.env.get("WEIR_SEED_FROM") ?? 1);
  const wanted = Number(Deno.env.get("WEIR_SEEDS") ?? count);
  return Array.from({ length: wanted }, (_, i) => from + i);
}
