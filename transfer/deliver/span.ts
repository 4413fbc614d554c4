/**
 * Records of one batch on their way from Kafka to the index: rows that lie one behind the other and
 * share what becomes of them. A span is cut where that is no longer so; no record needs an object
 * of its own as long as all goes well.
 */
import type { Lane } from "../consume/lane.ts";
import type { RecordBatch } from "../consume/record_batch.ts";
import type { RecordRows } from "../consume/record_rows.ts";
import type { DeadReason, Entry } from "./entry.ts";

/** Counted for a line beside its bytes: its numbers, and its part of what is shared. */
export const LINE_BYTES = 300;

export class Span {
  /** Rows before this one are not of the span. */
  readonly from: number;
  readonly to: number;
  readonly lane: Lane;
  readonly batch: RecordBatch;
  /** Null for a batch that cannot be read: it counts as one record and stands for all of them. */
  readonly rows: RecordRows | null;
  /** Of the first record in the lane's tracker; the others follow it. */
  readonly ticket: number;
  /** Set once it is known that the records go to the dead letters. */
  dead: DeadReason | null = null;
  #bytes = -1;

  constructor(
    lane: Lane,
    batch: RecordBatch,
    rows: RecordRows | null,
    ticket: number,
    from: number,
    to: number,
  ) {
    this.lane = lane;
    this.batch = batch;
    this.rows = rows;
    this.ticket = ticket;
    this.from = from;
    this.to = to;
  }

  /** Records. */
  get count(): number {
    return this.to - this.from;
  }

  /** Bytes that it counts for in the channel. */
  get bytes(): number {
    if (this.#bytes < 0) {
      let sum = 0;
      for (let i = 0; i < this.count; i++) sum += this.bytesOf(i);
      this.#bytes = sum;
    }
    return this.#bytes;
  }

  /** Bytes that a record counts for; `i` from 0. */
  bytesOf(i: number): number {
    const { rows } = this;
    return (rows === null ? this.batch.raw.length : rows.valueBytes(this.from + i)) + LINE_BYTES;
  }

  /** The records `from` to `to` (exclusive), counted from 0, as a span of their own. */
  slice(from: number, to: number): Span {
    if (from === 0 && to === this.count) return this;
    const { lane, batch, rows, ticket } = this;
    const part = new Span(lane, batch, rows, ticket + from, this.from + from, this.from + to);
    part.dead = this.dead;
    return part;
  }

  /** Oldest time of a record, ms since 1970. */
  get oldestMs(): number {
    let oldest = Infinity;
    if (this.rows === null) return oldest;
    const { createdMs } = this.rows;
    for (let row = this.from; row < this.to; row++) {
      if (createdMs[row] < oldest) oldest = createdMs[row];
    }
    return oldest;
  }

  /** A record as an entry of its own; `i` from 0. */
  entry(i: number): Entry {
    const { rows, from, batch, lane, dead } = this;
    return {
      lane,
      ticket: this.ticket + i,
      bytes: this.bytesOf(i),
      offset: rows === null ? from : rows.kafkaOffsets[from + i],
      batch,
      record: rows === null ? null : rows.record(from + i),
      dead,
    };
  }
}
