/**
 * Sums of the bytes before places that were acknowledged, few near the begin and more near the end. A rotation may copy
 * or pack a file a moment before its last lines are written: then the copy ends where more was read of the original,
 * and the trail says that it is one.
 */
import { crc32c } from "../../core/kafka/crc32c.ts";
import { MARK_BYTES, type SeenFile } from "./fingerprint.ts";

/** Offset and sum in turn, ascending by offset. */
export type Trail = number[];

const PLACES_MAX = 16;

/** Adds a place; where there are too many, the distances from the end grow with each that is kept. */
export function addPlace(trail: Trail, offset: number, before: Uint8Array): void {
  if (before.length < Math.min(MARK_BYTES, offset) || offset === 0) return;
  trail.push(offset, crc32c(before, 0, before.length, 0));
  if (trail.length <= 2 * PLACES_MAX) return;
  const kept = [trail.length - 2];
  for (let i = trail.length - 4; i > 0; i -= 2) {
    if (offset - trail[i] >= 2 * (offset - trail[kept[0]])) kept.unshift(i);
  }
  if (kept.length > PLACES_MAX / 2) kept.splice(1, kept.length - PLACES_MAX / 2);
  kept.unshift(0);
  trail.splice(0, trail.length, ...kept.flatMap((i) => [trail[i], trail[i + 1]]));
}

/** True where a file that is shorter than what was read has all places that it reaches, and one at least. */
export async function followsTrail(trail: Trail, seen: SeenFile): Promise<boolean> {
  let places = 0;
  for (let i = 0; i < trail.length && trail[i] <= seen.size; i += 2, places++) {
    const start = Math.max(0, trail[i] - MARK_BYTES);
    const bytes = await seen.read(start, trail[i] - start);
    if (crc32c(bytes, 0, bytes.length, 0) !== trail[i + 1]) return false;
  }
  return places > 0;
}
