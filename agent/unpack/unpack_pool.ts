/**
 * Places in packed files that can be read on from without unpacking all before them once more. Each holds memory, so
 * there are few: the one that was used least lately goes.
 */
import type { GzipReader } from "./gzip_reader.ts";

/** Bytes before the last read that are kept: they are compared after it. */
const BEHIND_BYTES = 4096;
const POOL_MAX = 16;

export class UnpackCursor {
  readonly reader: GzipReader;
  readonly #onDrop: () => void;
  /** Unpacked bytes from `start` on. */
  #parts: Uint8Array[] = [];
  start = 0;
  end = 0;
  isDropped = false;
  /** A step is under way: it must not go now. */
  isBusy = false;

  constructor(reader: GzipReader, onDrop: () => void) {
    this.reader = reader;
    this.#onDrop = onDrop;
  }

  /** The reader's next step. */
  async next(): Promise<Uint8Array[] | undefined> {
    this.isBusy = true;
    try {
      return await this.reader.next();
    } finally {
      this.isBusy = false;
    }
  }

  /**
   * Unpacks until `length` bytes from `position` on are there, or the end. Returns false where after about `work` bytes
   * the place is not reached yet: the next call goes on.
   */
  async reach(position: number, length: number, work: number): Promise<boolean> {
    if (length > BEHIND_BYTES || position > this.end) this.#passTo(position - BEHIND_BYTES);
    for (let left = work; this.end < position + length;) {
      if (left <= 0 && this.end < position) return false;
      const output = await this.next();
      if (output === undefined) return true;
      left -= 8192;
      for (const part of output) {
        left -= part.length;
        this.#parts.push(part);
        this.end += part.length;
      }
      if (this.end < position) this.#passTo(position - BEHIND_BYTES);
    }
    return true;
  }

  /** Forgets what lies before a place, by whole parts. */
  #passTo(place: number): void {
    let passed = 0;
    for (const part of this.#parts) {
      if (this.start + part.length > place) break;
      this.start += part.length;
      passed++;
    }
    this.#parts.splice(0, passed);
  }

  /** Copies what is there from `position` on; returns how many bytes. */
  copy(into: Uint8Array, position: number): number {
    let at = this.start, got = 0;
    for (const part of this.#parts) {
      const skip = Math.max(0, position - at);
      if (skip < part.length) {
        const piece = part.subarray(skip, skip + into.length - got);
        into.set(piece, got);
        got += piece.length;
        if (got === into.length) break;
      }
      at += part.length;
    }
    return got;
  }

  /** Frees what was read. */
  rest(): void {
    this.#passTo(this.end - BEHIND_BYTES);
  }

  drop(): void {
    this.isDropped = true;
    this.#parts = [];
    this.reader.close();
    this.#onDrop();
  }
}

export class UnpackPool {
  /** The least lately used first. */
  readonly #cursors = new Set<UnpackCursor>();

  add(cursor: UnpackCursor): void {
    this.#cursors.add(cursor);
    for (const one of this.#cursors) {
      if (this.#cursors.size <= POOL_MAX) break;
      if (!one.isBusy && one !== cursor) this.drop(one);
    }
  }

  used(cursor: UnpackCursor): void {
    if (!this.#cursors.delete(cursor)) return;
    this.#cursors.add(cursor);
  }

  drop(cursor: UnpackCursor): void {
    this.#cursors.delete(cursor);
    cursor.drop();
  }

  get size(): number {
    return this.#cursors.size;
  }
}
