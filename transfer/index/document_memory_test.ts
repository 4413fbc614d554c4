import assert from "node:assert/strict";
import fc from "fast-check";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { RecordDecoder } from "../consume/decode.ts";
import { readBatches, RecordCursor } from "../consume/record_batch.ts";
import { batchBytes, type TestRecord } from "../consume/record_batch_fixture.ts";
import { KafkaRecord, RecordRows } from "../consume/record_rows.ts";
import { BulkBody } from "./bulk_body.ts";
import { DocumentEncoder } from "./document.ts";
import { plainShape } from "./shape_fixture.ts";
import { TEXT_SHA256 } from "./wasm/document_module.ts";

const INGESTED = "2026-11-21T00:00:01.000Z";
const DAY_MS = 86_400_000;

Deno.test("the module was made of document.wat as it stands", async () => {
  const text = await Deno.readFile(new URL("wasm/document.wat", import.meta.url));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex();
  assert.equal(TEXT_SHA256, hash, "run: deno run -A deploy/wasm.ts");
});

/** Bytes that begin, continue and break characters, more often than chance would have them. */
const bytes = fc.array(
  fc.oneof(
    fc.nat(255),
    fc.integer({ min: 32, max: 126 }),
    fc.constantFrom(9, 10, 34, 92, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5),
  ),
  { maxLength: 70 },
).map((list) => Uint8Array.from(list));

const line = fc.oneof(
  { arbitrary: bytes, weight: 20 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 60 }), weight: 20 },
  {
    arbitrary: fc.constantFrom(
      "",
      "plain",
      '10.0.0.1 - - [20/Nov/2026:04:15:26 +0000] "GET /ä HTTP/1.1" 500 12',
      '{"time":"2026-11-20T04:15:26.123Z","level":"warn","msg":"a\\nb","n":1.5,"x":{"y":[1]}}',
      '{"time":"1960-01-01T00:00:00Z","level":"error"}',
      "2026-11-20 04:15:26,123 ERROR [main] c.e.Class: no \u0000 \u001b[31m end",
      'ts=2026-11-20T04:15:26Z level=info msg="a b"',
      `long ${"ü".repeat(3000)} ${'"\\'.repeat(2000)}`,
    ),
    weight: 40,
  },
  {
    arbitrary: fc.constantFrom(1000, 262_144, 262_145).map((size) => `${"a".repeat(size - 1)}\n`),
    weight: 1,
  },
);

const ours = fc.record({
  key: fc.constantFrom("AbCdEfGh01234-_9", "BbCdEfGh01234-_9", "short", null),
  host: fc.constantFrom("web-1", 'we"b', "ä", ""),
  path: fc.constantFrom("/var/log/a.log", "/var/log/ä\n.log", `/long/${"x".repeat(9000)}`),
  offset: fc.oneof(fc.nat(2000), fc.maxSafeNat().map((value) => value % 2 ** 52), fc.constant("")),
  length: fc.oneof(fc.nat(500), fc.constantFrom(2 ** 31, 999_999_999, 1_000_000_000, "x")),
  extra: fc.constantFrom<[string, string | null][][]>(
    [],
    [["weir.day", "2026-11-19"]],
    [["weir.day", "2026-11-41"]],
    [["weir.tz", "Asia/Tokyo"]],
    [["team", "shop"], ["none", null]],
    [["log.offset", "7"]],
  ),
  swapped: fc.boolean(),
  value: fc.option(line, { freq: 12 }),
  later: fc.oneof(fc.nat(1000), fc.constantFrom(DAY_MS, 5 * DAY_MS, -DAY_MS)),
  gap: fc.constantFrom(1, 1, 1, 7),
});

function recordsOf(list: (typeof ours extends fc.Arbitrary<infer T> ? T : never)[]): TestRecord[] {
  let offset = 2 ** 40, timestampMs = Date.UTC(2026, 10, 20, 23, 59, 59, 900);
  return list.map(({ key, host, path, offset: at, length, extra, swapped, value, later, gap }) => {
    const numbers: [string, string][] = [["log.offset", `${at}`], ["log.length", `${length}`]];
    offset += gap;
    timestampMs += later;
    return {
      offset,
      timestampMs,
      key,
      value,
      headers: [
        ["weir.v", "1"],
        ["host.name", host],
        ["log.file.path", path],
        ...extra,
        ...swapped ? numbers.toReversed() : numbers,
      ],
    };
  });
}

const CODECS = [
  {},
  { codec: 1, pack: (records: Uint8Array) => gzipSync(records) },
  { codec: 4, pack: (records: Uint8Array) => zstdCompressSync(records) },
];
const quick = new BulkBody(1, true);

Deno.test("a batch read and written quickly gives the bytes of each record by itself", () => {
  const fields = fc.boolean(), dataStream = fc.boolean();
  const list = fc.array(ours, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      list,
      fields,
      dataStream,
      fc.constantFrom(...CODECS),
      (list, fields, stream, codec) => {
        const [batch] = readBatches(batchBytes(recordsOf(list), codec));
        const shape = { ...plainShape("t"), dataStream: stream, fields };
        const target = { index: "i-2026.11.20", document: "full" as const };

        const rowsCursor = new RecordCursor(batch, 1 << 26);
        const rows = RecordRows.of("t", 3, batch, rowsCursor.bytes);
        const reader = new RecordDecoder("t", 3);
        while (rowsCursor.next()) reader.read(rowsCursor, rows);
        const encoder = new DocumentEncoder(), row = new KafkaRecord();
        quick.begin();
        quick.lines(rows.bytes, rows.bytes.length);
        for (let i = 0; i < rows.count; i++) {
          encoder.append(quick, row.load(rows, i), target, shape, INGESTED);
        }

        const plain = new BulkBody();
        plain.begin();
        let dropped = 0, count = 0;
        for (const cursor = new RecordCursor(batch, 1 << 26); cursor.next();) {
          const decoder = new RecordDecoder("t", 3); // knows nothing of the record before
          const record = decoder.decode(cursor);
          dropped += decoder.fieldsDropped;
          if (record === "tombstone") continue;
          count++;
          new DocumentEncoder().append(plain, record, target, shape, INGESTED);
        }
        assert.equal(rows.count, count);
        assert.equal(reader.fieldsDropped, dropped);
        const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
        assert.equal(text.decode(quick.take()), text.decode(plain.take()));
        assert.equal(quick.invalid, plain.invalid);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("BulkBody.message() says what TextDecoder says, for any bytes at any place", () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 5 }), (lines) => {
      const all = new Uint8Array(lines.reduce((sum, one) => sum + one.length, 3)).fill(0xe2);
      quick.begin();
      quick.lines(all, all.length);
      let at = 3, wanted = "";
      for (const one of lines) all.set(one, at), at += one.length;
      at = 3;
      for (const one of lines) {
        assert.ok(quick.message(all, at, at += one.length));
        wanted += decoder.decode(one);
      }
      const found = decoder.decode(quick.take()).split("\n").slice(0, -1)
        .map((one) => JSON.parse(`{"a":1${one}`).message).join("");
      assert.equal(found, wanted);
    }),
    { numRuns: 3000 },
  );
});
