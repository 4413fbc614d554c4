/**
 * The simulator's DocumentStore: the in-memory one behind a network that fails by a seed. A call
 * may be lost on its way (nothing happened), its answer may be lost (everything or a part
 * happened), single records may be refused for now, and answers may come late. What it answered
 * "created" for stays. With all rates 0 it behaves as the in-memory store.
 */
import { WeirError } from "../../core/errors.ts";
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import type {
  Document,
  DocumentStore,
  HistogramBucket,
  LogRecord,
  RangeRequest,
  SearchRequest,
  WriteOutcome,
} from "../../core/ports/document_store.ts";
import { MemoryDocumentStore } from "../support/memory_document_store.ts";

/** How often something fails, each 0 to 1. */
export interface StoreFaults {
  /** The call never arrives. @default {0} */
  lostCall?: number;
  /** It arrives, wholly or in part, and the answer is lost. @default {0} */
  lostAnswer?: number;
  /** A single record is answered "retry". @default {0} */
  retry?: number;
  /** Longest delay of an answer, ms. @default {0} */
  delayMs?: number;
}

export class SimDocumentStore implements DocumentStore {
  readonly memory = new MemoryDocumentStore();
  /** May be changed at any time: faults that stop let everything through. */
  faults: StoreFaults;
  readonly #random: () => number;
  readonly #clock: Clock;

  constructor(random: () => number, faults: StoreFaults = {}, clock: Clock = systemClock) {
    this.#random = random;
    this.faults = faults;
    this.#clock = clock;
  }

  async write(records: readonly LogRecord[]): Promise<WriteOutcome[]> {
    const { lostCall = 0, lostAnswer = 0, retry = 0, delayMs = 0 } = this.faults;
    if (delayMs > 0) await this.#clock.sleep(this.#random() * delayMs);
    if (this.#random() < lostCall) throw unknownFate("the call was lost");
    if (this.#random() < lostAnswer) {
      await this.memory.write(records.slice(0, Math.floor(this.#random() * (records.length + 1))));
      throw unknownFate("the answer was lost");
    }
    const outcomes: WriteOutcome[] = [];
    for (const record of records) {
      if (this.#random() < retry) {
        outcomes.push({ result: "retry", code: "STORE_BUSY", reason: "refused for now" });
      } else outcomes.push(...await this.memory.write([record]));
    }
    return outcomes;
  }

  search(request: SearchRequest, signal: AbortSignal): AsyncIterable<Document[]> {
    return this.memory.search(request, signal);
  }
  count(request: RangeRequest): Promise<number> {
    return this.memory.count(request);
  }
  histogram(request: RangeRequest & { bucketMs: number }): Promise<HistogramBucket[]> {
    return this.memory.histogram(request);
  }
  values(
    request: RangeRequest & { field: string; limit: number },
  ): Promise<{ value: string; count: number }[]> {
    return this.memory.values(request);
  }
  follow(request: RangeRequest, signal: AbortSignal): AsyncIterable<Document[]> {
    return this.memory.follow(request, signal);
  }
  close(): Promise<void> {
    return this.memory.close();
  }
}

function unknownFate(reason: string): WeirError {
  return new WeirError("STORE_UNREACHABLE", `Cannot write documents: ${reason}`, {
    retriable: true,
  });
}
