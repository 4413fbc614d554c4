import assert from "node:assert/strict";
import { Damage, decodeFetchAnswer } from "./fetch_answer.ts";
import { RecordCursor } from "./record_batch.ts";
import { batchBytes } from "./record_batch_fixture.ts";

const record = (offset: number) => ({
  ...{ offset, timestampMs: 1, key: null, value: "x", headers: [] },
});
const batchOf = (...offsets: number[]) => batchBytes(offsets.map(record));

function damaged(...offsets: number[]): Uint8Array {
  const bytes = batchOf(...offsets);
  bytes[bytes.length - 1] ^= 1;
  return bytes;
}

/** A Fetch v11 answer with one topic, and one partition for each list of batches. */
function answer(...partitions: Uint8Array[][]): Uint8Array {
  return answerWith([], ...partitions);
}

/** `aborted`: producers and first offsets of transactions, of each partition. */
function answerWith(aborted: [number, number][], ...partitions: Uint8Array[][]): Uint8Array {
  const parts: number[] = [];
  const int = (size: number, value: number) => {
    for (let i = size - 1; i >= 0; i--) parts.push(Math.floor(value / 256 ** i) & 255);
  };
  int(4, 0); // throttle time
  int(2, 0);
  int(4, 0);
  int(4, 1);
  int(2, 1);
  parts.push("t".charCodeAt(0));
  int(4, partitions.length);
  partitions.forEach((batches, i) => {
    int(4, i);
    int(2, 0);
    for (const offset of [100, 100, 0]) int(8, offset);
    int(4, aborted.length);
    for (const numbers of aborted) for (const number of numbers) int(8, number);
    int(4, 1);
    int(4, batches.reduce((sum, { length }) => sum + length, 0));
    for (const batch of batches) for (const byte of batch) parts.push(byte);
  });
  return Uint8Array.from(parts);
}

const offsetsOf = (payload: Uint8Array, damage: Damage) =>
  decodeFetchAnswer(payload, damage).responses[0].partitions.map(({ messages }) =>
    messages.map(({ batch }) => [batch.firstOffset, batch.lastOffset, batch.fault !== undefined])
  );

Deno.test("a damaged batch keeps no other partition back; it is fetched again, then passed", () => {
  const payload = answer(
    [batchOf(0, 1), damaged(2, 3), batchOf(7)],
    [batchOf(0)],
    [damaged(5, 6)],
  );
  const damage = new Damage();
  assert.deepEqual(offsetsOf(payload, damage), [[[0, 1, false]], [[0, 0, false]], []]);
  // Up to where the next one begins, or as far as its own header can be right.
  assert.deepEqual(offsetsOf(payload, damage), [
    [[0, 1, false], [2, 6, true], [7, 7, false]],
    [[0, 0, false]],
    [[5, 6, true]],
  ]);
  const [{ messages }] = decodeFetchAnswer(payload, damage).responses[0].partitions;
  assert.throws(() => new RecordCursor(messages[1].batch, 1e6), /checksum/);
});

Deno.test("a damaged header does not make more offsets pass than a batch can have", () => {
  const bytes = damaged(5, 6);
  new DataView(bytes.buffer).setInt32(23, 2 ** 30);
  const damage = new Damage(), payload = answer([bytes]);
  offsetsOf(payload, damage);
  assert.deepEqual(offsetsOf(payload, damage), [[[5, 5, true]]]);
});

const CONTROL = 32, TRANSACTIONAL = 16;

const sent = (producer: number, offset: number) =>
  batchBytes([record(offset)], { attributes: TRANSACTIONAL, producerId: BigInt(producer) });

/** `type`: 0 of an abort, 1 of a commit. */
const ended = (producer: number, offset: number, type: number) =>
  batchBytes([{ ...record(offset), key: String.fromCharCode(0, 0, 0, type) }], {
    attributes: TRANSACTIONAL | CONTROL,
    producerId: BigInt(producer),
  });

const readable = (payload: Uint8Array) => {
  const [{ abortedTransactions, messages }] = decodeFetchAnswer(payload).responses[0].partitions;
  assert.deepEqual(abortedTransactions, [], "kafkajs has nothing to look for");
  return messages.filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => offset);
};

Deno.test("of transactions that overlap the aborted ones are passed over, in whatever order they are listed", () => {
  const batches = [
    sent(1, 0),
    sent(3, 1),
    sent(1, 2),
    sent(2, 3),
    batchOf(4),
    ended(2, 5, 0),
    sent(1, 6),
    sent(2, 7), // the next one of this producer
    ended(1, 8, 0),
    sent(1, 9),
    ended(3, 10, 1),
    ended(2, 11, 1),
    ended(1, 12, 1),
  ];
  const committed = ["1", "4", "7", "9"];
  // As a broker lists them: by their ends.
  assert.deepEqual(readable(answerWith([[2, 3], [1, 0]], batches)), committed);
  assert.deepEqual(readable(answerWith([[1, 0], [2, 3]], batches)), committed);
  // A fetch that begins in the middle of both.
  assert.deepEqual(readable(answerWith([[2, 3], [1, 0]], batches.slice(4))), ["4", "7", "9"]);
});

Deno.test("without a list of aborted transactions all is read but their ends", () => {
  const batches = [sent(1, 0), ended(1, 1, 1), sent(1, 2), ended(1, 3, 0), batchOf(4)];
  assert.deepEqual(readable(answer(batches)), ["0", "2", "4"]);
});
