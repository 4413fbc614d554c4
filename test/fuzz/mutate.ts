/**
 * Makes a new input out of those of the corpus: bits, bytes, numbers and whole pieces changed, words of the target put
 * in, two inputs crossed. Decided by the random numbers alone, so that a seed gives the same inputs again.
 */
import type { Random } from "../support/random.ts";
import { joined } from "../support/bytes.ts";

const ODD_BYTES = [0, 1, 9, 10, 13, 32, 34, 39, 44, 45, 47, 58, 91, 92, 123, 127, 128, 192, 255];
const ODD_NUMBERS = [
  "0",
  "-1",
  "1",
  "255",
  "65536",
  "2147483647",
  "2147483648",
  "4294967296",
  "9007199254740993",
  "18446744073709551615",
  "1e400",
  "-0",
  "00",
  "0x10",
  "NaN",
  "",
];
const encode = (text: string) => new TextEncoder().encode(text);

/** The next input; at most `bytesMax` long. */
export function mutate(
  random: Random,
  pool: readonly Uint8Array[],
  words: readonly string[],
  bytesMax: number,
): Uint8Array {
  let bytes = pool.length === 0 ? new Uint8Array(0) : random.pick(pool);
  for (let steps = 1 << random.below(4); steps > 0; steps--) {
    bytes = random.pick(STEPS)(bytes, random, pool, words).subarray(0, bytesMax);
  }
  return bytes.slice();
}

type Step = (
  bytes: Uint8Array,
  random: Random,
  pool: readonly Uint8Array[],
  words: readonly string[],
) => Uint8Array;

const STEPS: readonly Step[] = [
  // one bit, one byte
  (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => changed(bytes, random, () => random.below(256)),
  (bytes, random) => changed(bytes, random, () => random.pick(ODD_BYTES)),
  (bytes, random) => changed(bytes, random, (byte) => byte + random.pick([-1, 1, 16, -16])),
  // bytes put in
  (bytes, random) => spliced(bytes, random, 0, Uint8Array.of(random.pick(ODD_BYTES))),
  (bytes, random) => spliced(bytes, random, 0, randomBytes(random, 1 + random.below(16))),
  // a piece taken out, doubled, repeated, moved
  (bytes, random) => spliced(bytes, random, 1 + random.below(16), new Uint8Array(0)),
  (bytes, random) => spliced(bytes, random, 1 + random.below(1 + bytes.length), new Uint8Array(0)),
  (bytes, random) => spliced(bytes, random, 0, piece(bytes, random)),
  (bytes, random) => {
    const part = piece(bytes, random).subarray(0, 64),
      times = 1 + random.below(1 << random.below(11));
    return spliced(bytes, random, 0, repeated(part, times));
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  // words and numbers
  (bytes, random, _, words) =>
    words.length === 0 ? bytes : spliced(bytes, random, 0, encode(random.pick(words))),
  (bytes, random, _, words) =>
    words.length === 0
      ? bytes
      : spliced(bytes, random, random.below(12), encode(random.pick(words))),
  otherNumber,
  // two inputs crossed
  (bytes, random, pool) => spliced(bytes, random, 0, piece(random.pick(pool), random)),
  (bytes, random, pool) => {
    const other = random.pick(pool);
    const head = bytes.subarray(0, random.below(bytes.length + 1));
    return joined(head, other.subarray(random.below(other.length + 1)));
  },
];

function changed(bytes: Uint8Array, random: Random, to: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice(), at = random.below(copy.length);
  copy[at] = to(copy[at]);
  return copy;
}

/** Puts `put` in the place of `remove` bytes somewhere. */
function spliced(bytes: Uint8Array, random: Random, remove: number, put: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  return joined(bytes.subarray(0, at), put, bytes.subarray(Math.min(bytes.length, at + remove)));
}

function repeated(part: Uint8Array, times: number): Uint8Array {
  return joined(...Array.from({ length: times }, () => part));
}

function piece(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.below(bytes.length + 1);
  return bytes.subarray(from, from + 1 + random.below(bytes.length - from + 1));
}

function randomBytes(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.below(256));
}

/** Another number in the place of one that stands there as text. */
function otherNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const isDigit = (at: number) => bytes[at] >= 48 && bytes[at] <= 57;
  const first = random.below(bytes.length + 1);
  let from = first;
  while (from < bytes.length && !isDigit(from)) from++;
  if (from === bytes.length) return bytes;
  let to = from;
  while (to < bytes.length && isDigit(to)) to++;
  const number = encode(random.pick(ODD_NUMBERS));
  return joined(bytes.subarray(0, from), number, bytes.subarray(to));
}
