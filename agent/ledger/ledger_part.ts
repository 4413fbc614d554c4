/**
 * The part of weir-agent that writes the ledger: a look at the tail at each interval and once more at the end. A ledger
 * that cannot be written holds no line back: it is said, counted, and made up for by the next look.
 */
import { messageOf } from "../../core/errors.ts";
import type { LedgerLog } from "../../core/ledger/ledger_log.ts";
import type { Seal } from "../../core/ledger/seal.ts";
import type { Part } from "../../core/lifecycle.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { type Progress, Sealer } from "./sealer.ts";

export interface LedgerPartOptions {
  log: Pick<LedgerLog, "write" | "close">;
  host: string;
  guarantee: string;
  intervalMs: number;
  clock: Clock;
  /** Everything that is tailed now. */
  progress: () => Progress[];
  /** Hears of the seals that the ledger took. */
  sealed?: (seals: readonly Seal[]) => void;
  /** Hears of each write: how many seals, and whether the ledger took them. */
  onWrite?: (seals: number, ok: boolean) => void;
}

export class LedgerPart implements Part {
  readonly name = "ledger";
  readonly #options: LedgerPartOptions;
  readonly #sealer: Sealer;
  readonly #end = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(options: LedgerPartOptions) {
    this.#options = options;
    this.#sealer = new Sealer(options.host, options.guarantee);
  }

  start(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!this.#end.signal.aborted) {
      await clock.sleep(intervalMs, this.#end.signal);
      if (!this.#end.signal.aborted) await this.#seal();
    }
  }

  /** Nothing is closed by a stop: the files are tailed on by the next start. */
  async #seal(): Promise<void> {
    const { clock, log, onWrite, progress } = this.#options;
    const seals = this.#sealer.look(progress(), clock.wallMs());
    if (seals.length === 0) return;
    try {
      await log.write(seals);
      this.#sealer.accept(seals);
      this.#options.sealed?.(seals);
      this.#failing = false;
      onWrite?.(seals.length, true);
    } catch (error) {
      onWrite?.(seals.length, false);
      if (!this.#failing) {
        logOf("agent.ledger").warn("Cannot write the ledger, lines are shipped meanwhile", {
          reason: messageOf(error),
        });
      }
      this.#failing = true;
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#end.abort();
    await this.#running;
    const late = new AbortController();
    const timeUp = this.#options.clock.sleep(deadlineMs * 0.5, late.signal);
    await Promise.race([this.#seal(), timeUp]);
    late.abort();
    await this.#options.log.close();
  }
}
