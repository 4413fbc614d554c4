/**
 * Unpacks an LZ4 frame, the form in which Kafka's producers send LZ4 in record batches of format 2.
 * Checksums of the frame are not looked at: the batch has its own. Every read and copy is checked:
 * damaged input throws a RangeError and never reads or writes outside its bounds.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */

/** The unpacked bytes; throws RangeError for damaged input or more than `bytesMax` of output. */
export function unpackLz4(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0x184d2204) throw new RangeError("lz4: no frame");
  const flags = bytes[4];
  if (flags >> 6 !== 1) throw new RangeError("lz4: unknown version");
  const blockMax = 1 << (8 + 2 * ((bytes[5] >> 4) & 7));
  let at = 6;
  if ((flags & 8) !== 0) at += 8;
  if ((flags & 1) !== 0) throw new RangeError("lz4: dictionaries are not known here");
  at += 1;
  const out = new Output(Math.min(bytesMax, Math.max(65536, bytes.length * 4)), bytesMax);
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (size > blockMax || at + size > bytes.length) {
      throw new RangeError("lz4: block beyond the end");
    }
    const block = bytes.subarray(at, at + size);
    if (word >>> 31 === 1) out.literal(block, 0, size);
    else unpackBlock(block, out);
    at += size;
    if ((flags & 16) !== 0) at += 4;
  }
  return out.bytes.subarray(0, out.at);
}

function unpackBlock(source: Uint8Array, out: Output): void {
  let at = 0;
  const longLength = (first: number): number => {
    let length = first;
    if (first !== 15) return length;
    for (;;) {
      if (at >= source.length) throw new RangeError("lz4: length beyond the end");
      const byte = source[at++];
      length += byte;
      if (byte !== 255) return length;
    }
  };
  while (at < source.length) {
    const token = source[at++];
    const literal = longLength(token >> 4);
    if (at + literal > source.length) throw new RangeError("lz4: literal beyond the end");
    out.literal(source, at, literal);
    at += literal;
    if (at >= source.length) return;
    if (at + 2 > source.length) throw new RangeError("lz4: offset beyond the end");
    const back = source[at] | (source[at + 1] << 8);
    at += 2;
    out.copy(back, longLength(token & 15) + 4);
  }
}

/** Grows up to its bound. */
class Output {
  bytes: Uint8Array;
  at = 0;
  readonly #max: number;

  constructor(size: number, max: number) {
    this.bytes = new Uint8Array(size);
    this.#max = max;
  }
  #room(length: number): void {
    const needed = this.at + length;
    if (needed <= this.bytes.length) return;
    if (needed > this.#max) throw new RangeError(`lz4: more than ${this.#max} bytes unpacked`);
    const grown = new Uint8Array(Math.min(this.#max, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }
  literal(source: Uint8Array, from: number, length: number): void {
    this.#room(length);
    this.bytes.set(source.subarray(from, from + length), this.at);
    this.at += length;
  }
  copy(back: number, length: number): void {
    if (back === 0 || back > this.at) throw new RangeError("lz4: copy outside of the bounds");
    this.#room(length);
    const out = this.bytes;
    for (let to = this.at, end = to + length; to < end; to++) out[to] = out[to - back];
    this.at += length;
  }
}
