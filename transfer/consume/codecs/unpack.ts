/**
 * The records of a batch, unpacked by any of Kafka's codecs. Throws for damaged input, for a codec
 * that does not exist and for more than `bytesMax` of output; a caller takes that as a batch that
 * nobody can read, never as its own end.
 */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";

export const CODEC_NAMES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** @param codec the lowest three bits of a batch's attributes */
export function unpack(codec: number, bytes: Uint8Array, bytesMax: number): Uint8Array {
  const { buffer, byteOffset, byteLength } = unpackAny(codec, bytes, bytesMax);
  // Views of a Buffer are Buffers, which cost several times as much to make, and one is made a record.
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function unpackAny(codec: number, bytes: Uint8Array, bytesMax: number): Uint8Array {
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return gunzipSync(bytes, { maxOutputLength: bytesMax });
    case 2:
      return unpackSnappy(bytes, bytesMax);
    case 3:
      return unpackLz4(bytes, bytesMax);
    case 4:
      return zstdDecompressSync(bytes, { maxOutputLength: bytesMax });
    default:
      throw new RangeError(`unknown codec ${codec}`);
  }
}
