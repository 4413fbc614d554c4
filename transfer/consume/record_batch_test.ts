import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { crc32c } from "../../core/kafka/crc32c.ts";
import { readBatches, type RecordBatch, RecordCursor } from "./record_batch.ts";
import { batchBytes, type TestRecord } from "./record_batch_fixture.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function recordsOf(batch: RecordBatch): TestRecord[] {
  const cursor = new RecordCursor(batch, 1 << 20), records: TestRecord[] = [];
  while (cursor.next()) {
    const { bytes } = cursor;
    const part = (start: number, end: number) =>
      start < 0 ? null : text(bytes.subarray(start, end));
    const headers: [string, string | null][] = [];
    cursor.headers((nameStart, nameEnd, valueStart, valueEnd) =>
      headers.push([part(nameStart, nameEnd)!, part(valueStart, valueEnd)])
    );
    records.push({
      offset: cursor.offset,
      timestampMs: cursor.timestampMs,
      key: part(cursor.keyStart, cursor.keyEnd),
      value: part(cursor.valueStart, cursor.valueEnd),
      headers,
    });
  }
  return records;
}

const RECORDS: TestRecord[] = [
  { offset: 100, timestampMs: 5000, key: "k", value: "one", headers: [["a", "1"], ["b", null]] },
  { offset: 101, timestampMs: 4000, key: null, value: null, headers: [] },
  { offset: 105, timestampMs: 9_999_999, key: "", value: "", headers: [["", ""]] },
];

Deno.test("readBatches() and RecordCursor give back what was written", () => {
  const [batch] = readBatches(batchBytes(RECORDS));
  assert.equal(batch.firstOffset, 100);
  assert.equal(batch.lastOffset, 105);
  assert.deepEqual(recordsOf(batch), RECORDS);
});

Deno.test("RecordCursor unpacks gzip and zstd", () => {
  for (const [codec, pack] of [[1, gzipSync], [4, zstdCompressSync]] as const) {
    const [batch] = readBatches(batchBytes(RECORDS, { codec, pack: (bytes) => pack(bytes) }));
    assert.deepEqual(recordsOf(batch), RECORDS);
  }
});

Deno.test("RecordCursor takes the broker's time where the topic says so", () => {
  const [batch] = readBatches(batchBytes(RECORDS, { attributes: 8 }));
  assert.deepEqual(recordsOf(batch).map((one) => one.timestampMs), [
    9_999_999,
    9_999_999,
    9_999_999,
  ]);
});

Deno.test("RecordCursor makes a time before 1970 or after 9999 no time", () => {
  for (const timestampMs of [-1, 253_402_300_800_000, 2 ** 52]) {
    const [batch] = readBatches(batchBytes([{ ...RECORDS[0], timestampMs }]));
    assert.equal(recordsOf(batch)[0].timestampMs, 0);
  }
});

Deno.test("readBatches() leaves out a batch that was cut, and reads those before it", () => {
  const one = batchBytes(RECORDS);
  const two = new Uint8Array(one.length * 2);
  two.set(one);
  two.set(one, one.length);
  for (let size = one.length; size < two.length; size += 7) {
    assert.equal(readBatches(two.subarray(0, size)).length, 1);
  }
  assert.equal(readBatches(two).length, 2);
});

Deno.test("readBatches() refuses a batch whose checksum does not fit", () => {
  const bytes = batchBytes(RECORDS);
  bytes[bytes.length - 1] ^= 1;
  assert.throws(() => readBatches(bytes), /checksum/);
});

Deno.test("RecordCursor refuses an unknown codec and more output than allowed", () => {
  assert.throws(
    () => new RecordCursor(readBatches(batchBytes(RECORDS, { attributes: 7 }))[0], 1 << 20),
    /cannot unpack 7: unknown codec/,
  );
  const pack = (bytes: Uint8Array) => gzipSync(bytes);
  const large = [{ ...RECORDS[0], value: "x".repeat(100_000) }];
  const [batch] = readBatches(batchBytes(large, { codec: 1, pack }));
  assert.throws(() => new RecordCursor(batch, 1000), /cannot unpack gzip/);
});

Deno.test("a damaged batch ends in a RangeError, in time, and never in anything else", () => {
  const good = batchBytes(RECORDS);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(good.length),
      (changes, cut) => {
        const bytes = good.slice();
        for (const [at, byte] of changes) if (at >= 21) bytes[at] = byte;
        const view = new DataView(bytes.buffer);
        view.setUint32(17, crc32c(bytes, 21));
        try {
          for (const batch of readBatches(bytes.subarray(0, Math.max(cut, 61)))) {
            const found = recordsOf(batch);
            assert.ok(found.length <= bytes.length);
          }
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
