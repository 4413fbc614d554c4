/**
 * Sums up over many blocks with a second thread beside this one. The thread is started when a
 * question is large enough and ended when none came for a while. Where it cannot be started or
 * fails, this thread does all of it.
 */
import { clearTimeout, setTimeout } from "node:timers";
import { logOf } from "../../core/log.ts";
import { messageOf } from "../../core/errors.ts";
import type { BlockInfo } from "./blocks.ts";
import { scanWorkerUrl } from "./embedded.ts";
import { packBlocks, type ScanAnswer, type ScanJob } from "./scan_worker.ts";
import type { TallyRequest, TallyResult } from "./tally.ts";

/** With fewer blocks to read a second thread is not worth its start. */
export const SHARED_BLOCKS_MIN = 48;
const IDLE_MS = 30_000;

interface Pending {
  resolve: (result: TallyResult) => void;
  reject: (error: Error) => void;
}

/** One question that two threads work on. */
export interface SharedScan {
  /** Number of the next block for this thread; beyond the last one when nothing is left. */
  next(): number;
  /** Tells the other thread to stop. */
  stop(): void;
  /**
   * What the other thread summed up; rejects where it failed: then its blocks have to be looked at
   * again.
   */
  other: Promise<TallyResult>;
}

export class ScanPool {
  readonly #path: string;
  #worker: Worker | undefined;
  #broken = false;
  #job = 0;
  #pending = new Map<number, Pending>();
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** @param path of the database */
  constructor(path: string) {
    this.#path = path;
  }

  /** Shares the blocks out; undefined where there is no second thread to be had. */
  share(request: TallyRequest, infos: readonly BlockInfo[]): SharedScan | undefined {
    const worker = this.#start();
    if (worker === undefined) return undefined;
    clearTimeout(this.#idle);
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const job: ScanJob = {
      job: ++this.#job,
      path: this.#path,
      request,
      blocks: packBlocks(infos),
      shared,
    };
    const other = new Promise<TallyResult>((resolve, reject) => {
      this.#pending.set(job.job, { resolve, reject });
    });
    // Whoever gives up a scan does not wait for it.
    other.catch(() => {});
    worker.postMessage(job);
    return {
      next: () => Atomics.add(shared, 0, 1),
      stop: () => void Atomics.store(shared, 1, 1),
      other,
    };
  }

  #start(): Worker | undefined {
    if (this.#worker !== undefined || this.#broken) return this.#worker;
    try {
      const worker = new Worker(scanWorkerUrl(), { type: "module" });
      worker.onmessage = (event: MessageEvent<ScanAnswer>) => this.#answered(event.data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#fail(event.message);
      };
      this.#worker = worker;
      return worker;
    } catch (error) {
      this.#fail(messageOf(error));
      return undefined;
    }
  }

  #answered({ job, result, error }: ScanAnswer): void {
    const pending = this.#pending.get(job);
    this.#pending.delete(job);
    if (result !== undefined) pending?.resolve(result);
    else pending?.reject(new Error(error));
    if (this.#pending.size > 0) return;
    this.#idle = setTimeout(() => this.#end(), IDLE_MS);
    this.#idle.unref();
  }

  #fail(reason: string): void {
    this.#broken = true;
    logOf("store").warn("The second thread for searches does not work; one thread does it all", {
      reason,
    });
    this.#end();
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const pending of this.#pending.values()) pending.reject(new Error("the thread ended"));
    this.#pending.clear();
  }

  close(): void {
    this.#broken = true;
    this.#end();
  }
}
