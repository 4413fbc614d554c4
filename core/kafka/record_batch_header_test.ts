/** The fixed fields of a batch, which brokers go by, and the places of lines over several batches. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Buffer } from "node:buffer";
import type { LineChunk } from "../ports/line_sink.ts";
import { BatchMemory } from "./batch_memory.ts";
import { crc32c } from "./crc32c.ts";
import { RecordBatchBuilder, recordPrefix } from "./record_batch.ts";

const require = createRequire(import.meta.url);
const decodeBatch = require("kafkajs/src/protocol/recordBatch/v0/decoder");
const Decoder = require("kafkajs/src/protocol/decoder");
const NOW = Date.UTC(2026, 10, 21, 1);
const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** Lines with `gap` bytes before each that its record accounts for as well. */
function chunkOf(
  lines: string[],
  { gap = 0, ...more }: Partial<LineChunk> & { gap?: number } = {},
): LineChunk {
  const marks: number[] = [], parts: string[] = [];
  let at = 0;
  for (const line of lines) {
    parts.push("\0".repeat(gap), line, "\n");
    marks.push(at + gap, at + gap + line.length, at += gap + line.length + 1);
  }
  return {
    ...{
      topic: "t",
      generation: "AAAAAAAAAAAAAAAA",
      path: "/a",
      host: "h",
      start: 500,
      end: 500 + at,
    },
    ...{ bytes: new TextEncoder().encode(parts.join("")), marks: Int32Array.from(marks) },
    ...{ lines: lines.length, day: "2026-11-21", tz: "UTC", ...more },
  };
}

async function read(batch: Uint8Array) {
  const { records } = await decodeBatch(new Decoder(Buffer.from(batch)));
  return records.map(({ value, headers }: any) => ({
    value: value.toString(),
    offset: Number(headers["log.offset"]),
    length: Number(headers["log.length"]),
    names: Object.keys(headers),
  }));
}

Deno.test("RecordBatchBuilder fills every fixed field, with each codec", () => {
  const builder = new RecordBatchBuilder(new BatchMemory(65_536, 1));
  const identity = { id: 7_000_000_001n, epoch: 3, sequence: 90 };
  const small = chunkOf(["one", "two", "three"]), large = chunkOf(["z".repeat(100_000)]);
  for (const [code, codec] of CODECS.entries()) {
    for (const chunk of [small, large]) {
      for (const producer of [identity, undefined]) {
        builder.begin(NOW);
        assert.equal(builder.append(chunk, recordPrefix(chunk, NOW), 0), chunk.lines);
        assert.deepEqual([builder.records, builder.timestampMs], [chunk.lines, NOW]);
        const bytes = builder.finish(codec, 1, producer);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        const big = [0, 27, 35, 43].map((at) => view.getBigInt64(at));
        const now = BigInt(NOW);
        assert.deepEqual(big, [0n, now, now, producer === undefined ? -1n : identity.id], codec);
        assert.equal(view.getInt32(8), bytes.length - 12);
        assert.deepEqual([view.getInt32(12), view.getInt8(16), view.getInt16(21)], [-1, 2, code]);
        assert.deepEqual([view.getInt32(23), view.getInt32(57)], [chunk.lines - 1, chunk.lines]);
        const from = producer === undefined ? [-1, -1] : [3, 90];
        assert.deepEqual([view.getInt16(51), view.getInt32(53)], from);
        assert.equal(view.getUint32(17), crc32c(bytes, 21), `${codec}: checksum`);
      }
    }
  }
});

Deno.test("RecordBatchBuilder accounts for every byte once, over as many batches as it takes", async () => {
  const builder = new RecordBatchBuilder(new BatchMemory(4096, 1));
  for (const gap of [0, 3]) {
    const lines = Array.from({ length: 200 }, (_, i) => `${i} ${"y".repeat((i * 37) % 300)}`);
    lines[50] = "x".repeat(9000); // larger than a block
    const chunk = chunkOf(lines, { gap });
    const prefix = recordPrefix(chunk, NOW), found = [];
    for (let next = 0; next < chunk.lines;) {
      builder.begin(NOW);
      const before = next;
      next = builder.append(chunk, prefix, next, 30);
      assert.ok(next > before && next - before <= 30);
      assert.equal(builder.records, next - before);
      found.push(...await read(builder.finish("none", 0)));
    }
    assert.deepEqual(found.map(({ value }) => value), lines);
    let at = chunk.start;
    for (const { offset, length } of found) {
      assert.equal(offset, at);
      at += length;
    }
    assert.equal(at, chunk.end);
  }
});

Deno.test("RecordBatchBuilder adds nothing to a batch of one large line, and begins anew behind it", async () => {
  const builder = new RecordBatchBuilder(new BatchMemory(4096, 1));
  const large = chunkOf(["z".repeat(9000)]), small = chunkOf(["a", "b"]);
  builder.begin(NOW);
  assert.equal(builder.append(small, recordPrefix(small, NOW), 0), 2);
  assert.equal(builder.append(large, recordPrefix(large, NOW), 0), 0, "not beside others");
  builder.begin(NOW);
  assert.equal(builder.append(large, recordPrefix(large, NOW), 0), 1);
  assert.equal(builder.append(small, recordPrefix(small, NOW), 0), 0);
  assert.ok(builder.size > 9000);
  builder.begin(NOW);
  assert.equal(builder.append(small, recordPrefix(small, NOW), 0), 2);
  assert.equal((await read(builder.finish("none", 0))).length, 2);
});

Deno.test("RecordBatchBuilder sends lines with huge headers one by one", async () => {
  const builder = new RecordBatchBuilder(new BatchMemory(1 << 18, 1));
  const chunk = chunkOf(["a", "b", "c"], { fields: { long: "f".repeat(120_000) } });
  const prefix = recordPrefix(chunk, NOW), found = [];
  for (let next = 0; next < 3;) {
    builder.begin(NOW);
    next = builder.append(chunk, prefix, next);
    found.push(...await read(builder.finish("gzip", 1)));
  }
  assert.deepEqual(found.map(({ value, offset, length }) => [value, offset, length]), [
    ...[["a", 500, 2], ["b", 502, 2], ["c", 504, 2]],
  ]);
});

Deno.test("recordPrefix() says day and zone only where they differ", async () => {
  const builder = new RecordBatchBuilder(new BatchMemory(65_536, 1));
  const names = async (more: Partial<LineChunk>, now = NOW) => {
    const chunk = chunkOf(["a"], more);
    builder.begin(now);
    builder.append(chunk, recordPrefix(chunk, now), 0);
    return (await read(builder.finish("none", 0)))[0].names;
  };
  const always = ["weir.v", "host.name", "log.file.path"], place = ["log.offset", "log.length"];
  assert.deepEqual(await names({}), [...always, ...place]);
  assert.deepEqual(await names({}, NOW + 86_400_000), [...always, "weir.day", ...place]);
  assert.deepEqual(await names({ tz: "Asia/Tokyo" }), [...always, "weir.tz", ...place]);
});

Deno.test("RecordBatchBuilder gives its block back for the next one", () => {
  const memory = new BatchMemory(4096, 1);
  for (let i = 0; i < 3; i++) new RecordBatchBuilder(memory).release();
  assert.equal(new RecordBatchBuilder(memory).size, 61);
});
