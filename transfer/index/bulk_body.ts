/**
 * The body of a bulk request, written as bytes: two lines a document, no object and no string in
 * between. The line of the log is escaped as JSON straight from its bytes; what is no UTF-8 becomes
 * U+FFFD and is counted, because Elasticsearch refuses the document otherwise. The bytes serve
 * again for the next body.
 */

const encoder = new TextEncoder();
const HEX = encoder.encode("0123456789abcdef");
/**
 * For each byte: 0 copied as it is, 1 escaped as \u00XX, 2 begins or is part of a longer character,
 * else the letter behind \.
 */
const KIND = kinds();

function kinds(): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(1, 0, 32);
  table.fill(2, 128);
  for (const [char, letter] of ['""', "\\\\", "\bb", "\ff", "\nn", "\rr", "\tt"]) {
    table[char.charCodeAt(0)] = letter.charCodeAt(0);
  }
  return table;
}

/** Bytes that are written again and again, kept so that four are copied at once. */
export interface Piece {
  words: Int32Array;
  length: number;
}

/** A text as it stands in a body. */
export function piece(text: string): Piece {
  const bytes = encoder.encode(text);
  const words = new Int32Array((bytes.length + 3) >> 2), view = new DataView(words.buffer);
  new Uint8Array(words.buffer).set(bytes);
  for (let i = 0; i < words.length; i++) words[i] = view.getInt32(i * 4, true);
  return { words, length: bytes.length };
}

/** The two digits of 0 to 99, as they lie in memory. */
const PAIRS = Uint16Array.from(
  { length: 100 },
  (_, i) => 48 + Math.floor(i / 10) | (48 + i % 10) << 8,
);

const NO_SOURCE: DataView = new DataView(new ArrayBuffer(0));

export class BulkBody {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  #source: DataView = NO_SOURCE;
  /** Lines of yesterday that are sent today have two days each. */
  readonly #days = [NaN, NaN, NaN, NaN];
  readonly #dayTexts: Uint8Array[] = this.#days.map(() => new Uint8Array(11));
  /** Byte sequences that were no UTF-8, since the last `begin`. */
  invalid = 0;

  constructor(size = 65_536) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get size(): number {
    return this.#at;
  }

  begin(): void {
    this.#at = 0;
    this.invalid = 0;
  }

  /** The body so far; a view, good until the next `begin`. */
  take(): Uint8Array {
    this.#source = NO_SOURCE; // a body that waits for its answer holds no lines
    return this.#bytes.subarray(0, this.#at);
  }

  /** Takes back what was written behind `size`. */
  rewind(size: number): void {
    this.#at = size;
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
            this.invalid++;
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
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/**
 * Length of the valid UTF-8 character at `at` (2 to 4); where there is none, minus the length of
 * what one U+FFFD stands for: the longest beginning of a character, or one byte.
 */
function sequence(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at];
  let size: number, low = 0x80, high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) size = 2;
  else if (first >= 0xe0 && first <= 0xef) {
    size = 3;
    if (first === 0xe0) low = 0xa0;
    if (first === 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    size = 4;
    if (first === 0xf0) low = 0x90;
    if (first === 0xf4) high = 0x8f;
  } else return -1;
  for (let i = 1; i < size; i++) {
    const byte = at + i < end ? bytes[at + i] : 0;
    if (!(byte >= low && byte <= high)) return -i;
    low = 0x80;
    high = 0xbf;
  }
  return size;
}

/** A text as the inside of a JSON string, as bytes. */
export function jsonText(text: string): Uint8Array {
  return encoder.encode(JSON.stringify(text).slice(1, -1));
}
