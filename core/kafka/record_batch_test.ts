import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Buffer } from "node:buffer";
import { BatchMemory } from "./batch_memory.ts";
import { RecordBatchBuilder, recordPrefix } from "./record_batch.ts";
import { crc32c } from "./crc32c.ts";
import type { LineChunk } from "../ports/line_sink.ts";

const require = createRequire(import.meta.url);
// kafkajs's own decoder is the oracle here: it is what consumers of these records use.
const decodeBatch = require("kafkajs/src/protocol/recordBatch/v0/decoder");
const Decoder = require("kafkajs/src/protocol/decoder");

function chunkOf(lines: string[], start = 1000): LineChunk {
  const bytes = new TextEncoder().encode(lines.map((line) => line + "\n").join(""));
  const marks: number[] = [];
  let at = 0;
  for (const line of lines) {
    const size = new TextEncoder().encode(line).length;
    marks.push(at, at + size, at + size + 1);
    at += size + 1;
  }
  return {
    topic: "t",
    generation: "AAAAAAAAAAAAAAAA",
    path: "/var/log/a.log",
    host: "h1",
    start,
    end: start + at,
    bytes,
    marks: Int32Array.from(marks),
    lines: lines.length,
    day: "2026-11-21",
    tz: "Asia/Shanghai",
    fields: { env: "prod" },
  };
}

async function decode(batch: Uint8Array): Promise<any> {
  return await decodeBatch(new Decoder(Buffer.from(batch)));
}

Deno.test("crc32c() gives the check value of the standard, whole and in parts", () => {
  const bytes = new TextEncoder().encode("123456789");
  assert.equal(crc32c(bytes), 0xe3069283);
  assert.equal(crc32c(bytes, 4, 9, crc32c(bytes, 0, 4)), 0xe3069283);
});

Deno.test("crc32c() gives the same for every cut of the bytes, at every alignment", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 167 + (i >> 3)) & 255);
  const plain = (from: number, to: number) => {
    let crc = -1;
    for (let i = from; i < to; i++) {
      crc ^= bytes[i];
      for (let bit = 0; bit < 8; bit++) {
        crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
    }
    return ~crc >>> 0;
  };
  for (let shift = 0; shift < 9; shift++) {
    const view = bytes.subarray(shift);
    for (const [from, to] of [[0, 0], [0, 1], [1, 9], [3, 40], [5, 291], [0, 291]]) {
      assert.equal(
        crc32c(view, from, to),
        plain(from + shift, to + shift),
        `${shift} ${from} ${to}`,
      );
    }
  }
});

for (const codec of ["none", "gzip"] as const) {
  Deno.test(`RecordBatchBuilder writes batches that kafkajs reads back, ${codec}`, async () => {
    const lines = ["first", "", "zweite Zeile äöü", "x".repeat(5000), "日志"];
    const chunk = chunkOf(lines, 4294967290);
    const now = Date.UTC(2026, 10, 22, 1);
    const builder = new RecordBatchBuilder(new BatchMemory(65536, 1));
    builder.begin(now);
    assert.equal(builder.append(chunk, recordPrefix(chunk, now), 0), lines.length);
    const { records } = await decode(builder.finish(codec, 3));
    assert.deepEqual(records.map((record: any) => record.value.toString()), lines);
    assert.deepEqual(records.map((record: any) => record.offset), ["0", "1", "2", "3", "4"]);
    const last = records[4];
    assert.equal(last.key.toString(), "AAAAAAAAAAAAAAAA");
    assert.equal(last.timestamp, String(now));
    const headers = Object.fromEntries(
      Object.entries(last.headers).map(([name, value]) => [name, String(value)]),
    );
    assert.deepEqual(headers, {
      "weir.v": "1",
      "host.name": "h1",
      "log.file.path": "/var/log/a.log",
      "weir.day": "2026-11-21",
      "weir.tz": "Asia/Shanghai",
      env: "prod",
      "log.offset": String(4294967290 + 5 + 1 + 1 + 20 + 5001 - 0),
      "log.length": "7",
    });
  });
}

Deno.test("RecordBatchBuilder leaves lines that do not fit for the next batch, and grows for one that never would", async () => {
  const chunk = chunkOf(Array.from({ length: 1000 }, (_, i) => `line ${i} ${"y".repeat(200)}`));
  const builder = new RecordBatchBuilder(new BatchMemory(65536, 1));
  const prefix = recordPrefix(chunk, 0);
  let next = 0, seen = 0;
  while (next < chunk.lines) {
    builder.begin(0);
    const before = next;
    next = builder.append(chunk, prefix, next);
    const { records } = await decode(builder.finish("none", 0));
    assert.equal(records.length, next - before);
    assert.match(records[0].value.toString(), new RegExp(`^line ${before} `));
    seen += records.length;
  }
  assert.equal(seen, 1000);
  const large = chunkOf(["z".repeat(200000)]);
  builder.begin(0);
  assert.equal(builder.append(large, recordPrefix(large, 0), 0), 1);
  assert.equal((await decode(builder.finish("none", 0))).records[0].value.length, 200000);
});
