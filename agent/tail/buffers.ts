/** Read buffers that are used again: as many exist as chunks are in flight, which the topics' bound limits. */

export class BufferPool {
  readonly bytes: number;
  readonly #free: Uint8Array[] = [];
  readonly #keep: number;

  /** `bytes`: size of a buffer; `keep`: free ones that are kept. */
  constructor(bytes: number, keep = 16) {
    this.bytes = bytes;
    this.#keep = keep;
  }

  /** A buffer: a whole one, or a small one where less than an eighth is needed. */
  take(needed: number): Uint8Array {
    if (needed < this.bytes / 8) return new Uint8Array(needed);
    return this.#free.pop() ?? new Uint8Array(this.bytes);
  }

  give(buffer: Uint8Array): void {
    if (buffer.length === this.bytes && this.#free.length < this.#keep) this.#free.push(buffer);
  }
}
