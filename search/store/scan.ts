/**
 * Lines of one block that fit a plan, as a mask: one byte a line. Parts of the block are read when
 * they are needed.
 */
import type { Document } from "../../core/ports/document_store.ts";
import { type BlockColumns, type BlockLines, LEVEL_MASK, lineStarts, Places } from "./block.ts";
import type { BlockInfo, Blocks } from "./blocks.ts";
import { LazyDocument } from "./document.ts";
import type { OpenBlock } from "./open_block.ts";
import { type Finder, type Plan, planNeed } from "./plan.ts";
import type { Sources } from "./sources.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Thrown where a block was dropped while it was being read. */
export class BlockGone extends Error {}

/** A block as a query sees it. */
export class ScanBlock {
  readonly lines: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly firstSeq: number;
  readonly info: BlockInfo | undefined;
  readonly #blocks: Blocks;
  readonly #sources: Sources;
  #columns: BlockColumns | undefined;
  #bytes: Uint8Array | undefined;
  #text: string | undefined;
  #lower: string | undefined;
  #starts: Int32Array | undefined;
  #byteStarts: Int32Array | undefined;
  #places: Places | undefined;

  constructor(
    blocks: Blocks,
    sources: Sources,
    from: BlockInfo | { open: OpenBlock; seq: number },
  ) {
    this.#blocks = blocks;
    this.#sources = sources;
    if ("open" in from) {
      const view = from.open.view();
      this.#columns = view;
      this.#bytes = view.text.subarray(0, view.textBytes);
      this.lines = view.lines;
      this.firstMs = from.open.firstMs;
      this.lastMs = from.open.lastMs;
      this.firstSeq = from.seq;
    } else {
      this.info = from;
      this.lines = from.lines;
      this.firstMs = from.firstMs;
      this.lastMs = from.lastMs;
      this.firstSeq = from.firstSeq;
    }
  }

  /** Lets go of everything that was read of the block. */
  release(): void {
    // Given back at once: waiting for the garbage collector would double the memory of a long scan.
    if (this.info !== undefined && this.#bytes !== undefined) freeBuffer(this.#bytes);
    this.#columns =
      this.#bytes =
      this.#text =
      this.#lower =
        undefined;
    this.#starts = this.#byteStarts = this.#places = undefined;
  }

  get columns(): BlockColumns {
    return this.#columns ??= this.#blocks.columns(this.info!) ?? gone();
  }

  get bytes(): Uint8Array {
    return this.#bytes ??= this.#blocks.text(this.info!) ?? gone();
  }

  /** All lines as text, a line feed behind each; a line feed within a value is a space here. */
  get text(): string {
    if (this.#text === undefined) {
      let bytes = this.bytes;
      if (this.joined) {
        const starts = this.columns.starts!;
        bytes = bytes.slice();
        for (let i = 0; i < bytes.length; i++) if (bytes[i] === 10) bytes[i] = 32;
        for (let i = 1; i <= this.lines; i++) bytes[starts[i] - 1] = 10;
      }
      this.#text = decoder.decode(bytes);
    }
    return this.#text;
  }

  get lower(): string {
    return this.#lower ??= this.text.toLowerCase();
  }

  /** True where a value holds a line feed of its own, which `text` does not show. */
  get joined(): boolean {
    return this.info === undefined ? this.columns.starts !== undefined : this.info.joined;
  }

  /**
   * True where the text is ASCII (or stands in for bytes that are no characters): case is a matter
   * of one bit then.
   */
  get ascii(): boolean {
    return this.text.length === this.bytes.length;
  }

  /** Places of line starts in `text`. */
  get starts(): Int32Array {
    return this.#starts ??= startsOf(this.text, this.lines);
  }

  /** Places of line starts in `lower`, which differ where lower case is longer. */
  get lowerStarts(): Int32Array {
    return this.lower.length === this.text.length ? this.starts : startsOf(this.lower, this.lines);
  }

  message(line: number): string {
    if (!this.joined) return this.text.slice(this.starts[line], this.starts[line + 1] - 1);
    const starts = this.columns.starts!;
    return decoder.decode(this.bytes.subarray(starts[line], starts[line + 1] - 1));
  }

  /** The document of a line; cheap until it is asked for something. */
  document(line: number): LazyDocument {
    if (this.#places === undefined) {
      this.#byteStarts = this.#startsInBytes();
      this.#places = new Places(this.columns, this.#byteStarts);
    }
    const place = this.#places.at(line);
    return new LazyDocument({
      columns: this.columns,
      line,
      place,
      source: this.#sources.byId(place.run.s),
      message: () => this.message(line),
    });
  }

  #startsInBytes(): Int32Array {
    // As many characters as bytes: each stands where its byte does, and the text is quicker to look through.
    if (this.#text !== undefined && !this.joined && this.ascii) return this.starts;
    const { bytes, columns } = this;
    return lineStarts({ ...columns, text: bytes, textBytes: bytes.length } as BlockLines);
  }

  /** True where a source of the block has static fields, which no text shows. */
  hasStaticFields(): boolean {
    const sources = this.info?.sources ?? this.columns.runs.map((run) => run.s);
    return sources.some((id) => this.#sources.byId(id).fields !== undefined);
  }
}

/** Frees the memory of bytes that nobody uses any more. */
function freeBuffer(bytes: Uint8Array): void {
  (bytes.buffer as ArrayBuffer).transfer(0);
}

function gone(): never {
  throw new BlockGone("the block was dropped");
}

function startsOf(text: string, lines: number): Int32Array {
  const starts = new Int32Array(lines + 1);
  for (let line = 1, at = 0; line <= lines; line++) {
    at = text.indexOf("\n", at) + 1;
    starts[line] = at;
  }
  return starts;
}

/**
 * Says of blocks whether they may hold a line that fits; one for each question, it keeps what it
 * looked up.
 */
export function candidateTest(plan: Plan, blocks: Blocks): (block: ScanBlock) => boolean {
  const plain = blocks.filters.ask(planNeed(plan, false));
  const withFields = blocks.filters.ask(planNeed(plan, true));
  return (block) => {
    if (block.info === undefined) return true;
    return (block.hasStaticFields() ? withFields : plain)(block.info.id);
  };
}

/** The lines of `within` (all, where left out) that fit. */
export function matching(plan: Plan, block: ScanBlock, within?: Uint8Array): Uint8Array {
  switch (plan.kind) {
    case "all":
      return within ?? new Uint8Array(block.lines).fill(1);
    case "text":
      return block.joined
        ? matchingDocuments(plan.match, block, within)
        : matchingText(plan, block, within);
    case "document":
      return matchingDocuments(plan.match, block, literalLines(plan, block, within));
    case "level": {
      const mask = new Uint8Array(block.lines), levels = block.columns.levels;
      for (let i = 0; i < mask.length; i++) {
        if (plan.codes[levels[i] & LEVEL_MASK] && (within === undefined || within[i] === 1)) {
          mask[i] = 1;
        }
      }
      return mask;
    }
    case "run":
      return matchingRuns(plan.match, block, within);
    case "and":
      return [...plan.parts].sort((a, b) => cost(a) - cost(b))
        .reduce<Uint8Array | undefined>((mask, part) => {
          if (mask !== undefined && !mask.includes(1)) return mask;
          return matching(part, block, mask);
        }, within) ?? new Uint8Array(block.lines).fill(1);
    case "or": {
      const mask = new Uint8Array(block.lines);
      for (const part of plan.parts) {
        const found = matching(part, block, within);
        for (let i = 0; i < mask.length; i++) mask[i] |= found[i];
      }
      return mask;
    }
    case "not": {
      const found = matching(plan.part, block, within);
      const mask = new Uint8Array(block.lines);
      for (let i = 0; i < mask.length; i++) {
        if (found[i] === 0 && (within === undefined || within[i] === 1)) mask[i] = 1;
      }
      return mask;
    }
  }
}

/** Cheap parts first, documents last. */
function cost(plan: Plan): number {
  switch (plan.kind) {
    case "all":
      return 0;
    case "level":
    case "run":
      return 1;
    case "text":
      return plan.finder.lower ? 2 : 3;
    case "document":
      return 9;
    case "not":
      return cost(plan.part) + 1;
    default:
      return Math.max(0, ...plan.parts.map(cost)) + 1;
  }
}

function matchingText(
  plan: Plan & { kind: "text" },
  block: ScanBlock,
  within: Uint8Array | undefined,
): Uint8Array {
  const { finder } = plan;
  const mask = new Uint8Array(block.lines);
  const { text, find, lower } = searched(finder, block);
  let at = find(text, 0);
  if (at < 0) return mask;
  const starts = lower ? block.lowerStarts : block.starts;
  for (let line = 0; at >= 0 && line < block.lines;) {
    while (starts[line + 1] <= at) line++;
    if (line >= block.lines) break;
    if (within === undefined || within[line] === 1) {
      mask[line] = finder.verify === undefined || finder.verify(block.message(line)) ? 1 : 0;
    }
    at = starts[line + 1] < text.length ? find(text, starts[line + 1]) : -1;
  }
  return mask;
}

/** The text to look in, and how. */
function searched(finder: Finder, block: ScanBlock) {
  if (finder.lower && finder.findAscii !== undefined && block.ascii) {
    return { text: block.text, find: finder.findAscii, lower: false };
  }
  return { text: finder.lower ? block.lower : block.text, find: finder.find, lower: finder.lower };
}

/** Text is looked through in pieces of about this many bytes: short strings leave memory sooner. */
const PIECE_BYTES = 98_304;

/** How many lines of a block without joined lines are found. */
export function countText(finder: Finder, block: ScanBlock): number {
  const bytes = block.bytes;
  let count = 0;
  for (let from = 0; from < bytes.length;) {
    let to = Math.min(bytes.length, from + PIECE_BYTES);
    while (to < bytes.length && bytes[to - 1] !== 10) to++;
    count += countIn(finder, decoder.decode(bytes.subarray(from, to)), to - from);
    from = to;
  }
  return count;
}

/** @param size bytes of the text: as many as characters where it is ASCII */
function countIn(finder: Finder, text: string, size: number): number {
  const ascii = finder.lower && finder.findAscii !== undefined && text.length === size;
  const find = ascii ? finder.findAscii! : finder.find;
  const subject = finder.lower && !ascii ? text.toLowerCase() : text;
  let count = 0;
  for (let at = find(subject, 0); at >= 0;) {
    const end = subject.indexOf("\n", at);
    if (finder.verify === undefined) count++;
    else if (finder.verify(subject.slice(subject.lastIndexOf("\n", at - 1) + 1, end))) count++;
    at = end + 1 < subject.length ? find(subject, end + 1) : -1;
  }
  return count;
}

function matchingDocuments(
  match: (document: Document) => boolean,
  block: ScanBlock,
  within: Uint8Array | undefined,
): Uint8Array {
  const mask = new Uint8Array(block.lines);
  for (let i = 0; i < mask.length; i++) {
    if ((within === undefined || within[i] === 1) && match(block.document(i))) mask[i] = 1;
  }
  return mask;
}

/**
 * Lines that may have the field: those that hold the literal or an escape; all where static fields
 * may have it.
 */
function literalLines(
  plan: Plan & { kind: "document" },
  block: ScanBlock,
  within: Uint8Array | undefined,
): Uint8Array | undefined {
  const literal = plan.literal;
  if (literal === undefined || block.joined || block.hasStaticFields()) return within;
  const mask = new Uint8Array(block.lines);
  const { text, starts } = block;
  for (const one of [literal, "\\u"]) {
    for (let at = text.indexOf(one), line = 0; at >= 0 && line < block.lines;) {
      while (starts[line + 1] <= at) line++;
      if (within === undefined || within[line] === 1) mask[line] = 1;
      at = starts[line + 1] < text.length ? text.indexOf(one, starts[line + 1]) : -1;
    }
  }
  return mask;
}

function matchingRuns(
  match: (document: Document) => boolean,
  block: ScanBlock,
  within: Uint8Array | undefined,
): Uint8Array {
  const mask = new Uint8Array(block.lines);
  let line = 0;
  for (const run of block.columns.runs) {
    if (match(block.document(line))) mask.fill(1, line, line + run.n);
    line += run.n;
  }
  if (within !== undefined) { for (let i = 0; i < mask.length; i++) mask[i] &= within[i]; }
  return mask;
}

/** The lines of a block within the range; undefined where that is all. */
export function rangeMask(block: ScanBlock, fromMs: number, toMs: number): Uint8Array | undefined {
  if (block.firstMs >= fromMs && block.lastMs < toMs) return undefined;
  const mask = new Uint8Array(block.lines), times = block.columns.times;
  for (let i = 0; i < mask.length; i++) if (times[i] >= fromMs && times[i] < toMs) mask[i] = 1;
  return mask;
}
