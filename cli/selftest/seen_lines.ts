/** Which of the numbered lines were seen, in whatever order they come, and which not. One byte a line is kept. */

/** A line that was written: its number, and whether it was seen before. */
export interface SeenLine {
  n: number;
  again: boolean;
}

export class SeenLines {
  readonly #lineOf: (name: string, n: number, lines: number) => string;
  readonly #seen: ReadonlyMap<string, Uint8Array>;
  /** Lines too many. */
  doubled = 0;
  /** Texts that were never written so. */
  damaged = 0;

  /**
   * @param files their lines are numbered from 1 to `lines`
   * @param lineOf line `n` of a file; begins with "NAME NUMBER ", the name without a space
   */
  constructor(
    files: Iterable<{ name: string; lines: number }>,
    lineOf: (name: string, n: number, lines: number) => string,
  ) {
    this.#lineOf = lineOf;
    this.#seen = new Map([...files].map(({ name, lines }) => [name, new Uint8Array(lines + 1)]));
  }

  /** Undefined for what was never written so. */
  take(text: string): SeenLine | undefined {
    const [name, number] = text.split(" ", 2), n = Number(number), seen = this.#seen.get(name);
    const lines = (seen?.length ?? 0) - 1;
    if (seen === undefined || !(n >= 1 && n <= lines) || text !== this.#lineOf(name, n, lines)) {
      this.damaged++;
      return undefined;
    }
    const again = seen[n] === 1;
    if (again) this.doubled++;
    seen[n] = 1;
    return { n, again };
  }

  /** Numbers of a file's lines, up to `lines`, that were not seen. */
  *lost(name: string, lines: number): Generator<number> {
    const seen = this.#seen.get(name)!;
    for (let n = 1; n <= lines; n++) if (seen[n] === 0) yield n;
  }
}
