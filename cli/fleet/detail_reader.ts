/**
 * Follows the topic in which programs tell what they work on: the last word of each, as it was written, within a bound
 * of bytes. Reads without a group, so it disturbs nobody; where Kafka cannot be read it tries again and says why.
 */
import type { Kafka } from "kafkajs";
import { messageOf } from "../../core/errors.ts";
import { decodeDetail, type FleetDetail } from "../../core/fleet/detail.ts";
import type { Part } from "../../core/lifecycle.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { type Fetcher, openFetcher } from "../../transfer/consume/kafkajs_group.ts";
import { isForReaders, RecordCursor } from "../../transfer/consume/record_batch.ts";

const BYTES_MAX = 64 * 2 ** 20;
const FETCH_BYTES = 4 * 2 ** 20;
const UNPACKED_BYTES_MAX = 64 * 2 ** 20;
const RETRY_MS = 2000;
const AGE_MAX_MS = 3_600_000;

const decoder = new TextDecoder();

interface Kept {
  value: Uint8Array;
  atMs: number;
}

export class DetailReader implements Part {
  readonly name = "detail";
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #end = new AbortController();
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #running: Promise<void> = Promise.resolve();
  /** Why nothing is known; empty where it is. */
  fault = "not read yet";

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  start(): void {
    this.#running = this.#run();
  }

  detail(id: string): FleetDetail | undefined {
    const kept = this.#kept.get(id);
    return kept && decodeDetail(decoder.decode(kept.value));
  }

  *details(): Generator<FleetDetail> {
    for (const { value } of this.#kept.values()) {
      const detail = decodeDetail(decoder.decode(value));
      if (detail !== undefined) yield detail;
    }
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      let fetcher: Fetcher | undefined;
      try {
        let at = await this.#begin();
        fetcher = await openFetcher(this.#kafka, [this.#topic]);
        this.fault = "";
        while (!this.#end.signal.aborted) at = await this.#fetch(fetcher, at);
      } catch (error) {
        this.fault = `Cannot read the topic ${this.#topic}: ${messageOf(error)}`;
      }
      await fetcher?.disconnect().catch(() => {}); // its sockets are no longer used
      await systemClock.sleep(RETRY_MS, this.#end.signal);
    }
  }

  /** The first offset that is there. */
  async #begin(): Promise<number> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const [{ low }] = await admin.fetchTopicOffsets(this.#topic);
      return Number(low);
    } finally {
      await admin.disconnect();
    }
  }

  async #fetch(fetcher: Fetcher, from: number): Promise<number> {
    const at = { topic: this.#topic, partition: 0, fetchOffset: from, maxBytes: FETCH_BYTES };
    let next = from;
    for (const { batch } of await fetcher.fetch(at)) {
      next = Math.max(next, batch.lastOffset + 1);
      if (!isForReaders(batch)) continue;
      const cursor = new RecordCursor(batch, UNPACKED_BYTES_MAX);
      while (cursor.next()) {
        if (cursor.offset < from || cursor.keyStart < 0 || cursor.valueStart < 0) continue;
        this.#keep(
          decoder.decode(cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd)),
          cursor.bytes.slice(cursor.valueStart, cursor.valueEnd),
        );
      }
    }
    return next;
  }

  /** The oldest go first where there are too many. */
  #keep(id: string, value: Uint8Array): void {
    const atMs = systemClock.monotonicMs();
    this.#drop(id);
    this.#kept.set(id, { value, atMs });
    this.#bytes += value.length;
    for (const [other, kept] of this.#kept) {
      if (this.#bytes <= BYTES_MAX && atMs - kept.atMs < AGE_MAX_MS) break;
      this.#drop(other);
    }
  }

  #drop(id: string): void {
    this.#bytes -= this.#kept.get(id)?.value.length ?? 0;
    this.#kept.delete(id);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }
}
