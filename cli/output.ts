/**
 * Standard output of commands that write many lines: in pieces, as fast as the reader takes them. Promises: where the
 * reader goes away (`weir search … | head`), `gone` is true and nothing is an error.
 */

const PIECE_CHARS = 64 * 1024;

export class Output {
  readonly #encoder = new TextEncoder();
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  #held: string[] = [];
  #chars = 0;
  #gone = false;

  /** @param write writes some of the bytes and says how many */
  constructor(write = (bytes: Uint8Array) => Deno.stdout.write(bytes)) {
    this.#write = write;
  }

  /** True where nobody reads any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Holds the text back until there is a piece of it. */
  async add(text: string): Promise<void> {
    this.#held.push(text);
    this.#chars += text.length;
    if (this.#chars >= PIECE_CHARS) await this.flush();
  }

  /** Writes what is held back. */
  async flush(): Promise<void> {
    const bytes = this.#encoder.encode(this.#held.join(""));
    this.#held = [];
    this.#chars = 0;
    try {
      for (let at = 0; at < bytes.length && !this.#gone;) {
        at += await this.#write(bytes.subarray(at));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      this.#gone = true;
    }
  }
}

/** True where colours are wanted: on a terminal, unless NO_COLOR or a terminal without them says otherwise. */
export function wantsColour(): boolean {
  return Deno.stdout.isTerminal() && !Deno.noColor && Deno.env.get("TERM") !== "dumb";
}
