/**
 * The ledger: what the agents say they have shipped, as small records in a topic of their own, beside the lines. A seal
 * is cumulative: the newest of a generation and topic says all. `weir audit` compares them with the store.
 */
import { isGeneration } from "../record/identity.ts";

export const LEDGER_TOPIC = "weir-ledger";
export const SEAL_VERSION = 1;

/** What a seal is about: generation and topic. */
export function sealKey(seal: { generation: string; topic: string }): string {
  return `${seal.generation}/${seal.topic}`;
}

/**
 * Key of the record: one for each start of an agent. So what compaction leaves still tells the whole range that was
 * acknowledged, also where a seal of an agent that is dead by now comes late.
 */
export function recordKey(
  seal: { generation: string; topic: string; from: number; run?: number },
): string {
  return `${sealKey(seal)}/${seal.run ?? seal.from}`;
}

/** Lines from a byte of the file on are in the index of a day, such as 2026-11-21. */
export interface DayBegin {
  from: number;
  day: string;
}

/** Days that a seal tells at most; the oldest go first. */
const DAYS_MAX = 100;

export interface Seal {
  v: number;
  host: string;
  path: string;
  device: number;
  inode: number;
  generation: string;
  topic: string;
  /** Where this topic's lines begin in the file: those before were not asked for, or are of runs that are not known. */
  from: number;
  /** Where those of this run begin, if not there. */
  run?: number;
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
  /** Days of the lines' indices, each from a byte on; what lies before the first is not known. */
  days?: DayBegin[];
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
    seal = JSON.parse(value) ?? {};
  } catch {
    return undefined; // not ours
  }
  const numbers = [seal.from, seal.to, seal.lines, seal.size, seal.unread, seal.atMs];
  const texts = [seal.host, seal.path, seal.topic, seal.head];
  const fits = seal.v === SEAL_VERSION && isGeneration(seal.generation ?? "") &&
    numbers.every((number) => Number.isSafeInteger(number) && number! >= 0) &&
    texts.every((text) => typeof text === "string") && areDays(seal.days);
  return fits ? seal as Seal : undefined;
}

function areDays(days: unknown): boolean {
  const isOne = (one?: Partial<DayBegin>) =>
    Number.isSafeInteger(one?.from) && typeof one?.day === "string";
  return days === undefined || (Array.isArray(days) && days.every(isOne));
}

/** Both in one: a restart begins a new range of the same generation, and no seal ever takes one back. */
export function mergedSeal(before: Seal | undefined, seal: Seal): Seal {
  if (before === undefined) return seal;
  const { markLength, mark } = before, days = mergedDays(before.days, seal.days);
  const isLess = seal.to < before.to;
  return {
    ...seal,
    from: Math.min(before.from, seal.from),
    to: Math.max(before.to, seal.to),
    days,
    ...(isLess && { markLength, mark }),
  };
}

/** Both in order; where they differ the later word counts. */
export function mergedDays(
  before: readonly DayBegin[] = [],
  after: readonly DayBegin[] = [],
): DayBegin[] {
  const all = new Map([...before, ...after].map(({ from, day }) => [from, day]));
  return [...all].map(([from, day]) => ({ from, day })).sort((a, b) => a.from - b.from)
    .slice(-DAYS_MAX);
}

/** The parts of a range that are in one index each; `day` is undefined where it is not known. */
export function byDay(
  days: readonly DayBegin[] = [],
  { start, end }: { start: number; end: number },
): { start: number; end: number; day: string | undefined }[] {
  const begins = days.map(({ from }) => from).filter((from) => from > start && from < end);
  return [start, ...begins].map((from, i) => ({
    start: from,
    end: begins[i] ?? end,
    day: days.findLast((one) => one.from <= from)?.day,
  }));
}
