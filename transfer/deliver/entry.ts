/** A record on its way from Kafka to the index, and what is needed to say where it came from. */
import type { LogRecord } from "../../core/ports/document_store.ts";
import type { Lane } from "../consume/lane.ts";
import type { RecordBatch } from "../consume/record_batch.ts";

export interface Entry {
  lane: Lane;
  /** Of the lane's tracker. */
  ticket: number;
  /** Bytes that it counts for in the channel. */
  bytes: number;
  /** Kafka offset; of a batch that cannot be read, its first. */
  offset: number;
  /** The batch that holds it, for the dead letter. */
  batch: RecordBatch;
  /** Null for a batch that cannot be read: it stands for all its records. */
  record: LogRecord | null;
  /** Set once it is known that it goes to the dead letters. */
  dead: DeadReason | null;
}

export interface DeadReason {
  /** Stable code, such as "ES_REJECTED". */
  code: string;
  reason: string;
}
