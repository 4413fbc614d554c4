/**
 * What is in memory between Kafka and the index: bounded in lines and bytes, and shared so that one
 * partition whose documents are stuck cannot take all of it. A partition is paused once it holds as
 * much as is left free, the rule of dynamic thresholds: a single one gets half, and there is always
 * room for the next.
 */
import { messageOf } from "../../core/errors.ts";
import type { BatchSink } from "../consume/consumer.ts";
import type { Lane } from "../consume/lane.ts";
import { type RecordBatch, RecordCursor } from "../consume/record_batch.ts";
import type { DropRules } from "../topics/drop.ts";
import type { Quotas } from "../topics/quota.ts";
import type { Quota } from "../topics/rules.ts";
import type { Entry } from "./entry.ts";

/** Counted for a line beside its bytes: objects and strings. */
const ENTRY_BYTES = 300;

export interface ChannelOptions {
  linesMax: number;
  bytesMax: number;
  batchBytesMax: number;
}

/** What of a topic's plan concerns its lines on their way to memory. */
export interface ChannelPlan {
  drops: DropRules;
  quota: Quota;
  /** False: its lines are for the archive alone. @default true */
  indexed?: boolean;
}

export interface ChannelEvents {
  /** Records of a topic that a named rule drops: of the operator, `tombstone`, `quota`, `not_indexed`. */
  dropped(topic: string, rule: string, records: number): void;
  read(topic: string, records: number, bytes: number): void;
  /** Headers left out of documents: too many in a record, or too long. */
  fieldsDropped(count: number): void;
}

export class Channel implements BatchSink {
  readonly #options: ChannelOptions;
  readonly #plan: (topic: string) => ChannelPlan;
  readonly #quotas: Quotas;
  readonly #push: (entries: Entry[]) => void;
  readonly #events: ChannelEvents;
  #lines = 0;
  #bytes = 0;

  /** `plan` is asked for each batch: its answer may change. */
  constructor(
    options: ChannelOptions,
    plan: (topic: string) => ChannelPlan,
    quotas: Quotas,
    push: (entries: Entry[]) => void,
    events: ChannelEvents,
  ) {
    this.#options = options;
    this.#plan = plan;
    this.#quotas = quotas;
    this.#push = push;
    this.#events = events;
  }

  get lines(): number {
    return this.#lines;
  }
  get bytes(): number {
    return this.#bytes;
  }

  wants(lane: Lane): boolean {
    const { linesMax, bytesMax } = this.#options;
    const freeLines = linesMax - this.#lines, freeBytes = bytesMax - this.#bytes;
    if (freeLines <= 0 || freeBytes <= 0) return false;
    const { quota } = this.#plan(lane.topic);
    if (quota.over === "wait" && this.#quotas.of(lane.topic, quota)?.open === false) return false;
    // A paused partition goes on once it holds half of what would pause it.
    const factor = lane.paused ? 2 : 1;
    return lane.lines * factor < freeLines && lane.bytes * factor < freeBytes;
  }

  take(lane: Lane, batch: RecordBatch): boolean {
    const entries: Entry[] = [];
    try {
      return this.#read(lane, batch, entries);
    } catch (error) {
      this.#unreadable(lane, batch, entries, messageOf(error));
      return true;
    } finally {
      if (entries.length > 0) this.#push(entries);
    }
  }

  /** The record is done with: written, in the dead letters, or no longer ours. */
  release(entry: Entry): void {
    const { lane } = entry;
    this.#lines--;
    this.#bytes -= entry.bytes;
    lane.lines--;
    lane.bytes -= entry.bytes;
    if (lane.live) lane.tracker.finish(entry.ticket);
  }

  #read(lane: Lane, batch: RecordBatch, entries: Entry[]): boolean {
    if (batch.lastOffset < lane.tracker.next) return true;
    const { linesMax, bytesMax } = this.#options;
    const cursor = new RecordCursor(batch, this.#options.batchBytesMax);
    const { drops, quota, indexed = true } = this.#plan(lane.topic);
    const meter = this.#quotas.of(lane.topic, quota);
    const fieldsBefore = lane.decoder.fieldsDropped;
    let bytes = 0;
    try {
      while (cursor.next()) {
        if (cursor.offset < lane.tracker.next) continue;
        if (this.#lines >= linesMax || this.#bytes >= bytesMax) return false;
        const decoded = lane.decoder.decode(cursor);
        const ticket = lane.tracker.take(cursor.offset);
        if (decoded === "tombstone") {
          lane.tracker.finish(ticket);
          this.#events.dropped(lane.topic, "tombstone", 1);
          continue;
        }
        const size = cursor.valueEnd - cursor.valueStart;
        let rule = indexed ? undefined : "not_indexed";
        if (rule === undefined && !drops.empty) rule = drops.ruleFor(decoded);
        if (rule === undefined && meter !== undefined) {
          if (quota.over === "drop" && !meter.open) rule = "quota";
          else meter.take(1, size);
        }
        if (rule !== undefined) {
          lane.tracker.finish(ticket);
          this.#events.dropped(lane.topic, rule, 1);
          continue;
        }
        bytes += size;
        entries.push(this.#entry(lane, ticket, batch, cursor.offset, size, decoded));
      }
    } finally {
      this.#events.read(lane.topic, entries.length, bytes);
      const fields = lane.decoder.fieldsDropped - fieldsBefore;
      if (fields > 0) this.#events.fieldsDropped(fields);
    }
    lane.tracker.skipTo(batch.lastOffset + 1);
    return true;
  }

  #entry(
    lane: Lane,
    ticket: number,
    batch: RecordBatch,
    offset: number,
    size: number,
    record: Entry["record"],
  ): Entry {
    const bytes = size + ENTRY_BYTES;
    this.#lines++;
    this.#bytes += bytes;
    lane.lines++;
    lane.bytes += bytes;
    return { lane, ticket, bytes, offset, batch, record, dead: null };
  }

  /** What could not be read of the batch is one entry, on its way to the dead letters. */
  #unreadable(lane: Lane, batch: RecordBatch, entries: Entry[], reason: string): void {
    const offset = Math.max(batch.firstOffset, lane.tracker.next);
    const ticket = lane.tracker.take(offset);
    const entry = this.#entry(lane, ticket, batch, offset, batch.raw.length, null);
    entry.dead = { code: "KAFKA_BATCH_UNREADABLE", reason };
    entries.push(entry);
    lane.tracker.skipTo(batch.lastOffset + 1);
  }
}
