/**
 * Unpacks snappy as Kafka's producers write it: one raw block, or the framing of the Java library
 * (a header of 16 bytes, then blocks with their length in front). Every read and copy is checked:
 * damaged input throws a RangeError and never reads or writes outside its bounds.
 * https://github.com/google/snappy/blob/main/format_description.txt
 */

const FRAME_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];

/** The unpacked bytes; throws RangeError for damaged input or more than `bytesMax` of output. */
export function unpackSnappy(bytes: Uint8Array, bytesMax: number): Uint8Array {
  if (!FRAME_MAGIC.every((byte, i) => bytes[i] === byte)) return unpackBlock(bytes, bytesMax);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 16; at < bytes.length;) {
    const size = view.getInt32(at);
    at += 4;
    if (size < 0 || at + size > bytes.length) throw new RangeError("snappy: block beyond the end");
    const part = unpackBlock(bytes.subarray(at, at + size), bytesMax - total);
    parts.push(part);
    total += part.length;
    at += size;
  }
  return join(parts, total);
}

function join(parts: Uint8Array[], total: number): Uint8Array {
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function unpackBlock(source: Uint8Array, bytesMax: number): Uint8Array {
  let at = 0, size = 0;
  for (let shift = 0;; shift += 7) {
    if (at >= source.length || shift > 28) throw new RangeError("snappy: no length");
    const byte = source[at++];
    size += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  if (size > bytesMax) throw new RangeError(`snappy: ${size} bytes unpacked are too many`);
  const out = new Uint8Array(size);
  let to = 0;
  while (at < source.length) {
    const tag = source[at++];
    let length: number, back: number;
    switch (tag & 3) {
      case 0: {
        length = (tag >> 2) + 1;
        if (length > 60) {
          const extra = length - 60;
          length = 1;
          for (let i = 0; i < extra; i++) length += (source[at++] ?? 0) * 2 ** (8 * i);
        }
        if (at + length > source.length || to + length > size) {
          throw new RangeError("snappy: literal beyond the end");
        }
        out.set(source.subarray(at, at + length), to);
        at += length;
        to += length;
        continue;
      }
      case 1:
        length = ((tag >> 2) & 7) + 4;
        back = ((tag >> 5) << 8) | source[at++];
        break;
      case 2:
        length = (tag >> 2) + 1;
        back = source[at] | (source[at + 1] << 8);
        at += 2;
        break;
      default:
        length = (tag >> 2) + 1;
        back = source[at] + source[at + 1] * 2 ** 8 + source[at + 2] * 2 ** 16 +
          source[at + 3] * 2 ** 24;
        at += 4;
    }
    if (!(back > 0 && back <= to && to + length <= size)) {
      throw new RangeError("snappy: copy outside of the bounds");
    }
    for (const end = to + length; to < end; to++) out[to] = out[to - back];
  }
  if (to !== size) throw new RangeError("snappy: ends early");
  return out;
}
