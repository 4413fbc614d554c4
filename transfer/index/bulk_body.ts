/**
 * The body of a bulk request, written as bytes: two lines a document, no object and no string in
 * between. The line of the log is escaped as JSON straight from its bytes; what is no UTF-8 becomes
 * U+FFFD and is counted, because Elasticsearch refuses the document otherwise. The bytes serve
 * again for the next body. Most documents are written by WebAssembly, in its memory; `head` and
 * `message` say where that cannot be, and the caller puts the same bytes together from parts.
 */
import {
  DAYS,
  DocumentMemory,
  OUT,
  PIECE_BYTES_MAX,
  PIECES,
  PIECES_END,
  SLACK_BYTES,
  STAGE,
  STAGE_BYTES,
} from "./document_memory.ts";
import { kinds, sequence } from "./json_bytes.ts";
import type { Piece } from "./piece.ts";

const encoder = new TextEncoder();
const HEX = encoder.encode("0123456789abcdef");
const KIND = kinds();

/** The two digits of 0 to 99, as they lie in memory. */
const PAIRS = Uint16Array.from(
  { length: 100 },
  (_, i) => 48 + Math.floor(i / 10) | (48 + i % 10) << 8,
);

const NO_SOURCE: DataView = new DataView(new ArrayBuffer(0));

const DAY_MS = 86_400_000;
/** Grows with each body, and where a body's pieces begin anew. */
let lastBody = 0;

/** What a document says before its fields, beside the texts that others share. */
export interface DocumentHead {
  action: Piece;
  origin: Piece;
  /** By the level. */
  created: Piece;
  written: Piece;
  offset: number;
  length: number;
  timeMs: number;
  createdMs: number;
  kafkaOffset: number;
}

export class BulkBody {
  readonly #memory: DocumentMemory | undefined;
  /** Where the body begins in `#bytes`. */
  readonly #out: number;
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  #number = 0;
  #piecesAt = PIECES;
  /** Lines that lie in the memory, and from where to where. */
  #staged: Uint8Array | undefined;
  #stagedFrom = 0;
  #stagedTo = 0;
  /** Bytes of the lines at hand are read up to here. */
  #linesEnd = 0;
  /** Days whose texts lie in the memory: four for times, four for times of creation. */
  readonly #daysThere = new Float64Array(8).fill(NaN);
  #source: DataView = NO_SOURCE;
  /** Lines of yesterday that are sent today have two days each. */
  readonly #days = [NaN, NaN, NaN, NaN];
  readonly #dayTexts: Uint8Array[] = this.#days.map(() => new Uint8Array(11));
  #invalid = 0;

  /** @param quick whether to write in WebAssembly's memory, where there is still one */
  constructor(size = 65_536, quick = false) {
    this.#memory = quick ? DocumentMemory.make(KIND) : undefined;
    this.#out = this.#memory === undefined ? 0 : OUT;
    this.#bytes = this.#memory?.bytes ?? new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
    this.#at = this.#out;
  }

  get size(): number {
    return this.#at - this.#out;
  }

  /** Byte sequences that were no UTF-8, since the last `begin`. */
  get invalid(): number {
    this.#invalid += this.#memory?.takeInvalid() ?? 0;
    return this.#invalid;
  }

  begin(): void {
    this.#at = this.#out;
    this.#memory?.takeInvalid();
    this.#invalid = 0;
    this.#anew();
  }

  /** Says which lines come next: bytes of `source` up to `end`. */
  lines(source: Uint8Array, end: number): void {
    if (source !== this.#staged) this.#staged = undefined;
    this.#linesEnd = Math.min(source.length, end);
  }

  /** The body so far; a view, good until the next `begin`. */
  take(): Uint8Array {
    this.#source = NO_SOURCE; // a body that waits for its answer holds no lines
    this.#staged = undefined;
    return this.#bytes.subarray(this.#out, this.#at);
  }

  /**
   * Action and document up to the Kafka offset, of a record that an agent wrote; false where that
   * is not possible here, and nothing is written.
   */
  head(head: DocumentHead): boolean {
    const memory = this.#memory;
    if (memory === undefined) return false;
    const { action, origin, created, written, timeMs, createdMs } = head;
    if (this.#piecesAt > PIECES_END - 4 * PIECE_BYTES_MAX) this.#anew();
    const actionAt = this.#addressOf(action), originAt = this.#addressOf(origin);
    const createdAt = this.#addressOf(created), writtenAt = this.#addressOf(written);
    if (actionAt < 0 || originAt < 0) return false;
    this.#room(action.length + origin.length + created.length + written.length + 256);
    const day = Math.floor(timeMs / DAY_MS), createdDay = Math.floor(createdMs / DAY_MS);
    this.#at = memory.module.head(
      this.#at,
      actionAt,
      action.length,
      head.offset,
      head.length,
      this.#dayAt(day, 0),
      timeMs - day * DAY_MS,
      originAt,
      origin.length,
      createdAt,
      created.length,
      this.#dayAt(createdDay, 4),
      createdMs - createdDay * DAY_MS,
      writtenAt,
      written.length,
      head.kafkaOffset,
    );
    return true;
  }

  /** The message `source[from..to)` and the end of the document; false as above. */
  message(source: Uint8Array, from: number, to: number): boolean {
    const memory = this.#memory;
    if (memory === undefined || to - from > STAGE_BYTES) return false;
    const base = this.#stage(memory, source, from, to);
    this.#room((to - from) * 6 + 64);
    this.#at = memory.module.message(this.#at, base + from, base + to);
    return true;
  }

  /**
   * `,"fields":{…}` of the line `source[from..to)`, where that is one flat JSON object: whether it
   * was written, undefined where that cannot be said here.
   */
  fields(source: Uint8Array, from: number, to: number): boolean | undefined {
    const memory = this.#memory;
    if (memory === undefined || to - from > STAGE_BYTES) return undefined;
    const base = this.#stage(memory, source, from, to);
    this.#room(to - from + 2048);
    const at = memory.module.fields(this.#at, base + from, base + to);
    if (at === 0) return false;
    this.#at = at;
    return true;
  }

  /** Sees to it that the line lies in the memory; returns the address from which its places count. */
  #stage(memory: DocumentMemory, source: Uint8Array, from: number, to: number): number {
    if (source !== this.#staged || from < this.#stagedFrom || to > this.#stagedTo) {
      const end = Math.min(Math.max(to, this.#linesEnd), from + STAGE_BYTES);
      memory.bytes.set(source.subarray(from, end), STAGE);
      this.#staged = source;
      this.#stagedFrom = from;
      this.#stagedTo = end;
    }
    return STAGE - this.#stagedFrom;
  }

  /** Pieces are put into the memory anew from here on. */
  #anew(): void {
    this.#number = ++lastBody;
    this.#piecesAt = PIECES;
  }

  /** -1 where the piece is too long. */
  #addressOf(piece: Piece): number {
    if (piece.body === this.#number) return piece.address;
    const { words, length } = piece;
    if (length > PIECE_BYTES_MAX - 64) return -1;
    const address = this.#piecesAt;
    for (let i = 0; i < words.length; i++) this.#view.setInt32(address + i * 4, words[i], true);
    this.#piecesAt += words.length * 4;
    piece.body = this.#number;
    piece.address = address;
    return address;
  }

  /** Address of a day's text; `first`: of the four that it may be one of. */
  #dayAt(day: number, first: number): number {
    const slot = first + (day & 3), address = DAYS + slot * 16;
    if (this.#daysThere[slot] !== day) {
      this.#daysThere[slot] = day;
      this.#bytes.set(encoder.encode(new Date(day * DAY_MS).toISOString().slice(0, 11)), address);
    }
    return address;
  }

  /** Takes back what was written behind `size`. */
  rewind(size: number): void {
    this.#at = this.#out + size;
  }

  /** A range of bytes as it is. */
  copy(source: Uint8Array, from: number, to: number): void {
    this.#room(to - from);
    const out = this.#bytes;
    let at = this.#at;
    for (let i = from; i < to; i++) out[at++] = source[i];
    this.#at = at;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    const out = this.#bytes;
    let at = this.#at;
    if (bytes.length > 48) {
      out.set(bytes, at);
      at += bytes.length;
    } else {
      for (let i = 0; i < bytes.length; i++) out[at++] = bytes[i];
    }
    this.#at = at;
  }

  piece({ words, length }: Piece): void {
    this.#room(length + 4);
    const view = this.#view;
    for (let i = 0, at = this.#at; i < words.length; i++, at += 4) {
      view.setInt32(at, words[i], true);
    }
    this.#at += length;
  }

  /** Text of ASCII characters that need no escape: digits, identifiers. */
  ascii(text: string): void {
    this.#room(text.length);
    const out = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i);
    this.#at = at;
  }

  /** A whole number, 0 to 2^53. */
  number(value: number): void {
    this.#room(16);
    if (value < 1_000_000_000) return this.#small(value | 0);
    const out = this.#bytes;
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    for (let at = this.#at + digits - 1, rest = value; at >= this.#at; at--) {
      const next = Math.floor(rest / 10);
      out[at] = 48 + (rest - next * 10);
      rest = next;
    }
    this.#at += digits;
  }

  /** At most nine digits. */
  #small(value: number): void {
    const digits = value < 10_000
      ? value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4
      : value < 1_000_000
      ? (value < 100_000 ? 5 : 6)
      : value < 10_000_000
      ? 7
      : value < 100_000_000
      ? 8
      : 9;
    const view = this.#view;
    let at = this.#at + digits, rest = value;
    this.#at = at;
    while (rest >= 100) {
      const next = (rest / 100) | 0;
      at -= 2;
      view.setUint16(at, PAIRS[rest - next * 100], true);
      rest = next;
    }
    if (rest >= 10) view.setUint16(at - 2, PAIRS[rest], true);
    else this.#bytes[at - 1] = 48 + rest;
  }

  /** A time as ISO 8601, UTC, with milliseconds: 0 to the last of the year 9999. */
  time(ms: number): void {
    this.#room(24);
    const day = Math.floor(ms / 86_400_000);
    const slot = day & 3;
    if (day !== this.#days[slot]) {
      this.#days[slot] = day;
      this.#dayTexts[slot] = encoder.encode(new Date(day * 86_400_000).toISOString().slice(0, 11));
    }
    const out = this.#bytes, text = this.#dayTexts[slot];
    let at = this.#at;
    for (let i = 0; i < 11; i++) out[at++] = text[i];
    const rest = Math.floor(ms - day * 86_400_000);
    const hour = (rest / 3_600_000) | 0, minute = ((rest / 60_000) | 0) % 60;
    const second = ((rest / 1000) | 0) % 60, milli = rest % 1000;
    out[at] = 48 + ((hour / 10) | 0);
    out[at + 1] = 48 + hour % 10;
    out[at + 2] = 58;
    out[at + 3] = 48 + ((minute / 10) | 0);
    out[at + 4] = 48 + minute % 10;
    out[at + 5] = 58;
    out[at + 6] = 48 + ((second / 10) | 0);
    out[at + 7] = 48 + second % 10;
    out[at + 8] = 46;
    out[at + 9] = 48 + ((milli / 100) | 0);
    out[at + 10] = 48 + ((milli / 10) | 0) % 10;
    out[at + 11] = 48 + milli % 10;
    out[at + 12] = 90;
    this.#at = at + 13;
  }

  /**
   * The inside of a JSON string that says what `bytes[from..to)` says, invalid UTF-8 replaced as
   * TextDecoder does.
   */
  escaped(source: Uint8Array, from: number, end: number): void {
    // U+FFFD takes three bytes for one, an escape six.
    this.#room((end - from) * 6);
    const out = this.#bytes, view = this.#view;
    const words = this.#viewOf(source.buffer), base = source.byteOffset;
    let at = this.#at, i = from;
    const wordsEnd = end - 3;
    while (i < end) {
      // Four bytes at once, as long as none of them is special.
      while (i < wordsEnd) {
        const word = words.getInt32(base + i, true);
        const quote = word ^ 0x22222222, slash = word ^ 0x5c5c5c5c;
        if (
          (((word - 0x20202020) | (quote - 0x01010101) | (slash - 0x01010101) | word) &
            0x80808080) !== 0
        ) break;
        view.setInt32(at, word, true);
        at += 4;
        i += 4;
      }
      // Up to the special one, and it.
      while (i < end) {
        const byte = source[i], kind = KIND[byte];
        if (kind === 0) {
          out[at++] = byte;
          i++;
          continue;
        }
        if (kind === 2) {
          const size = sequence(source, i, end);
          if (size > 0) {
            for (const stop = i + size; i < stop; i++) out[at++] = source[i];
          } else {
            out[at++] = 0xef;
            out[at++] = 0xbf;
            out[at++] = 0xbd;
            i -= size;
            this.#invalid++;
          }
          continue;
        }
        out[at++] = 92;
        if (kind === 1) {
          out[at++] = 117;
          out[at++] = 48;
          out[at++] = 48;
          out[at++] = HEX[byte >> 4];
          out[at++] = HEX[byte & 15];
        } else out[at++] = kind;
        i++;
        break;
      }
    }
    this.#at = at;
  }

  /** Lines that follow one another lie in one buffer. */
  #viewOf(buffer: ArrayBufferLike): DataView {
    if (buffer !== this.#source.buffer) this.#source = new DataView(buffer);
    return this.#source;
  }

  #room(more: number): void {
    const needed = this.#at + more + SLACK_BYTES;
    if (needed <= this.#bytes.length) return;
    if (this.#memory !== undefined) {
      this.#memory.grow(needed);
      this.#bytes = this.#memory.bytes;
    } else {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#at));
      this.#bytes = grown;
    }
    this.#view = new DataView(this.#bytes.buffer);
  }
}
