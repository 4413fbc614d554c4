/** Where each row of a long list stands: heights that were measured, an estimate for the others, sums by index. */
export class Heights {
  #estimate: number;
  #known = new Map<string, number>();
  #keys: readonly string[] = [];
  #tops = new Float64Array(1);
  #dirty = true;

  constructor(estimate: number) {
    this.#estimate = estimate;
  }

  /** Sets the rows, by key; measured heights of rows that are still there are kept. */
  setKeys(keys: readonly string[]): void {
    this.#keys = keys;
    this.#dirty = true;
    if (this.#known.size > 2 * keys.length + 10_000) {
      const there = new Set(keys);
      for (const key of this.#known.keys()) if (!there.has(key)) this.#known.delete(key);
    }
  }

  /** Forgets all measured heights; `estimate` is the height of rows not seen yet. */
  reset(estimate: number): void {
    this.#estimate = estimate;
    this.#known.clear();
    this.#dirty = true;
  }

  /** Notes a measured height; true where it changes anything. */
  measure(key: string, height: number): boolean {
    if ((this.#known.get(key) ?? this.#estimate) === height) return false;
    this.#known.set(key, height);
    this.#dirty = true;
    return true;
  }

  /** Distance of the row's upper edge from the top; of the row behind the last one, the whole height. */
  top(index: number): number {
    this.#sum();
    return this.#tops[Math.max(0, Math.min(index, this.#keys.length))];
  }

  get total(): number {
    return this.top(this.#keys.length);
  }

  /** Index of the row at a distance from the top. */
  at(distance: number): number {
    this.#sum();
    let low = 0, high = this.#keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tops[middle] <= distance) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  #sum(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    const keys = this.#keys;
    if (this.#tops.length < keys.length + 1) {
      this.#tops = new Float64Array(Math.ceil((keys.length + 1) * 1.5));
    }
    const tops = this.#tops, known = this.#known;
    let top = 0;
    for (let i = 0; i < keys.length; i++) {
      tops[i] = top;
      top += known.get(keys[i]) ?? this.#estimate;
    }
    tops[keys.length] = top;
  }
}
