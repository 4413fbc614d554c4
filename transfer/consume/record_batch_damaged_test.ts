/** What a broker, a disk or a foreign client can do to a batch, to the byte, and what the reader makes of it. */
import assert from "node:assert/strict";
import { crc32c } from "../../core/kafka/crc32c.ts";
import { readBatches, RecordCursor } from "./record_batch.ts";
import { batchBytes, type TestRecord } from "./record_batch_fixture.ts";

const ONE: TestRecord = { offset: 100, timestampMs: 5000, key: null, value: "v", headers: [] };

/** A batch of one record whose body is these bytes. */
function cursorOver(body: number[], count = 1): RecordCursor {
  const bytes = batchBytes([ONE], { pack: () => Uint8Array.from(body) });
  new DataView(bytes.buffer).setInt32(57, count);
  return new RecordCursor(readBatches(sealed(bytes))[0], 1 << 20);
}

function sealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(17, crc32c(bytes, 21));
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The same batch with a byte behind its checksum changed. */
function broken(records: TestRecord[], change = (_: DataView) => {}): Uint8Array {
  const bytes = batchBytes(records);
  change(new DataView(bytes.buffer));
  bytes[bytes.length - 1] ^= 1;
  return bytes;
}

Deno.test("readBatches() reads a batch without records: a compacted topic has them", () => {
  const bytes = batchBytes([ONE], { pack: () => new Uint8Array(0) });
  const view = new DataView(bytes.buffer);
  view.setInt32(23, 8);
  view.setInt32(57, 0);
  const [batch, ...more] = readBatches(sealed(bytes));
  assert.equal(more.length, 0);
  assert.deepEqual([batch.firstOffset, batch.lastOffset, batch.count], [100, 108, 0]);
  assert.equal(new RecordCursor(batch, 1000).next(), false);
});

Deno.test("readBatches() names an old format and a length that is none", () => {
  for (const format of [0, 1, 3, -1]) {
    const bytes = batchBytes([ONE]);
    bytes[16] = format;
    assert.throws(() => readBatches(bytes), { name: "RangeError", message: /old format/ });
  }
  for (const length of [48, 0, -1, -(2 ** 31)]) {
    const bytes = batchBytes([ONE]);
    new DataView(bytes.buffer).setInt32(8, length);
    assert.throws(() => readBatches(bytes), { name: "RangeError", message: /without a length/ });
  }
});

Deno.test("readBatches() tells control batches, transactions and their producer", () => {
  const flags = (attributes: number) => {
    const bytes = batchBytes([ONE], { attributes });
    new DataView(bytes.buffer).setBigInt64(43, 258n);
    const [{ control, transactional, appendTime, codec, producerId }] = readBatches(sealed(bytes));
    return { control, transactional, appendTime, codec, producerId };
  };
  const none = { control: false, transactional: false, appendTime: false, codec: 0 };
  assert.deepEqual(flags(0), { ...none, producerId: "258" });
  assert.deepEqual(flags(32), { ...none, control: true, producerId: "258" });
  assert.deepEqual(flags(16), { ...none, transactional: true, producerId: "258" });
  assert.deepEqual(flags(8), { ...none, appendTime: true, producerId: "258" });
  assert.deepEqual(flags(64 | 7), { ...none, codec: 7, producerId: "258" });
});

Deno.test("readBatches() goes on behind a damaged batch that is passed, and ends before one that is not", () => {
  const later = { ...ONE, offset: 110 };
  const bytes = joined(broken([ONE, { ...ONE, offset: 103 }]), batchBytes([later]));
  const asked: number[] = [];
  const passed = readBatches(bytes, (offset) => asked.push(offset) > 0);
  assert.deepEqual(asked, [100]);
  // Up to the batch behind it nothing is known to be missing.
  assert.deepEqual(passed.map((one) => [one.firstOffset, one.lastOffset, one.count]), [
    [100, 109, 0],
    [110, 110, 1],
  ]);
  assert.match(passed[0].fault!, /checksum/);
  assert.equal(passed[1].fault, undefined);
  assert.deepEqual(readBatches(bytes, () => false), []);
  const behind = readBatches(joined(batchBytes([ONE]), broken([later])), () => false);
  assert.deepEqual(behind.map((one) => one.firstOffset), [100]);
});

Deno.test("a damaged batch cannot be read, and none of its flags is believed", () => {
  const [batch] = readBatches(broken([ONE], (view) => view.setInt16(21, 63)), () => true);
  const { control, transactional, appendTime, codec, producerId, raw } = batch;
  assert.deepEqual([control, transactional, appendTime, codec], [false, false, false, 0]);
  assert.deepEqual([batch.firstTimestamp, batch.maxTimestamp, producerId], [0, 0, "-1"]);
  assert.equal(raw.length, batchBytes([ONE]).length);
  assert.throws(() => new RecordCursor(batch, 1000), { name: "RangeError", message: /checksum/ });
});

Deno.test("a damaged batch at the end says its own last offset, where it has room for that many", () => {
  const lastOf = (said: number, body: number) => {
    const pack = () => new Uint8Array(body);
    const bytes = batchBytes([ONE], { pack });
    new DataView(bytes.buffer).setInt32(23, said);
    bytes[17] ^= 1;
    return readBatches(bytes, () => true)[0].lastOffset;
  };
  // 61 + 79 bytes hold 20 records of 7 bytes at most.
  assert.equal(lastOf(3, 79), 103);
  assert.equal(lastOf(19, 79), 119);
  assert.equal(lastOf(20, 79), 100);
  assert.equal(lastOf(0, 79), 100);
  assert.equal(lastOf(-1, 79), 100);
  assert.equal(lastOf(2 ** 31 - 1, 79), 100);
});

Deno.test("a damaged batch before one that does not come later says its own last offset", () => {
  for (const offset of [99, 100]) {
    const bytes = joined(broken([ONE, { ...ONE, offset: 102 }]), batchBytes([{ ...ONE, offset }]));
    assert.equal(readBatches(bytes, () => true)[0].lastOffset, 102, String(offset));
  }
  const next = joined(broken([ONE]), batchBytes([{ ...ONE, offset: 101 }]));
  assert.equal(readBatches(next, () => true)[0].lastOffset, 100);
  // What was cut behind it is asked only where its header is whole.
  const two = joined(broken([ONE]), batchBytes([{ ...ONE, offset: 150 }]));
  const first = batchBytes([ONE]).length;
  assert.equal(readBatches(two.subarray(0, first + 60), () => true)[0].lastOffset, 100);
  assert.equal(readBatches(two.subarray(0, first + 61), () => true)[0].lastOffset, 149);
});

// Of a record: size, attributes, time, offset, key, value, number of headers.
const SMALLEST = [12, 0, 0, 0, 1, 1, 0];

Deno.test("RecordCursor reads the smallest record, and says null by -1", () => {
  const cursor = cursorOver(SMALLEST);
  assert.equal(cursor.next(), true);
  assert.deepEqual([cursor.keyStart, cursor.valueStart, cursor.headerCount], [-1, -1, 0]);
  assert.equal(cursor.next(), false);
});

Deno.test("RecordCursor refuses a record that says more or less than it holds", () => {
  const beyond: [string, number[]][] = [
    ["smaller than any", [10, 0, 0, 0, 1, 1, 0]],
    ["negative", [1, 0, 0, 0, 1, 1, 0]],
    ["beyond the batch", [14, 0, 0, 0, 1, 1, 0]],
    ["a key beyond the record", [12, 0, 0, 0, 4, 1, 0, 0, 0]],
    ["a value beyond the record", [12, 0, 0, 0, 1, 4, 0, 0, 0]],
    ["a negative number of headers", [12, 0, 0, 0, 1, 1, 1]],
    ["nothing", []],
  ];
  for (const [what, body] of beyond) {
    assert.throws(() => cursorOver(body).next(), { name: "RangeError" }, what);
  }
});

Deno.test("RecordCursor refuses a header beyond its record", () => {
  const headersOf = (headers: number[], behind: number[] = []) => {
    const inner = [0, 0, 0, 1, 1, 2, ...headers];
    const cursor = cursorOver([inner.length * 2, ...inner, ...behind]);
    cursor.next();
    const found: number[][] = [];
    cursor.headers((...range) => found.push(range));
    return found;
  };
  assert.deepEqual(headersOf([2, 97, 2, 98]), [[8, 9, 10, 11]]);
  assert.deepEqual(headersOf([2, 97, 1]), [[8, 9, -1, 10]]);
  const behind = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const headers of [[1, 0], [4, 97, 1], [2, 97, 4, 98], [2, 97]]) {
    assert.throws(() => headersOf(headers, behind), { name: "RangeError" }, String(headers));
  }
});

Deno.test("RecordCursor goes on at the next record, whatever lies behind the headers of one", () => {
  const inner = [0, 0, 0, 1, 1, 2, 2, 97, 2, 98, 7, 7, 7];
  const cursor = cursorOver([inner.length * 2, ...inner, ...SMALLEST.with(3, 4)], 2);
  assert.equal(cursor.next(), true);
  cursor.headers(() => {});
  assert.equal(cursor.next(), true);
  assert.equal(cursor.offset, 102);
});

Deno.test("RecordCursor reads numbers of one byte to five, of both signs", () => {
  const cases = [
    ...[0, 1, -1, 63, -64, 64, -65, 100, -100, 8191, 8192, -8192, -8193, 1_048_576, -1_048_577],
    ...[134_217_728, -134_217_729, 2 ** 31 - 1, -(2 ** 31)],
  ];
  for (const delta of cases) {
    const bytes = batchBytes([ONE, { ...ONE, offset: 100 + delta, timestampMs: 5e9 + delta }]);
    const cursor = new RecordCursor(readBatches(bytes)[0], 1000);
    cursor.next();
    cursor.next();
    assert.equal(cursor.offset, 100 + delta);
    assert.equal(cursor.timestampMs, 5e9 + delta);
  }
});

Deno.test("RecordCursor refuses numbers that do not end", () => {
  const offset = (...number: number[]) => {
    const inner = [0, 0, ...number, 1, 1, 0];
    return cursorOver([inner.length * 2, ...inner]);
  };
  assert.equal(offset(128, 128, 128, 128, 0).next(), true);
  assert.throws(() => offset(128, 128, 128, 128, 128, 0).next(), /a number without an end/);
  const time = (bytes: number) => {
    const inner = [0, ...Array(bytes - 1).fill(128), 1, 0, 1, 1, 0];
    const cursor = cursorOver([inner.length * 2, ...inner]);
    cursor.next();
    return cursor.timestampMs;
  };
  assert.equal(time(10), 0, "a time that is none");
  assert.throws(() => time(11), /a number without an end/);
  assert.throws(() => time(16), /a number without an end/);
});

Deno.test("RecordCursor keeps times from the first millisecond of 1970 to the last of 9999", () => {
  for (const timestampMs of [0, 1, 253_402_300_799_999]) {
    const cursor = new RecordCursor(readBatches(batchBytes([{ ...ONE, timestampMs }]))[0], 1000);
    cursor.next();
    assert.equal(cursor.timestampMs, timestampMs);
  }
});
