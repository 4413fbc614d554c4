/** Read buffers that are used again: as many exist as chunks are in flight, which the topics' bound limits. */

export class BufferPool {
  readonly bytes: number;
  readonly #free: Uint8Array[] = [];
  readonly #keep: number;
  readonly #allocate: (bytes: number) => Uint8Array | undefined;
  /** Buffers of the sink's own memory, which are always kept. */
  readonly #lasting = new Set<Uint8Array>();

  /**
   * `bytes`: size of a buffer; `keep`: free ones that are kept; `allocate`: memory that is better than any other, while
   * there is some.
   */
  constructor(
    bytes: number,
    keep = 16,
    allocate: (bytes: number) => Uint8Array | undefined = () => undefined,
  ) {
    this.bytes = bytes;
    this.#keep = keep;
    this.#allocate = allocate;
  }

  /** A buffer: a whole one, or a small one where less than an eighth is needed. */
  take(needed: number): Uint8Array {
    if (needed < this.bytes / 8) return new Uint8Array(needed);
    return this.#free.pop() ?? this.#lastingBuffer() ?? new Uint8Array(this.bytes);
  }

  #lastingBuffer(): Uint8Array | undefined {
    const buffer = this.#allocate(this.bytes);
    if (buffer !== undefined) this.#lasting.add(buffer);
    return buffer;
  }

  give(buffer: Uint8Array): void {
    if (buffer.length !== this.bytes) return;
    if (this.#free.length < this.#keep || this.#lasting.has(buffer)) this.#free.push(buffer);
  }
}
