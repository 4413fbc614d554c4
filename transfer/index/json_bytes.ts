/** What bytes of a text need inside a JSON string: which are escaped, and which are characters of UTF-8. */

/**
 * For each byte: 0 copied as it is, 1 escaped as \u00XX, 2 begins or is part of a longer character,
 * else the letter behind \.
 */
export function kinds(): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(1, 0, 32);
  table.fill(2, 128);
  for (const [char, letter] of ['""', "\\\\", "\bb", "\ff", "\nn", "\rr", "\tt"]) {
    table[char.charCodeAt(0)] = letter.charCodeAt(0);
  }
  return table;
}

/**
 * Length of the valid UTF-8 character at `at` (2 to 4); where there is none, minus the length of
 * what one U+FFFD stands for: the longest beginning of a character, or one byte.
 */
export function sequence(bytes: Uint8Array, at: number, end: number): number {
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
