/**
 * What a transfer says of lines that a rule dropped: ranges of a generation, so that `weir audit` does not take them for
 * lost. Written before the offsets behind them are committed; the same ranges may come twice, and mean the same.
 */
import { isGeneration } from "../record/identity.ts";

export const DROP_SEAL_VERSION = 1;

export interface DropSeal {
  v: number;
  kind: "drop";
  generation: string;
  topic: string;
  /** Name of the rule; `quota` and `not_indexed` are such names as well. */
  rule: string;
  /** Bytes of the file: start of the first range, then in turn length of a range and gap to the next. */
  ranges: number[];
  /** When the last of them was dropped. */
  atMs: number;
}

export interface DroppedRange {
  start: number;
  end: number;
}

/**
 * Key of the record in the topic: one a generation, topic, rule, first and last byte. With the first alone a shorter
 * seal that comes late, of a transfer that was held up, would take the place of the longer one of its successor.
 */
export function dropKey({ generation, topic, rule, ranges }: DropSeal): string {
  const end = ranges.reduce((sum, one) => sum + one, 0);
  return `${generation}/${topic}/${rule}/${ranges[0]}-${end}`;
}

export function unpackRanges(packed: readonly number[]): DroppedRange[] {
  const ranges: DroppedRange[] = [];
  let at = packed[0];
  for (let i = 1; i < packed.length; i += 2) {
    const start = i === 1 ? at : at + packed[i - 1], end = start + packed[i];
    ranges.push({ start, end });
    at = end;
  }
  return ranges;
}

/** Undefined where the value is none of a version that is known here. */
export function parseDropSeal(value: string): DropSeal | undefined {
  let seal: Partial<DropSeal>;
  try {
    seal = JSON.parse(value);
  } catch {
    return undefined; // not ours
  }
  const { kind, v, generation = "", topic, rule, ranges } = seal ?? {};
  const fits = kind === "drop" && v === DROP_SEAL_VERSION && isGeneration(generation) &&
    typeof topic === "string" && typeof rule === "string" && Array.isArray(ranges) &&
    ranges.length >= 2 && ranges.length % 2 === 0 &&
    ranges.every((one) => Number.isSafeInteger(one) && one >= 0);
  return fits ? seal as DropSeal : undefined;
}
