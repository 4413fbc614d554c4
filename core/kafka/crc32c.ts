/**
 * CRC-32C (Castagnoli), the checksum of a Kafka record batch. Eight tables, eight bytes a step, loaded as two words.
 */

/** Eight tables of 256 words: the first for a byte, table k for a byte with k bytes of zeros behind it. */
export const CRC32C_TABLES = makeTables();
const TABLES = CRC32C_TABLES;

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) {
      value = (value & 1) !== 0 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    }
    tables[i] = value;
  }
  for (let t = 1; t < 8; t++) {
    for (let i = 0; i < 256; i++) {
      const before = tables[(t - 1) * 256 + i];
      tables[t * 256 + i] = (before >>> 8) ^ tables[before & 255];
    }
  }
  return tables;
}

/** Checksum of `bytes[from..to)`, as an unsigned 32-bit number. `seed` goes on from an earlier part. */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length, seed = 0): number {
  const t = TABLES;
  let crc = ~seed;
  let i = from;
  for (; i < to && ((bytes.byteOffset + i) & 3) !== 0; i++) {
    crc = t[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  }
  // Two words a step: the loads of single bytes would cost as much as the tables.
  const pairs = ((to - i) >> 3) << 1;
  const words = pairs === 0 ? TABLES : new Int32Array(bytes.buffer, bytes.byteOffset + i, pairs);
  for (let w = 0; w < pairs; w += 2) {
    const low = crc ^ words[w], high = words[w + 1];
    crc = t[1792 + (low & 255)] ^ t[1536 + ((low >>> 8) & 255)] ^ t[1280 + ((low >>> 16) & 255)] ^
      t[1024 + (low >>> 24)] ^ t[768 + (high & 255)] ^ t[512 + ((high >>> 8) & 255)] ^
      t[256 + ((high >>> 16) & 255)] ^ t[high >>> 24];
  }
  i += pairs << 2;
  for (; i < to; i++) crc = t[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
