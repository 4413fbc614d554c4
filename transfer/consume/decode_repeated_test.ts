/** The quick way for a record like the last one must give what the slow way gives, and share what is the same. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { RecordDecoder } from "./decode.ts";
import { readBatches, RecordCursor } from "./record_batch.ts";
import { batchBytes, type TestRecord } from "./record_batch_fixture.ts";
import { type Origin, RecordRows } from "./record_rows.ts";

const KEY = "AbCdEfGh01234-_9";
const TIME = Date.UTC(2026, 10, 21, 23, 59, 59);
type Header = TestRecord["headers"][number];

function line(
  offset: number | string,
  length: number | string,
  more: readonly Header[] = [],
): TestRecord {
  const headers: Header[] = [["weir.v", "1"], ["host.name", "web-1"], ["log.file.path", "/a.log"]];
  const place: Header[] = [["log.offset", String(offset)], ["log.length", String(length)]];
  return {
    ...{ offset: 7, timestampMs: TIME, key: KEY, value: "line" },
    headers: [...headers, ...more, ...place],
  };
}

/** All records of one partition, read by one decoder. */
function read(records: TestRecord[]) {
  const cursor = new RecordCursor(readBatches(batchBytes(records))[0], 1 << 24);
  const decoder = new RecordDecoder("web_log", 3);
  const rows = new RecordRows("web_log", 3, cursor.bytes, records.length);
  while (cursor.next()) decoder.read(cursor, rows);
  return { rows, decoder };
}

function originsOf(records: TestRecord[]): Origin[] {
  return read(records).rows.origins;
}

function seen(records: TestRecord[]) {
  const { rows } = read(records);
  return Array.from({ length: rows.count }, (_, row) => {
    const { uid, generation, offset, length, host, path, day, tz, fields, value, createdMs } = rows
      .record(row);
    const text = new TextDecoder().decode(value);
    return { uid, generation, offset, length, host, path, day, tz, fields, text, createdMs };
  });
}

const NUMBERS = ["0", "9", "10", "1000", "123456789012345", "1234567890123456", "x", "-1", ""];
const HEADERS: fc.Arbitrary<Header> = fc.oneof(
  fc.tuple(fc.constantFrom("host.name", "log.file.path"), fc.constantFrom("a", "b", "aa", "ab")),
  fc.tuple(fc.constantFrom("team", "teal", "tea"), fc.constantFrom("shop", "shoq", "thop", "shp")),
  fc.tuple(fc.constant("weir.day"), fc.constantFrom("2026-11-20", "2026-11-19", "2026-02-30")),
  fc.tuple(fc.constant("weir.tz"), fc.constantFrom("Asia/Tokyo", "Asia/Tokyp", "")),
  fc.tuple(fc.constant("log.offset"), fc.constantFrom(...NUMBERS)),
  fc.tuple(fc.constant("log.length"), fc.constantFrom(...NUMBERS)),
  fc.constant<Header>(["team", null]),
);

Deno.test("RecordDecoder says of a record what it would say of it alone", () => {
  const record = fc.record({
    key: fc.constantFrom(KEY, KEY, KEY, `B${KEY.slice(1)}`, `${KEY.slice(0, 15)}8`, "short", null),
    offset: fc.oneof(fc.nat(1e12).map(String), fc.constantFrom(...NUMBERS)),
    length: fc.oneof(fc.nat(1e5).map(String), fc.constantFrom(...NUMBERS)),
    day: fc.integer({ min: -1, max: 1 }),
    before: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.array(HEADERS, { maxLength: 2 }),
    ),
    after: fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, fc.array(HEADERS, { maxLength: 1 })),
    isSwapped: fc.nat(9).map((n) => n === 0),
  });
  const records = fc.array(record, { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(records, (all) => {
      const written = all.map((one, i): TestRecord => {
        const { headers, ...rest } = line(one.offset, one.length, one.before);
        if (one.isSwapped) headers.push(...headers.splice(-2).reverse());
        const timestampMs = TIME + one.day * 86_400_000;
        return {
          ...rest,
          key: one.key,
          timestampMs,
          offset: i,
          headers: [...headers, ...one.after],
        };
      });
      assert.deepEqual(seen(written), written.flatMap((one) => seen([one])));
    }),
    { numRuns: 500 },
  );
});

Deno.test("RecordDecoder gives records that differ in their places only one origin", () => {
  const team: Header[] = [["team", "shop"], ["app", "cart"]];
  const origins = originsOf([line(0, 9, team), line(9, 900, team), line(909, 1e6, team)]);
  assert.equal(origins[1], origins[0]);
  assert.equal(origins[2], origins[0]);
  const noted: Header[] = [["team", "shop"], ["weir.day", "2026-11-20"]];
  const late = { ...line(9, 1, noted), timestampMs: TIME + 86_400_000 };
  const [first, second] = originsOf([line(0, 9, noted), late]);
  assert.equal(second, first, "the header names the day, the time does not matter");
});

Deno.test("RecordDecoder reads no byte behind the records for one that is shorter than the last", () => {
  const short: Header[] = Array.from({ length: 5 }, () => ["a", ""]);
  const { headers } = line(0, 9);
  const cut: Header[] = [...headers.slice(0, 3), ["log.offset", "123456789012345"], ["", ""]];
  for (const other of [short, cut]) {
    const { rows } = read([line(0, 9), { ...line(0, 9), value: "", headers: other }]);
    assert.equal(rows.record(1).generation, null);
  }
});

Deno.test("RecordDecoder gives plain lines one origin for as long as their day is the same", () => {
  const plain = (timestampMs: number): TestRecord => (
    { offset: 1, timestampMs, key: null, value: "x", headers: [] }
  );
  const [a, b, c] = originsOf([plain(TIME), plain(TIME - 5000), plain(TIME + 1000)]);
  assert.equal(a, b);
  assert.deepEqual([a.day, c.day], ["2026-11-21", "2026-11-22"]);
});

Deno.test("RecordDecoder shares no origin once an agent's host, path, zone or file changes", () => {
  const origins = originsOf([
    line(0, 9),
    line(9, 9, [["host.name", "web-2"]]),
    line(9, 9, [["log.file.path", "/b.log"]]),
    line(9, 9, [["weir.tz", "Asia/Tokyo"]]),
    { ...line(9, 9), key: "00000000000000-_" },
    line(9, 9),
  ]);
  assert.equal(new Set(origins).size, 6);
});

Deno.test("RecordDecoder keeps what records share only up to 16 KiB of it", () => {
  const share = (bytes: number) => {
    const long: Header[] = [["long", "v".repeat(bytes)]];
    const [first, second] = originsOf([line(0, 9, long), line(9, 9, long)]);
    return first === second;
  };
  assert.equal(share(16_000), true);
  assert.equal(share(17_000), false);
});

Deno.test("RecordDecoder counts what it leaves out of every record, also of equal ones", () => {
  const long: Header[] = [["long", "v".repeat(32_769)]];
  assert.equal(read([line(0, 9, long), line(9, 9, long)]).decoder.fieldsDropped, 2);
});

Deno.test("RecordDecoder appends rows, and none for a record without a value", () => {
  const { rows, decoder } = read([
    { ...line(0, 4), value: "one" },
    { ...line(4, 1), value: null },
    { ...line(5, 5), value: "two2" },
    { ...line(10, 3), value: "" },
  ]);
  assert.equal(rows.count, 3);
  assert.equal(rows.origins.length, 3);
  assert.deepEqual([0, 1, 2].map((row) => rows.valueBytes(row)), [3, 4, 0]);
  assert.deepEqual([0, 1, 2].map((row) => new TextDecoder().decode(rows.record(row).value)), [
    "one",
    "two2",
    "",
  ]);
  assert.equal(decoder.fieldsDropped, 0);
});
