/** A fair choice of at most `size` of the things that came by, in their order; the rest is counted. */
export class Sample<T> {
  readonly #size: number;
  readonly #random: () => number;
  #kept: { at: number; item: T }[] = [];
  #seen = 0;

  constructor(size: number, random: () => number = Math.random) {
    this.#size = size;
    this.#random = random;
  }

  add(item: T): void {
    const at = this.#seen++;
    if (this.#kept.length < this.#size) {
      this.#kept.push({ at, item });
      return;
    }
    // Each of the items seen so far is kept with the same chance.
    const place = Math.floor(this.#random() * this.#seen);
    if (place < this.#size) this.#kept[place] = { at, item };
  }

  get seen(): number {
    return this.#seen;
  }

  /** What was kept, in order, and how many were seen; begins anew. */
  take(): { items: T[]; seen: number } {
    const items = this.#kept.sort((a, b) => a.at - b.at).map(({ item }) => item);
    const seen = this.#seen;
    this.#kept = [];
    this.#seen = 0;
    return { items, seen };
  }
}
