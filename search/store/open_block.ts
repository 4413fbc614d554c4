/**
 * The block that still grows. Lines are added from bytes; what was handed out as a view stays as it
 * was, because the buffers only grow behind it. A part of it can be written out as one journal row
 * and be added again from it.
 */
import {
  type BlockColumns,
  type BlockLines,
  decodeColumns,
  encodeColumns,
  LEVEL_MASK,
  type Run,
} from "./block.ts";

/** A block is full with this much text, if nothing else is said. */
export const BLOCK_BYTES = 524_288;
/** Or with this many lines. */
export const BLOCK_LINES_MAX = 32_768;

/** What distinguishes the runs of one call from each other. */
export interface RunHead {
  source: number;
  createdMs: number;
  ingestedMs: number;
  kafka?: readonly [number, number];
  foreignMs?: number;
}

export class OpenBlock {
  readonly #bytesMax: number;
  #text: Uint8Array;
  #textBytes = 0;
  /** Bytes that still have to be copied into the text, and where. */
  #source: Uint8Array | undefined;
  #sourceFrom = 0;
  #sourceTo = 0;
  #copyAt = 0;
  #lines = 0;
  #times = new Float64Array(2048);
  #levels = new Uint8Array(2048);
  /** Start of each line in the text, and the end of the last. */
  #starts = new Int32Array(2049);
  /**
   * Line feeds in the text as far as it was looked through: more than lines where a value holds
   * one.
   */
  #feeds = 0;
  #feedsUpTo = 0;
  readonly #runs: Run[] = [];
  /** File offset behind the last line of the last run. */
  #end = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;
  #rawBytes = 0;
  /** Lines that the journal has. */
  #journaled = 0;
  #journaledBytes = 0;
  #journaledRuns = 0;
  /** The next line begins a new run, whatever fits. */
  #cut = false;

  /** @param bytesMax the block is full with this much text */
  constructor(bytesMax = BLOCK_BYTES) {
    this.#bytesMax = bytesMax;
    this.#text = new Uint8Array(bytesMax + 65_536);
  }

  get lines(): number {
    return this.#lines;
  }
  get textBytes(): number {
    return this.#textBytes;
  }
  get firstMs(): number {
    return this.#firstMs;
  }
  get lastMs(): number {
    return this.#lastMs;
  }
  /** Bytes of the files that the lines account for. */
  get rawBytes(): number {
    return this.#rawBytes;
  }
  get full(): boolean {
    return this.#textBytes >= this.#bytesMax || this.#lines >= BLOCK_LINES_MAX;
  }
  get unjournaledLines(): number {
    return this.#lines - this.#journaled;
  }

  /** Room for a line. */
  #room(textBytes: number): void {
    if (this.#textBytes + textBytes > this.#text.length) {
      this.copyText();
      const grown = new Uint8Array((this.#textBytes + textBytes) * 1.25 + 4096);
      grown.set(this.#text.subarray(0, this.#textBytes));
      this.#text = grown;
    }
    if (this.#lines === this.#times.length) {
      const times = new Float64Array(this.#lines * 2);
      times.set(this.#times);
      this.#times = times;
      const levels = new Uint8Array(this.#lines * 2);
      levels.set(this.#levels);
      this.#levels = levels;
      const starts = new Int32Array(this.#lines * 2 + 1);
      starts.set(this.#starts);
      this.#starts = starts;
    }
  }

  /**
   * The run for lines of `head` that begin at the file offset `start`: the last one where it fits.
   */
  run(head: RunHead, start: number, parent: readonly [number, number] | undefined): Run {
    const last = this.#runs[this.#runs.length - 1];
    if (
      last !== undefined && !this.#cut && last.s === head.source && last.c === head.createdMs &&
      last.i === head.ingestedMs && this.#end === start && head.foreignMs === undefined &&
      last.f === undefined && followsInKafka(last, head.kafka)
    ) return last;
    const run: Run = {
      s: head.source,
      n: 0,
      o: start,
      c: head.createdMs,
      i: head.ingestedMs,
      g: 1,
    };
    if (parent !== undefined) run.p = [parent[0], parent[1]];
    if (head.kafka !== undefined) run.k = [head.kafka[0], head.kafka[1]];
    if (head.foreignMs !== undefined) run.f = head.foreignMs;
    this.#runs.push(run);
    this.#end = start;
    this.#cut = false;
    return run;
  }

  /**
   * Adds the line `bytes[from..to)`, which accounts for `length` bytes of its file.
   * @param level level code, with CONTINUES where it goes on an event
   */
  add(
    run: Run,
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number,
    timeMs: number,
    level: number,
  ): void {
    const size = to - from;
    this.#room(size + 1);
    // Lines that follow each other in the source are copied together, their line feeds with them.
    if (bytes === this.#source && from === this.#sourceTo + 1 && bytes[from - 1] === 10) {
      this.#sourceTo = to;
    } else {
      this.copyText();
      this.#source = bytes;
      this.#sourceFrom = from;
      this.#sourceTo = to;
      this.#copyAt = this.#textBytes;
    }
    this.#textBytes += size + 1;
    this.#note(run, size, length, timeMs, level);
  }

  /**
   * Copies what was added; to be called before the bytes that were given belong to somebody else
   * again.
   */
  copyText(): void {
    const source = this.#source;
    if (source === undefined) return;
    this.#source = undefined;
    this.#text.set(source.subarray(this.#sourceFrom, this.#sourceTo), this.#copyAt);
    this.#text[this.#textBytes - 1] = 10;
  }

  #note(run: Run, size: number, length: number, timeMs: number, level: number): void {
    const line = this.#lines++;
    this.#starts[line + 1] = this.#textBytes;
    const extra = length - size;
    if (extra !== run.g) {
      if (run.n === 0) run.g = extra;
      else (run.x ??= []).push(run.n, extra);
    }
    run.n++;
    this.#end += length;
    this.#rawBytes += length;
    this.#times[line] = timeMs;
    this.#levels[line] = level;
    if (timeMs < this.#firstMs) this.#firstMs = timeMs;
    if (timeMs > this.#lastMs) this.#lastMs = timeMs;
  }

  /**
   * The lines so far. Later lines change nothing in it.
   * @param checked false leaves it to the caller to find out whether `starts` has to be kept
   */
  view(checked = true): BlockLines & { starts: Int32Array | undefined } {
    const view = this.#parts(
      this.#runs.map((run) => ({ ...run, ...(run.x && { x: [...run.x] }) })),
    );
    if (!checked) return view;
    const text = this.#text;
    for (let i = this.#feedsUpTo; i < this.#textBytes; i++) if (text[i] === 10) this.#feeds++;
    this.#feedsUpTo = this.#textBytes;
    return { ...view, starts: this.#feeds === this.#lines ? undefined : this.#starts };
  }

  #parts(runs: readonly Run[]): BlockLines & { starts: Int32Array | undefined } {
    this.copyText();
    return {
      text: this.#text,
      textBytes: this.#textBytes,
      lines: this.#lines,
      times: this.#times,
      levels: this.#levels,
      starts: this.#starts,
      runs,
    };
  }

  /**
   * The lines that the journal does not have yet, as one row; call `journaled` when it is written.
   */
  journalRow(): { columns: Uint8Array; text: Uint8Array } {
    const view = this.#parts(this.#runs);
    const runs = this.#runs.slice(this.#journaledRuns);
    return {
      columns: encodeColumns(view, runs, this.#journaled).slice(),
      text: view.text.slice(this.#journaledBytes, view.textBytes),
    };
  }

  /**
   * All lines so far are in the journal. The next line begins a new run, so that a row holds whole
   * runs.
   */
  journaled(): void {
    this.#journaled = this.#lines;
    this.#journaledBytes = this.#textBytes;
    this.#journaledRuns = this.#runs.length;
    this.#cut = true;
  }

  /** Adds what `journalRow` gave. */
  restore(columnBytes: Uint8Array, text: Uint8Array): void {
    const columns: BlockColumns = decodeColumns(columnBytes);
    let line = 0, from = 0;
    for (const saved of columns.runs) {
      const run: Run = { ...saved, n: 0 };
      delete run.x;
      this.#runs.push(run);
      this.#end = saved.o;
      for (let k = 0, x = 0; k < saved.n; k++, line++) {
        const to = from + columns.starts![line + 1] - columns.starts![line] - 1;
        let extra = saved.g;
        if (saved.x !== undefined && saved.x[x] === k) {
          extra = saved.x[x + 1];
          x += 2;
        }
        this.add(run, text, from, to, to - from + extra, columns.times[line], columns.levels[line]);
        from = to + 1;
      }
    }
    this.journaled();
  }

  /** Lines by level code. */
  levelCounts(): Uint32Array {
    const counts = new Uint32Array(8);
    for (let i = 0; i < this.#lines; i++) counts[this.#levels[i] & LEVEL_MASK]++;
    return counts;
  }
}

function followsInKafka(run: Run, kafka: readonly [number, number] | undefined): boolean {
  if (run.k === undefined || kafka === undefined) return run.k === kafka;
  return run.k[0] === kafka[0] && run.k[1] + run.n === kafka[1];
}
