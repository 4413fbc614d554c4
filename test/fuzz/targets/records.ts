/**
 * Kafka's record batches from the wire to rows: what is no batch throws RangeError and nothing else; every range of a
 * record lies in its batch; a decoder that knows the records before gives what one that knows nothing gives; packed
 * records never become more than they may; what is written is read as the same.
 */
import { dayOf, isGeneration } from "../../../core/record/identity.ts";
import { HEADER } from "../../../core/record/headers.ts";
import { crc32c } from "../../../core/kafka/crc32c.ts";
import { decodeFetchAnswer } from "../../../transfer/consume/fetch_answer.ts";
import { isDay, RecordDecoder } from "../../../transfer/consume/decode.ts";
import {
  readBatches,
  type RecordBatch,
  RecordCursor,
} from "../../../transfer/consume/record_batch.ts";
import type { KafkaRecord } from "../../../transfer/consume/record_rows.ts";
import { must, mustEqual, type Target } from "../target.ts";

const UNPACKED_BYTES_MAX = 65_536;

export const records: Target = {
  name: "records",
  what: "transfer/consume/ (fetch answers, record batches, codecs, decoder)",
  words: [...Object.values(HEADER), "AAAAAAAAAAAAAAAA", "2026-11-20", "\u0001", "\u0002", "\0"],
  bytesMax: 4096,
  cases: 4000,
  run(input) {
    const raw = outcomeOf(() => decodeFetchAnswer(input));
    const plain = outcomeOf(() => readBatches(input));
    repair(input);
    let batches: RecordBatch[];
    try {
      batches = readBatches(input);
    } catch (error) {
      return `${raw} ${plain} ${refused(error)}`;
    }
    const outcomes = batches.map(readBatch);
    return `${raw} ${plain} ${outcomes.join(" ")}`;
  },
};

/** Only a RangeError is documented. */
function refused(error: unknown): string {
  if (error instanceof RangeError) return error.message.replace(/\d+/g, "0");
  throw error;
}

function outcomeOf(run: () => unknown): string {
  try {
    run();
    return "read";
  } catch (error) {
    return refused(error);
  }
}

/** Makes length, version and checksum of a first batch fit, or no mutated input would get further. */
function repair(bytes: Uint8Array): void {
  if (bytes.length < 61) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setInt32(8, bytes.length - 12);
  view.setInt8(16, 2);
  view.setUint32(17, crc32c(bytes, 21, bytes.length));
}

function readBatch(batch: RecordBatch): string {
  const known = new RecordDecoder("topic", 0);
  let count = 0, ours = 0;
  try {
    const cursor = new RecordCursor(batch, UNPACKED_BYTES_MAX);
    must(
      batch.codec === 0 || cursor.bytes.length <= UNPACKED_BYTES_MAX,
      () => `${cursor.bytes.length} bytes were unpacked`,
    );
    while (cursor.next()) {
      count++;
      const record = known.decode(cursor), fresh = new RecordDecoder("topic", 0).decode(cursor);
      mustEqual(shown(record), shown(fresh), `record ${count}, by a decoder that knows others`);
      if (record === "tombstone") continue;
      checkRecord(record, cursor);
      if (record.generation !== null) ours++;
    }
  } catch (error) {
    return `${batch.codec} ${Math.min(count, 3)} ${Math.min(ours, 3)} ${refused(error)}`;
  }
  return `${batch.codec} ${Math.min(count, 9)} ${Math.min(ours, 9)}`;
}

function shown(record: KafkaRecord | "tombstone"): unknown {
  if (record === "tombstone") return record;
  const { generation, host, path, day, tz, fields, offset, length, uid, createdMs } = record;
  return [generation, host, path, day, tz, fields, offset, length, uid, createdMs, [
    record.valueStart,
    record.valueEnd,
  ]];
}

function checkRecord(record: KafkaRecord, cursor: RecordCursor): void {
  const { valueStart, valueEnd, offset, length, generation, day } = record;
  must(
    valueStart >= 0 && valueStart <= valueEnd && valueEnd <= cursor.bytes.length,
    () => `the value is ${valueStart} to ${valueEnd} of ${cursor.bytes.length}`,
  );
  must(generation === null || isGeneration(generation), () => `the generation is ${generation}`);
  must(
    Number.isSafeInteger(record.kafkaOffset) ? Number.isSafeInteger(offset) : true,
    () => `the offset is ${offset}`,
  );
  must(Number.isSafeInteger(length) && length >= 0, () => `the length is ${length}`);
  must(isDay(day) || day === dayOf(record.createdMs), () => `the day is ${day}`);
}
