/**
 * What may stay in the store: by size and by age. Age counts from when a line was stored, as the
 * day of an index does: an old file that is read today stays as long as a new one. Blocks go whole,
 * oldest arrivals first.
 */
import type { BlockInfo } from "./blocks.ts";

export interface Retention {
  /** Bytes of stored blocks at most; undefined: no bound. */
  diskBytesMax?: number;
  /** Lines go when they were stored longer ago than this, ms; undefined: no bound. */
  ageMsMax?: number;
}

/** The blocks that no longer may stay, given all in the order of arrival. */
export function blocksToDrop(
  infos: readonly BlockInfo[],
  retention: Retention,
  nowMs: number,
): BlockInfo[] {
  const { diskBytesMax = Infinity, ageMsMax = Infinity } = retention;
  let bytes = 0;
  for (const info of infos) bytes += info.storedBytes;
  const dropped: BlockInfo[] = [];
  for (const info of infos) {
    if (bytes <= diskBytesMax && nowMs - info.ingestedMs <= ageMsMax) break;
    dropped.push(info);
    bytes -= info.storedBytes;
  }
  return dropped;
}
