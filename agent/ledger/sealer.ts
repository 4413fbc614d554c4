/**
 * Says what was shipped: looks at the tail now and then and makes a seal of each generation and topic that moved, or
 * that is tailed no more. Pure but for its memory of the last look; a lost seal is made up for by the next one.
 */
import {
  type DayBegin,
  mergedDays,
  type Seal,
  SEAL_VERSION,
  sealKey,
} from "../../core/ledger/seal.ts";

/** One generation on its way to one topic, as the tail sees it now. */
export interface Progress {
  path: string;
  device: number;
  inode: number;
  generation: string;
  topic: string;
  /** Where this run's lines begin. */
  origin: number;
  /** Where the lines of this generation begin, over all runs; absent where that is not known. */
  begin?: number;
  /** Acknowledged up to here. */
  offset: number;
  lines: number;
  /** Longest from reading to acknowledgement since the last look, ms. */
  heldMs?: number;
  size: number;
  headLength: number;
  head: string;
  /** Days of the lines' indices, each from a byte on. */
  days?: readonly DayBegin[];
  /** The bytes before `offset`. */
  mark?: { length: number; hash: string };
  /** It went while no agent ran: what was written after the last look is not known. */
  away?: boolean;
  /** It is tailed no more, and the ledger may not know all of it. */
  closed?: boolean;
}

interface Known {
  run: number;
  from: number;
  last: Progress;
  sealed: string;
  /** What the ledger has ends here, and the longest wait of what came since, ms. */
  heldFrom: number;
  heldMs: number;
  days: DayBegin[];
}

export class Sealer {
  readonly #host: string;
  readonly #guarantee: string;
  readonly #known = new Map<string, Known>();

  constructor(host: string, guarantee: string) {
    this.#host = host;
    this.#guarantee = guarantee;
  }

  /** Generations and topics that are watched; bounded by the tail's bound on files. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * Seals of what changed since the last look. A seal counts as given once `accept` is called with it; before, the
   * next look makes it again.
   */
  look(now: readonly Progress[], atMs: number): Seal[] {
    const seals: Seal[] = [], seen = new Set<string>();
    for (const progress of now) {
      const key = sealKey(progress);
      const isGone = progress.away || progress.closed;
      if (!isGone) seen.add(key);
      const known = this.#known.get(key);
      const run = known?.run ?? progress.origin, from = known?.from ?? progress.begin ?? run;
      const heldFrom = known?.heldFrom ?? run;
      const heldMs = Math.max(known?.heldMs ?? 0, progress.heldMs ?? 0);
      const days = mergedDays(known?.days, progress.days);
      const last = progress.closed && known !== undefined ? ended(progress, known.last) : progress;
      const next = { run, from, last, sealed: known?.sealed ?? "", heldFrom, heldMs, days };
      this.#known.set(key, next);
      if (progress.offset === 0 || isGone) continue; // nothing to say before its end
      const seal = this.#seal(next, false, atMs);
      if (markOf(seal) !== known?.sealed) seals.push(seal);
    }
    for (const [key, known] of this.#known) {
      if (seen.has(key)) continue;
      const seal = this.#seal(known, true, atMs);
      const isEmpty = seal.to === 0 && seal.unread === 0 && !seal.away;
      if (isEmpty || markOf(seal) === known.sealed) this.#known.delete(key);
      else seals.push(seal);
    }
    return seals;
  }

  /** The ledger has them. */
  accept(seals: readonly Seal[]): void {
    for (const seal of seals) {
      const known = this.#known.get(sealKey(seal));
      if (known === undefined) continue;
      known.sealed = markOf(seal);
      known.heldFrom = seal.to;
      known.heldMs = 0;
    }
  }

  #seal({ run, from, last, heldFrom, heldMs, days }: Known, closed: boolean, atMs: number): Seal {
    const { path, device, inode, generation, topic, offset, lines, size, headLength, head } = last;
    return {
      v: SEAL_VERSION,
      host: this.#host,
      path,
      device,
      inode,
      generation,
      topic,
      from,
      to: offset,
      lines,
      size,
      headLength,
      head,
      closed,
      unread: closed ? Math.max(0, size - offset) : 0,
      guarantee: this.#guarantee,
      atMs,
      ...(run !== from && { run }),
      ...(last.mark && { markLength: last.mark.length, mark: last.mark.hash }),
      ...(days.length > 0 && { days }),
      ...(offset > heldFrom && { heldFrom, heldMs }),
      ...(last.away && { away: true }),
    };
  }
}

/** A life that is over, with what only the looks at it knew. */
function ended(progress: Progress, { size, lines, away }: Progress): Progress {
  return { ...progress, size: Math.max(size, progress.size), lines, away };
}

/** What must change for a new seal to be worth a record. */
function markOf({ path, to, size, closed }: Seal): string {
  return `${path}\n${to}\n${closed ? size : ""}\n${closed}`;
}
