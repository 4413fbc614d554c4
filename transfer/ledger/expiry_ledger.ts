/**
 * Tells the ledger what an index holds before retention deletes it: of each generation and topic the last byte. A
 * ledger that cannot be written holds no deletion back, since a full disk would be worse: it is said and counted, and
 * `weir audit` will take those lines for missing.
 */
import type { Client } from "@elastic/elasticsearch";
import { messageOf } from "../../core/errors.ts";
import { EXPIRY_SEAL_VERSION, type ExpirySeal } from "../../core/ledger/expiry_seal.ts";
import type { LedgerLog } from "../../core/ledger/ledger_log.ts";
import { type StoredEnd, storedEnds } from "../../core/ledger/stored_ends.ts";
import { logOf } from "../../core/log.ts";
import { bounded } from "../consume/bounded.ts";
import { JSON_HEADERS } from "../index/client.ts";

const WRITE_MS = 10_000;

export interface ExpiryLedgerOptions {
  client: Client;
  log: Pick<LedgerLog, "writeExpired" | "close">;
  wallMs: () => number;
  /** Generations of a topic that the ledger was not told of. */
  onLost: (generations: number) => void;
}

export class ExpiryLedger {
  readonly #options: ExpiryLedgerOptions;

  constructor(options: ExpiryLedgerOptions) {
    this.#options = options;
  }

  /** Resolves when the ledger has it, or will not get it; never rejects. */
  async expiring(index: string): Promise<void> {
    const { log, onLost, wallMs } = this.#options;
    let waiting = 0;
    try {
      for await (const found of this.#ends(index)) {
        waiting = found.length;
        const about = { v: EXPIRY_SEAL_VERSION, kind: "expired", index } as const;
        const seals = found.map(({ generation, topic, end }): ExpirySeal => {
          return { ...about, generation, topic, to: end, atMs: wallMs() };
        });
        await bounded(log.writeExpired(seals), WRITE_MS);
        waiting = 0;
      }
    } catch (error) {
      onLost(Math.max(1, waiting));
      logOf("transfer.retention").warn("Cannot tell the ledger what an index had", {
        index,
        reason: messageOf(error),
      });
    }
  }

  /** Where each generation's lines in the index end; minimal documents have none. */
  #ends(index: string): AsyncGenerator<StoredEnd[]> {
    return storedEnds((aggs) =>
      this.#options.client.transport.request({
        method: "POST",
        path: `/${encodeURIComponent(index)}/_search`,
        body: { size: 0, track_total_hits: false, aggs },
      }, { headers: JSON_HEADERS })
    );
  }

  async close(): Promise<void> {
    await this.#options.log.close();
    await this.#options.client.close();
  }
}
