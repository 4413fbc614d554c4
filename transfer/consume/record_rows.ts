/**
 * The records of a batch as columns of numbers: no object a record. What records share (generation,
 * host, path, day, zone, static fields) is one Origin for as long as it stays the same. A record as
 * an object is made only where something is to be said of that one.
 */
import type { RecordBatch } from "./record_batch.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { foreignUid, uidOf } from "../../core/record/identity.ts";

/** The smallest record: length, attributes, time, offset, key, value, headers. */
const RECORD_BYTES_MIN = 7;

/** What neighbouring records have in common. Compared by identity. */
export interface Origin {
  /** Null for records of other producers. */
  readonly generation: string | null;
  readonly host: string;
  readonly path: string;
  readonly day: string;
  readonly tz: string;
  readonly fields: Readonly<Record<string, string>> | undefined;
}

const NO_ORIGIN: Origin = {
  generation: null,
  host: "",
  path: "",
  day: "",
  tz: "UTC",
  fields: undefined,
};

/** Rows are appended and never change. */
export class RecordRows {
  readonly topic: string;
  readonly partition: number;
  /** The unpacked batch; values are ranges of it. */
  readonly bytes: Uint8Array;
  count = 0;
  /** Begin and end of each value. */
  readonly values: Int32Array;
  readonly kafkaOffsets: Float64Array;
  /** File offset (foreign: the Kafka offset), and bytes that the record accounts for. */
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
  /** ms since 1970. */
  readonly createdMs: Float64Array;
  readonly origins: Origin[] = [];

  /** Room for what the batch says that it holds, as far as its bytes allow that. */
  static of(topic: string, partition: number, batch: RecordBatch, bytes: Uint8Array): RecordRows {
    const most = Math.floor(bytes.length / RECORD_BYTES_MIN);
    return new RecordRows(topic, partition, bytes, Math.max(0, Math.min(batch.count, most)));
  }

  constructor(topic: string, partition: number, bytes: Uint8Array, rowsMax: number) {
    this.topic = topic;
    this.partition = partition;
    this.bytes = bytes;
    this.values = new Int32Array(rowsMax * 2);
    this.kafkaOffsets = new Float64Array(rowsMax);
    this.offsets = new Float64Array(rowsMax);
    this.lengths = new Float64Array(rowsMax);
    this.createdMs = new Float64Array(rowsMax);
  }

  /** Bytes of the value of a row. */
  valueBytes(row: number): number {
    return this.values[row * 2 + 1] - this.values[row * 2];
  }

  /** Takes the row appended last away. */
  pop(): void {
    this.count--;
    this.origins.pop();
  }

  /** The row as an object of its own. */
  record(row: number): KafkaRecord {
    return new KafkaRecord().load(this, row);
  }
}

const NO_ROWS = new RecordRows("", 0, new Uint8Array(0), 0);

/** A row seen as a LogRecord; `load` makes the same object show another one. */
export class KafkaRecord implements LogRecord {
  #rows: RecordRows = NO_ROWS;
  #origin: Origin = NO_ORIGIN;
  kafkaOffset = 0;
  offset = 0;
  length = 0;
  valueStart = 0;
  valueEnd = 0;
  createdMs = 0;

  load(rows: RecordRows, row: number): this {
    this.#rows = rows;
    this.#origin = rows.origins[row];
    this.kafkaOffset = rows.kafkaOffsets[row];
    this.offset = rows.offsets[row];
    this.length = rows.lengths[row];
    this.valueStart = rows.values[row * 2];
    this.valueEnd = rows.values[row * 2 + 1];
    this.createdMs = rows.createdMs[row];
    return this;
  }

  get topic(): string {
    return this.#rows.topic;
  }
  get partition(): number {
    return this.#rows.partition;
  }
  get bytes(): Uint8Array {
    return this.#rows.bytes;
  }
  get origin(): Origin {
    return this.#origin;
  }
  get generation(): string | null {
    return this.#origin.generation;
  }
  get host(): string {
    return this.#origin.host;
  }
  get path(): string {
    return this.#origin.path;
  }
  get day(): string {
    return this.#origin.day;
  }
  get tz(): string {
    return this.#origin.tz;
  }
  get fields(): Readonly<Record<string, string>> | undefined {
    return this.#origin.fields;
  }
  get value(): Uint8Array {
    return this.bytes.subarray(this.valueStart, this.valueEnd);
  }
  get uid(): string {
    const { generation } = this.#origin;
    return generation === null
      ? foreignUid(this.topic, this.partition, String(this.kafkaOffset), this.createdMs)
      : uidOf(generation, this.offset, this.offset + this.length);
  }
  get kafka(): { partition: number; offset: string } {
    return { partition: this.partition, offset: String(this.kafkaOffset) };
  }
}
