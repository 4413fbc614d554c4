/**
 * The LineSink over the embedded store. Chunks that arrive while one transaction is being written
 * wait for the next, so that under load one sync serves many chunks, and a single line is on disk
 * at once. A full disk is waited out: `send` settles when the chunk is stored, or rejects when the
 * sink stops.
 */
import { isRetriable, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import type { LineChunk, LineSink } from "../../core/ports/line_sink.ts";
import type { EmbeddedStore } from "./embedded_store.ts";

export interface StoreLineSinkOptions {
  clock?: Clock;
  /** Bytes of chunks in one transaction at most. @default {4_194_304} */
  batchBytesMax?: number;
  /** Wait between tries while the store does not take lines. @default {1000} */
  retryMs?: number;
  /** Hears of each change: undefined when lines are taken again. */
  onFailure?: (error: WeirError | undefined) => void;
}

interface Waiting {
  chunk: LineChunk;
  resolve: () => void;
  reject: (error: Error) => void;
}

export class StoreLineSink implements LineSink {
  readonly guarantee = "fsynced";
  readonly #store: EmbeddedStore;
  readonly #clock: Clock;
  readonly #batchBytesMax: number;
  readonly #retryMs: number;
  readonly #onFailure: (error: WeirError | undefined) => void;
  readonly #end = new AbortController();
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #stopping = false;
  #failed = false;

  constructor(store: EmbeddedStore, options: StoreLineSinkOptions = {}) {
    this.#store = store;
    this.#clock = options.clock ?? systemClock;
    this.#batchBytesMax = options.batchBytesMax ?? 4_194_304;
    this.#retryMs = options.retryMs ?? 1000;
    this.#onFailure = options.onFailure ?? (() => {});
  }

  send(chunk: LineChunk): Promise<void> {
    if (this.#stopping) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      this.#queue.push({ chunk, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  position(generation: string, topic: string): Promise<number | undefined> {
    return Promise.resolve(this.#store.position(generation, topic));
  }

  async #run(): Promise<void> {
    // Whoever sends in the same turn shares the transaction.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#take();
      try {
        this.#store.appendChunks(batch.map((one) => one.chunk), this.#clock.wallMs());
        this.#recovered();
        for (const one of batch) one.resolve();
      } catch (error) {
        if (!isRetriable(error)) {
          for (const one of batch) one.reject(error as Error);
        } else {
          this.#queue = [...batch, ...this.#queue];
          if (!await this.#wait(error as WeirError)) break;
        }
      }
      // Others get their turn between two transactions.
      if (this.#queue.length > 0) await this.#clock.sleep(0, this.#end.signal);
    }
    this.#running = undefined;
  }

  #take(): Waiting[] {
    let bytes = 0, count = 0;
    while (count < this.#queue.length && (count === 0 || bytes < this.#batchBytesMax)) {
      bytes += this.#queue[count++].chunk.bytes.length;
    }
    return this.#queue.splice(0, count);
  }

  /** Waits before the next try. False where the sink ends first: all that wait are rejected. */
  async #wait(error: WeirError): Promise<boolean> {
    if (!this.#failed) {
      this.#failed = true;
      this.#onFailure(error);
      logOf("store").error("Lines cannot be stored", { code: error.code, reason: error.message });
    }
    await this.#clock.sleep(this.#retryMs, this.#end.signal);
    if (!this.#end.signal.aborted) return true;
    for (const one of this.#queue.splice(0)) one.reject(stopped());
    return false;
  }

  #recovered(): void {
    if (!this.#failed) return;
    this.#failed = false;
    this.#onFailure(undefined);
    logOf("store").info("Lines are stored again");
  }

  /** Stores what waits, if it can within the deadline; the rest is rejected with SINK_STOPPED. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#running !== undefined) {
      const timer = new AbortController();
      const late = this.#clock.sleep(deadlineMs, timer.signal).then(() => this.#end.abort());
      await this.#running;
      timer.abort();
      await late;
    }
    this.#end.abort();
  }
}

function stopped(): WeirError {
  return new WeirError("SINK_STOPPED", "Cannot deliver: the sink is stopped", { retriable: true });
}
