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
import { KafkaRecord, RecordRows } from "../consume/record_rows.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import type { DropRules } from "../topics/drop.ts";
import type { Quotas } from "../topics/quota.ts";
import type { Quota } from "../topics/rules.ts";
import { LINE_BYTES, Span } from "./span.ts";

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
  /** Each record that a rule dropped, while its bytes are there; the object shows another one afterwards. */
  droppedRecord?(record: LogRecord, rule: string): void;
  read(topic: string, records: number, bytes: number): void;
  /** Headers left out of documents: too many in a record, or too long. */
  fieldsDropped(count: number): void;
}

export class Channel implements BatchSink {
  readonly #options: ChannelOptions;
  readonly #plan: (topic: string) => ChannelPlan;
  readonly #quotas: Quotas;
  readonly #push: (span: Span) => void;
  readonly #events: ChannelEvents;
  /** Shows one record after the other to the rules. */
  readonly #seen = new KafkaRecord();
  #lines = 0;
  #bytes = 0;

  /** `plan` is asked for each batch: its answer may change. */
  constructor(
    options: ChannelOptions,
    plan: (topic: string) => ChannelPlan,
    quotas: Quotas,
    push: (span: Span) => void,
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
    if (batch.lastOffset < lane.tracker.next) return true;
    try {
      const cursor = new RecordCursor(batch, this.#options.batchBytesMax);
      return this.#read(lane, batch, cursor);
    } catch (error) {
      this.#unreadable(lane, batch, messageOf(error));
      return true;
    }
  }

  /** The records are done with: written, in the dead letters, or no longer ours. */
  release(span: Span): void {
    const { lane, count, bytes } = span;
    this.#lines -= count;
    this.#bytes -= bytes;
    lane.lines -= count;
    lane.bytes -= bytes;
    if (lane.live) lane.tracker.finish(span.ticket, count);
  }

  #read(lane: Lane, batch: RecordBatch, cursor: RecordCursor): boolean {
    const { linesMax, bytesMax } = this.#options;
    const { tracker, decoder } = lane;
    const { drops, quota, indexed = true } = this.#plan(lane.topic);
    const meter = this.#quotas.of(lane.topic, quota);
    const record = this.#seen;
    const rows = RecordRows.of(lane.topic, lane.partition, batch, cursor.bytes);
    const fieldsBefore = decoder.fieldsDropped;
    let first = -1, bytes = 0;
    try {
      while (cursor.next()) {
        const { offset } = cursor;
        if (offset < tracker.next) continue;
        const full = this.#lines + rows.count >= linesMax ||
          this.#bytes + bytes + rows.count * LINE_BYTES >= bytesMax;
        if (full) return false;
        let rule: string | undefined;
        if (decoder.read(cursor, rows)) {
          const size = cursor.valueEnd - cursor.valueStart;
          if (!indexed) rule = "not_indexed";
          else if (!drops.empty) rule = drops.ruleFor(record.load(rows, rows.count - 1));
          if (rule === undefined && meter !== undefined) {
            if (quota.over === "drop" && !meter.open) rule = "quota";
            else meter.take(1, size);
          }
          if (rule === undefined) {
            const ticket = tracker.take(offset);
            if (first < 0) first = ticket;
            bytes += size;
            continue;
          }
          this.#events.droppedRecord?.(record.load(rows, rows.count - 1), rule);
          rows.pop();
        } else rule = "tombstone";
        tracker.skipTo(offset + 1);
        this.#events.dropped(lane.topic, rule, 1);
      }
    } finally {
      this.#events.read(lane.topic, rows.count, bytes);
      const fields = decoder.fieldsDropped - fieldsBefore;
      if (fields > 0) this.#events.fieldsDropped(fields);
      if (rows.count > 0) this.#admit(new Span(lane, batch, rows, first, 0, rows.count));
    }
    tracker.skipTo(batch.lastOffset + 1);
    return true;
  }

  #admit(span: Span): void {
    const { lane, count, bytes } = span;
    this.#lines += count;
    this.#bytes += bytes;
    lane.lines += count;
    lane.bytes += bytes;
    this.#push(span);
  }

  /** What could not be read of the batch counts as one record, on its way to the dead letters. */
  #unreadable(lane: Lane, batch: RecordBatch, reason: string): void {
    const offset = Math.max(batch.firstOffset, lane.tracker.next);
    const span = new Span(lane, batch, null, lane.tracker.take(offset), offset, offset + 1);
    span.dead = { code: "KAFKA_BATCH_UNREADABLE", reason };
    this.#admit(span);
    lane.tracker.skipTo(batch.lastOffset + 1);
  }
}
