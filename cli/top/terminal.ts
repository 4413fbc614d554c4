/**
 * A terminal that is drawn on as a whole: keys as they are pressed, size, and an end that leaves it as it was. q,
 * Ctrl-C, Ctrl-D and the signals end it.
 */

export type Key = "up" | "down" | "pageUp" | "pageDown" | "home" | "end" | "s";

const KEYS: Readonly<Record<string, Key>> = {
  "\x1b[A": "up",
  "\x1b[B": "down",
  "k": "up",
  "j": "down",
  "\x1b[5~": "pageUp",
  "\x1b[6~": "pageDown",
  " ": "pageDown",
  "\x1b[H": "home",
  "\x1b[F": "end",
  "g": "home",
  "G": "end",
  "s": "s",
};
const ENDS = ["q", "Q", "\x03", "\x04"];
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l", LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

export class Terminal implements Disposable {
  readonly #end = new AbortController();
  readonly #stop = () => this.#end.abort();
  readonly #resize = () => this.onResize();
  onKey: (key: Key) => void = () => {};
  onResize: () => void = () => {};

  constructor() {
    Deno.stdin.setRaw(true);
    write(ENTER);
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#stop);
    Deno.addSignalListener("SIGWINCH", this.#resize);
    void this.#keys();
  }

  /** Aborts when somebody ended it. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  size(): { columns: number; rows: number } {
    try {
      const { columns, rows } = Deno.consoleSize();
      if (columns === 0 || rows === 0) return { columns: 80, rows: 24 };
      return { columns: Math.max(20, columns), rows: Math.max(8, rows) };
    } catch {
      return { columns: 80, rows: 24 }; // a terminal that does not say
    }
  }

  /** Each line in its place; what stood there before is gone. */
  draw(lines: readonly string[]): void {
    write(`\x1b[H${lines.map((line) => `${line}\x1b[0m\x1b[K`).join("\r\n")}\x1b[J`);
  }

  async #keys(): Promise<void> {
    const bytes = new Uint8Array(64), decoder = new TextDecoder();
    while (!this.#end.signal.aborted) {
      const count = await Deno.stdin.read(bytes).catch(() => null); // closed: as its end
      if (count === null) return this.#stop();
      const text = decoder.decode(bytes.subarray(0, count));
      if (ENDS.includes(text)) return this.#stop();
      const key = KEYS[text];
      if (key !== undefined) this.onKey(key);
    }
  }

  [Symbol.dispose](): void {
    this.#end.abort();
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#stop);
    Deno.removeSignalListener("SIGWINCH", this.#resize);
    write(LEAVE);
    Deno.stdin.setRaw(false);
  }
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
