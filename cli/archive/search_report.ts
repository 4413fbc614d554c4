/** What `weir search --archive` says on stderr: how far the search is, on a terminal; and where it ended early. */

interface Told {
  progress?: { days: number; daysOpened: number; bytes: number; found: number; late: number };
  end?: { why: string; since: string | null; until: string | null };
}

export class ArchiveReport {
  readonly #write: (text: string) => void;
  readonly #terminal: boolean;
  #last: Told = {};
  #shown = false;

  constructor(
    write = (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
    terminal = Deno.stderr.isTerminal(),
  ) {
    this.#write = write;
    this.#terminal = terminal;
  }

  /** A line of the answer that is no document. */
  told(line: Record<string, unknown>): void {
    this.#last = line as Told;
    const { progress, end } = this.#last;
    if (!this.#terminal || progress === undefined || end !== undefined) return;
    const { days, daysOpened, bytes, found } = progress;
    this.#write(
      `\r\x1b[Karchive: ${daysOpened} of ${days} days, ${megabytes(bytes)}, ${found} lines`,
    );
    this.#shown = true;
  }

  /** Behind the last line. */
  end(): void {
    if (this.#shown) this.#write("\r\x1b[K");
    const { progress, end } = this.#last;
    if (end === undefined || progress === undefined) return;
    const bound = BOUNDS[end.why];
    if (bound !== undefined) {
      this.#write(
        `The archive was searched from ${end.since ?? "its start"} to ${end.until ?? "its end"}, ` +
          `then ${bound} (${megabytes(progress.bytes)}): give --since or --until for the rest\n`,
      );
    }
    if (progress.late > 0) {
      this.#write(
        `${progress.late} lines were read long after their time and left out: --late DAYS\n`,
      );
    }
  }
}

const BOUNDS: Readonly<Record<string, string>> = {
  days: "archive.days was reached",
  bytes: "archive.bytes was reached",
  time: "the time was over",
};

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
