/**
 * What is known of a sealed block without reading it. There is one of these for each block, for as long as the program
 * runs, so they are small: counts stand packed in segments that many blocks share, and are unpacked when asked for.
 */
import { LEVELS } from "./minutes.ts";

export interface BlockInfo {
  id: number;
  firstMs: number;
  lastMs: number;
  lines: number;
  /** Number of its first line in the order of arrival. */
  firstSeq: number;
  /** Bytes of the files that its lines account for. */
  rawBytes: number;
  textBytes: number;
  columnBytes: number;
  /** Bytes in the database. */
  storedBytes: number;
  /** When its last line was stored. */
  ingestedMs: number;
  /** Sources of its lines; undefined where the columns have to be asked. */
  sources: readonly number[] | undefined;
  /** A value in it holds a line feed of its own. */
  joined: boolean;
  /** Lines by level code. */
  readonly levels: Uint32Array;
  /** Counts by minute and level, where they are few; else they have to be read. */
  readonly minutes?: Uint8Array | undefined;
}

/** All but what is packed. */
export type BlockNumbers = Omit<BlockInfo, "levels" | "minutes">;

/** Counts by minute of so many bytes are kept in memory. */
export const MINUTES_KEPT = 256;
const LEVEL_BYTES = LEVELS * 4;
const SEGMENT_BYTES = 65_536;

class PackedInfo implements BlockInfo {
  id!: number;
  firstMs!: number;
  lastMs!: number;
  lines!: number;
  firstSeq!: number;
  rawBytes!: number;
  textBytes!: number;
  columnBytes!: number;
  storedBytes!: number;
  ingestedMs!: number;
  sources!: readonly number[] | undefined;
  joined!: boolean;
  readonly #segment: Uint8Array;
  readonly #at: number;
  /** Of the minutes; 0 where they are not kept. */
  readonly #bytes: number;

  constructor(numbers: BlockNumbers, segment: Uint8Array, at: number, bytes: number) {
    Object.assign(this, numbers);
    this.#segment = segment;
    this.#at = at;
    this.#bytes = bytes;
  }

  get levels(): Uint32Array {
    const levels = new Uint32Array(LEVELS);
    const packed = this.#segment.subarray(this.#at, this.#at + LEVEL_BYTES);
    new Uint8Array(levels.buffer).set(packed);
    return levels;
  }

  get minutes(): Uint8Array | undefined {
    if (this.#bytes === 0) return undefined;
    const from = this.#at + LEVEL_BYTES;
    return this.#segment.subarray(from, from + this.#bytes);
  }
}

/** Makes the entries; a segment goes when the last entry in it does. */
export class BlockPacker {
  #segment = new Uint8Array(SEGMENT_BYTES);
  #used = 0;

  /**
   * @param levels LEVELS numbers of 32 bits, as bytes
   * @param minutes kept where they are few
   */
  pack(numbers: BlockNumbers, levels: Uint8Array, minutes: Uint8Array | null): BlockInfo {
    const kept = minutes !== null && minutes.length <= MINUTES_KEPT ? minutes : undefined;
    const size = LEVEL_BYTES + (kept?.length ?? 0);
    if (this.#used + size > SEGMENT_BYTES) {
      this.#segment = new Uint8Array(SEGMENT_BYTES);
      this.#used = 0;
    }
    const at = this.#used;
    this.#segment.set(levels.subarray(0, LEVEL_BYTES), at);
    if (kept !== undefined) this.#segment.set(kept, at + LEVEL_BYTES);
    this.#used += size;
    return new PackedInfo(numbers, this.#segment, at, kept?.length ?? 0);
  }
}
