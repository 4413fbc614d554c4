/**
 * Keeps which bytes of which file a rule dropped until the ledger has them. A commit waits for it, so that what a crash
 * takes is read, and dropped, again. A ledger that cannot be written holds no line back for longer than a few seconds:
 * it is said and counted, and `weir audit` will take those lines for missing.
 */
import { messageOf } from "../../core/errors.ts";
import { DROP_SEAL_VERSION, type DropSeal } from "../../core/ledger/drop_seal.ts";
import type { LedgerLog } from "../../core/ledger/ledger_log.ts";
import { logOf } from "../../core/log.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { bounded } from "../consume/bounded.ts";

/** Numbers of a record of the ledger, two a range: about 8 KB. */
const NUMBERS_PER_SEAL = 2000;
/** Ranges in memory; beyond them the oldest rule's are let go, and counted. */
const RANGES_MAX = 200_000;
const WRITE_MS = 5000;

interface Open {
  generation: string;
  topic: string;
  rule: string;
  /**
   * Ascending ranges, packed as a seal has them: start, length, then gap and length in turn. There may be one for each
   * line, so no object is made for it. A replay goes back to an earlier byte and begins another one.
   */
  packed: number[][];
  /** End of the last range. */
  end: number;
}

export interface DropLedgerOptions {
  log: Pick<LedgerLog, "writeDrops" | "close">;
  wallMs: () => number;
  /** Ranges that the ledger does not have, for good. */
  onLost: (ranges: number) => void;
}

export class DropLedger {
  readonly #options: DropLedgerOptions;
  #open = new Map<string, Open>();
  #last: Open | undefined;
  #count = 0;
  #failing = false;

  constructor(options: DropLedgerOptions) {
    this.#options = options;
  }

  /** Ranges that are not in the ledger yet. */
  get waiting(): number {
    return this.#count;
  }

  /** A rule dropped the record. Records that no agent wrote have no bytes of a file, and are not kept. */
  add({ generation, topic, offset, length }: LogRecord, rule: string): void {
    if (generation === null || length <= 0) return;
    const open = this.#openFor(generation, topic, rule), last = open.packed.at(-1);
    if (last !== undefined && offset === open.end) last[last.length - 1] += length;
    else {
      if (last === undefined || offset < open.end || last.length >= NUMBERS_PER_SEAL) {
        open.packed.push([offset, length]);
      } else last.push(offset - open.end, length);
      this.#count++;
    }
    open.end = offset + length;
    if (this.#count > RANGES_MAX) this.#letGo();
  }

  #openFor(generation: string, topic: string, rule: string): Open {
    const last = this.#last;
    if (last?.generation === generation && last.rule === rule && last.topic === topic) return last;
    const key = `${generation}/${topic}/${rule}`;
    let open = this.#open.get(key);
    if (open === undefined) {
      this.#open.set(key, open = { generation, topic, rule, packed: [], end: -1 });
    }
    return this.#last = open;
  }

  #letGo(): void {
    const [key, { packed }] = this.#open.entries().next().value!;
    const ranges = packed.reduce((sum, { length }) => sum + length / 2, 0);
    this.#open.delete(key);
    this.#last = undefined;
    this.#count -= ranges;
    this.#options.onLost(ranges);
  }

  /** Resolves when the ledger has what was dropped so far, or will not get it in time: then it is tried again later. */
  async flush(): Promise<void> {
    if (this.#count === 0) return;
    const taken = this.#open, count = this.#count;
    this.#open = new Map();
    this.#last = undefined;
    this.#count = 0;
    const atMs = this.#options.wallMs();
    const seals = [...taken.values()].flatMap((open) => sealsOf(open, atMs));
    try {
      await bounded(this.#options.log.writeDrops(seals), WRITE_MS);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        logOf("transfer.ledger").warn("Cannot write the ledger, lines are indexed meanwhile", {
          reason: messageOf(error),
        });
      }
      this.#failing = true;
      this.#giveBack(taken, count);
    }
  }

  #giveBack(taken: Map<string, Open>, count: number): void {
    if (this.#count + count > RANGES_MAX) return this.#options.onLost(count);
    for (const [key, before] of taken) {
      const now = this.#open.get(key);
      if (now === undefined) this.#open.set(key, before);
      else now.packed.unshift(...before.packed);
    }
    this.#count += count;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#options.log.close();
  }
}

function sealsOf({ generation, topic, rule, packed }: Open, atMs: number): DropSeal[] {
  const about = { v: DROP_SEAL_VERSION, kind: "drop", generation, topic, rule } as const;
  return packed.map((ranges) => ({ ...about, ranges, atMs }));
}
