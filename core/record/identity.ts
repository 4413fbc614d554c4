/**
 * Names that make a line one line wherever it is seen: generation, uid, day. Fixed since the first version;
 * docs/decisions/0001-identity.md says why.
 */

const GENERATION = /^[A-Za-z0-9_-]{16}$/;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A name for one life of one file: 12 random bytes as 16 characters of base64url. */
export function newGeneration(random: (into: Uint8Array) => void = fillRandom): string {
  const bytes = new Uint8Array(12);
  random(bytes);
  let text = "";
  for (let i = 0; i < 12; i += 3) {
    const group = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
    text += ALPHABET[group >> 18] + ALPHABET[(group >> 12) & 63] + ALPHABET[(group >> 6) & 63] +
      ALPHABET[group & 63];
  }
  return text;
}

function fillRandom(into: Uint8Array): void {
  crypto.getRandomValues(into as Uint8Array<ArrayBuffer>);
}

export function isGeneration(text: string): boolean {
  return GENERATION.test(text);
}

/** uid of the line that accounts for the file bytes `start` to `end` (exclusive). */
export function uidOf(generation: string, start: number, end: number): string {
  return `${generation}:${start}-${end}`;
}

/** uid of a record that no agent wrote. */
export function foreignUid(
  topic: string,
  partition: number,
  offset: string,
  timestampMs: number,
): string {
  return `${topic}-${partition}-${offset}-${timestampMs}`;
}

const DAY_MS = 86_400_000;
let lastDay = -1;
let lastDayText = "";

/** The UTC day of a time, "2026-11-21". */
export function dayOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== lastDay) {
    lastDayText = new Date(day * DAY_MS).toISOString().slice(0, 10);
    lastDay = day;
  }
  return lastDayText;
}
