/**
 * Makes records of a file's bytes where an entry asks for more than whole lines: decoded, unwrapped, joined, chosen,
 * masked. Where records begin and end follows from the bytes and the noted boundaries alone, wherever reading starts
 * again: a chunk ends only where nothing is half done, and what is dropped belongs to the record behind it.
 */
import { criPart, dockerPart, type Part } from "./container.ts";
import { type Continues, continuesOf } from "./multiline.ts";
import type { ShapeOptions } from "./options.ts";
import { RawLines } from "./raw_lines.ts";
import { Masks, Rules } from "./rules.ts";

export type Counted = "cut" | "skipped" | "nul" | "invalid" | "dropped" | "masked";

export interface Shaped {
  /** Records, with their values in `bytes` and three marks each, as LineChunk has them. */
  lines: number;
  bytes: Uint8Array;
  marks: Int32Array;
  /** Bytes that the records account for. */
  consumed: number;
  /** Bytes that need not be looked at again: those behind `consumed` were dropped. */
  scanned: number;
  /** End of the last whole line that was looked at. */
  lineEnd: number;
  /** What happened up to `scanned`: each once, however often the bytes are looked at. */
  counts: readonly [what: Counted, name: string, number: number][];
}

interface Event {
  values: Uint8Array[];
  bytes: number;
  first: string;
  end: number;
  /** Where reading may start again for it; undefined: other lines are mixed in. */
  quiet: number | undefined;
}

const decoder = new TextDecoder();
const FEED = Uint8Array.of(10);

export class Shaper {
  readonly #shape: ShapeOptions;
  readonly #raw: RawLines;
  readonly #part: ((line: Uint8Array) => Part | undefined) | undefined;
  readonly #continues: Continues | undefined;
  readonly #rules: Rules;
  readonly #masks: Masks;
  readonly #bytesMax: number;

  /** `bytesMax`: longest line, and longest stretch of the file in which parts are joined. */
  constructor(shape: ShapeOptions, masks: Masks, bytesMax: number) {
    this.#shape = shape;
    this.#raw = new RawLines(shape.encoding);
    this.#part = shape.container === "docker"
      ? dockerPart
      : shape.container === "cri"
      ? criPart
      : undefined;
    this.#continues = shape.multiline === undefined ? undefined : continuesOf(shape.multiline);
    this.#rules = new Rules(shape);
    this.#masks = masks;
    this.#bytesMax = bytesMax;
  }

  /** Bytes of a line feed. */
  get feedBytes(): number {
    return this.#raw.feedBytes;
  }

  /**
   * Bytes up to the end of the first line, its line feed included; without one those that need not be looked at again.
   * @param at offset in the file of the first byte
   */
  lineEnd(bytes: Uint8Array, at: number): { bytes: number; isEnd: boolean } {
    const { feedBytes } = this.#raw, { length } = bytes;
    const feed = this.#raw.next(bytes, 0, length, (at & 1) === 1);
    if (feed >= 0) return { bytes: feed + feedBytes, isEnd: true };
    // Half a character is looked at again with its other half.
    const half = feedBytes === 2 && length > 1 ? (at + length) & 1 : 0;
    return { bytes: length - half, isEnd: false };
  }

  /**
   * @param at offset in the file of `bytes[from]`
   * @param flush what stands half done at the end is a record as well
   * @param linesMax records at most, 1 and more
   */
  shape(
    bytes: Uint8Array,
    from: number,
    to: number,
    at: number,
    flush: boolean,
    linesMax: number,
  ): Shaped {
    const run = new Run(at);
    const { feedBytes } = this.#raw;
    let start = from;
    while (run.clean.lines < linesMax) {
      const feed = this.#raw.next(bytes, start, to, ((at + start - from) & 1) === 1);
      if (feed < 0) break;
      this.#line(run, bytes.subarray(start, feed), feed + feedBytes - from);
      start = feed + feedBytes;
    }
    if (flush && run.clean.lines < linesMax) {
      if (start < to) this.#line(run, bytes.subarray(start, to), to - from);
      this.#finish(run, to - from);
    }
    return run.result(start - from);
  }

  /** One whole line that ends before `end`. */
  #line(run: Run, line: Uint8Array, end: number): void {
    let value = this.#raw.trimmed(line);
    let nul = 0;
    while (nul < value.length && value[nul] === 0) nul++;
    if (nul > 1 || (nul > 0 && this.#raw.feedBytes === 1)) {
      if (this.#raw.feedBytes === 2) nul &= ~1;
      run.count("nul", "", nul);
      value = value.subarray(nul);
    }
    if (value.length > this.#bytesMax) {
      run.count(this.#shape.overlong === "skip" ? "skipped" : "cut", "", 1);
      if (this.#shape.overlong === "skip") return this.#settle(run, end);
      value = this.#raw.cut(value, this.#bytesMax);
    }
    value = this.#raw.utf8(value, (characters) => run.count("invalid", "", characters));
    const part = this.#part?.(value);
    if (part === undefined) this.#whole(run, value, end);
    else this.#join(run, part, end);
    this.#settle(run, end);
  }

  /** After each line: may reading start again here, or must what is half done be ended? */
  #settle(run: Run, end: number): void {
    if (run.parts.size === 0) {
      run.quiet = end;
      if (run.event === undefined) run.cleanAt(end);
      else if (run.event.quiet !== undefined) run.cleanAt(run.event.quiet);
    }
    if (end - run.clean.scanned > this.#bytesMax) this.#finish(run, end);
  }

  #join(run: Run, { stream, value, isLast }: Part, end: number): void {
    const before = run.parts.get(stream);
    if (before === undefined && isLast) return this.#whole(run, value, end);
    const values = before ?? [];
    values.push(value.slice());
    run.parts.set(stream, values);
    if (!isLast) return;
    run.parts.delete(stream);
    this.#whole(run, this.#limited(run, joined(values)), end);
  }

  #limited(run: Run, value: Uint8Array): Uint8Array {
    if (value.length <= this.#bytesMax) return value;
    run.count("cut", "", 1);
    return value.subarray(0, this.#bytesMax);
  }

  /** A line as the program wrote it; while parts of another one wait for their rest it waits as well. */
  #whole(run: Run, value: Uint8Array, end: number): void {
    if (run.parts.size > 0) run.queue.push({ value: value.slice(), end });
    else {
      this.#drain(run);
      this.#take(run, value, end);
    }
  }

  #drain(run: Run): void {
    for (const { value, end } of run.queue.splice(0)) this.#take(run, value, end);
  }

  #take(run: Run, value: Uint8Array, end: number): void {
    if (this.#continues === undefined) return this.#emit(run, value, end);
    let text: string | undefined;
    const textOf = () => text ??= decoder.decode(value);
    const { event } = run;
    if (
      event !== undefined && event.bytes + value.length < this.#bytesMax &&
      this.#continues(value, textOf, event.first)
    ) {
      event.values.push(FEED, value.slice());
      event.bytes += value.length + 1;
      event.end = end;
      return;
    }
    if (event !== undefined) this.#emit(run, joined(event.values), event.end);
    const quiet = run.settledEnd <= run.quiet ? run.quiet : undefined;
    run.event = { values: [value.slice()], bytes: value.length, first: textOf(), end, quiet };
  }

  #emit(run: Run, value: Uint8Array, end: number): void {
    const start = run.at + run.settledEnd;
    run.settledEnd = end;
    const rule = this.#rules.isEmpty
      ? undefined
      : this.#rules.droppedBy(decoder.decode(value), start);
    if (rule !== undefined) return run.count("dropped", rule, 1);
    run.add(this.#masks.apply(value, (name) => run.count("masked", name, 1)), end);
  }

  /** Ends what is half done: parts whose last one did not come, then the event. */
  #finish(run: Run, end: number): void {
    const left = [...run.parts.values()];
    run.parts.clear();
    // They began first. Each has a range of its own, of which the rest lies with the record behind it.
    left.forEach((values, i) =>
      this.#take(run, this.#limited(run, joined(values)), run.quiet + 1 + i)
    );
    this.#drain(run);
    if (run.event !== undefined) {
      this.#emit(run, joined(run.event.values), run.event.end);
      run.event = undefined;
    }
    run.quiet = end;
    run.cleanAt(end);
  }
}

/** What has been made so far of one stretch of bytes. */
class Run {
  readonly at: number;
  readonly parts = new Map<string, Uint8Array[]>();
  event: Event | undefined;
  /** Whole lines behind the first waiting part. */
  queue: { value: Uint8Array; end: number }[] = [];
  /** End of the last place at which no part waited for its rest. */
  quiet = 0;
  /** End of the last record that was sent or dropped. */
  settledEnd = 0;
  clean = { lines: 0, used: 0, scanned: 0, counts: 0 };
  #bytes = new Uint8Array(4096);
  #used = 0;
  #marks: number[] = [];
  #counts: [what: Counted, name: string, number: number][] = [];

  constructor(at: number) {
    this.at = at;
  }

  add(value: Uint8Array, end: number): void {
    if (this.#used + value.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#used + value.length));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
    }
    this.#bytes.set(value, this.#used);
    this.#marks.push(this.#used, this.#used + value.length, end);
    this.#used += value.length;
  }

  count(what: Counted, name: string, number: number): void {
    this.#counts.push([what, name, number]);
  }

  cleanAt(scanned: number): void {
    const counts = this.#counts.length;
    this.clean = { lines: this.#marks.length / 3, used: this.#used, scanned, counts };
  }

  result(lineEnd: number): Shaped {
    const { lines, used, scanned } = this.clean;
    return {
      lines,
      bytes: this.#bytes.subarray(0, used),
      marks: Int32Array.from(this.#marks.slice(0, lines * 3)),
      consumed: lines === 0 ? 0 : this.#marks[lines * 3 - 1],
      scanned,
      lineEnd,
      counts: this.#counts.slice(0, this.clean.counts),
    };
  }
}

function joined(values: readonly Uint8Array[]): Uint8Array {
  if (values.length === 1) return values[0];
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + value.length, 0));
  let at = 0;
  for (const value of values) {
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}
