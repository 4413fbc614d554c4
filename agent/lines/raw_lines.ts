/** Finds line ends in bytes of an encoding, and turns a line into UTF-8. */
import { characterEnd, nextLineFeed, wordsOf } from "../tail/splitter.ts";

const encoder = new TextEncoder();
const REPLACEMENT = /\ufffd/g;

export class RawLines {
  readonly #decoder: TextDecoder | undefined;
  /** 0: line feeds are single bytes; 1: UTF-16, big endian; 2: little endian. */
  readonly #wide: 0 | 1 | 2;

  /** `encoding`: a WHATWG label, empty for UTF-8. */
  constructor(encoding: string) {
    const decoder = new TextDecoder(encoding === "" ? "utf-8" : encoding);
    const name = decoder.encoding;
    this.#decoder = name === "utf-8" ? undefined : decoder;
    this.#wide = name === "utf-16le" ? 2 : name === "utf-16be" ? 1 : 0;
  }

  /**
   * Place of the next line feed in `bytes[from..to)`, or -1.
   * @param odd whether `from` has an odd offset in the file: a character of UTF-16 begins at an even one
   */
  next(bytes: Uint8Array, from: number, to: number, odd: boolean): number {
    if (this.#wide === 0) {
      const at = nextLineFeed(bytes, wordsOf(bytes), from, to);
      return at === to ? -1 : at;
    }
    const low = this.#wide === 2 ? 0 : 1;
    for (let i = from + (odd ? 1 : 0); i + 1 < to; i += 2) {
      if (bytes[i + low] === 10 && bytes[i + 1 - low] === 0) return i;
    }
    return -1;
  }

  /** Bytes of a line feed. */
  get feedBytes(): number {
    return this.#wide === 0 ? 1 : 2;
  }

  /** The line without a carriage return at its end. */
  trimmed(line: Uint8Array): Uint8Array {
    const { length } = line;
    const high = this.#wide === 2 ? length - 1 : length - 2;
    const low = this.#wide === 2 ? length - 2 : length - 1;
    const isReturn = line[low] === 13 && (this.#wide === 0 || line[high] === 0);
    return isReturn ? line.subarray(0, length - this.feedBytes) : line;
  }

  /** The line's first bytes, at most `bytesMax`, cut at a character. */
  cut(line: Uint8Array, bytesMax: number): Uint8Array {
    if (line.length <= bytesMax) return line;
    if (this.#wide > 0) return line.subarray(0, bytesMax & ~1);
    if (this.#decoder === undefined) return line.subarray(0, characterEnd(line, 0, bytesMax));
    // Of the last bytes only whole characters: the one that is cut is one to four bytes long.
    for (let end = bytesMax; end > bytesMax - 4 && end > 0; end--) {
      if (!this.#decoder.decode(line.subarray(0, end)).endsWith("\ufffd")) {
        return line.subarray(0, end);
      }
    }
    return line.subarray(0, bytesMax);
  }

  /** The line as UTF-8; `invalid` hears how many characters were none. */
  utf8(line: Uint8Array, invalid: (characters: number) => void): Uint8Array {
    if (this.#decoder === undefined) return line;
    const text = this.#decoder.decode(line);
    const wrong = text.match(REPLACEMENT)?.length ?? 0;
    if (wrong > 0) invalid(wrong);
    return encoder.encode(text);
  }
}
