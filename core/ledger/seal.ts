/**
 * The ledger: what the agents say they have shipped, as small records in a topic of their own, beside the lines. A seal
 * is cumulative: the newest of a generation and topic says all. `weir audit` compares them with the store.
 */
import { isGeneration } from "../record/identity.ts";

export const LEDGER_TOPIC = "weir-ledger";
export const SEAL_VERSION = 1;

/** Key of the record: generation and topic, so that the topic may be compacted. */
export function sealKey(seal: { generation: string; topic: string }): string {
  return `${seal.generation}/${seal.topic}`;
}

export interface Seal {
  v: number;
  host: string;
  path: string;
  device: number;
  inode: number;
  generation: string;
  topic: string;
  /** Where this topic's lines begin in the file: everything before was not asked for. */
  from: number;
  /** Everything before it is acknowledged. */
  to: number;
  /** Lines acknowledged since this agent started. */
  lines: number;
  /** Size of the file at the last look. */
  size: number;
  /** First bytes of the file by length and hash: two generations with one head on one host are one file taken anew. */
  headLength: number;
  head: string;
  /** The bytes before `to`, by length and hash: a file that has them there, and the head, is this one. */
  markLength?: number;
  mark?: string;
  /** The file is not tailed any more. */
  closed: boolean;
  /** Bytes that were there and not acknowledged when it was closed: a loss, unless somebody else has them. */
  unread: number;
  /** It went while no agent ran: `unread` counts to its size at the last look, what came after is not known. */
  away?: boolean;
  /** The agent's acks: "all", "1" or "0"; with less than all an acknowledged line can be lost. */
  guarantee: string;
  atMs: number;
  /**
   * Lines from this byte on were acknowledged since the seal before, and the longest of them from reading to
   * acknowledgement, ms.
   */
  heldFrom?: number;
  heldMs?: number;
}

/** Undefined where the value is no seal of a version that is known here. */
export function parseSeal(value: string): Seal | undefined {
  let seal: Partial<Seal>;
  try {
    seal = JSON.parse(value);
  } catch {
    return undefined; // not ours
  }
  const numbers = [seal.from, seal.to, seal.lines, seal.size, seal.unread, seal.atMs];
  const texts = [seal.host, seal.path, seal.topic, seal.head];
  const fits = seal.v === SEAL_VERSION && isGeneration(seal.generation ?? "") &&
    numbers.every((number) => Number.isSafeInteger(number) && number! >= 0) &&
    texts.every((text) => typeof text === "string");
  return fits ? seal as Seal : undefined;
}

/** Both in one: a restart begins a new range of the same generation, and no seal ever takes one back. */
export function mergedSeal(before: Seal | undefined, seal: Seal): Seal {
  if (before === undefined) return seal;
  const { markLength, mark } = before;
  const isLess = seal.to < before.to;
  return {
    ...seal,
    from: Math.min(before.from, seal.from),
    to: Math.max(before.to, seal.to),
    ...(isLess && { markLength, mark }),
  };
}
