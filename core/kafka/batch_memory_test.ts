import assert from "node:assert/strict";
import fc from "fast-check";
import type { LineChunk } from "../ports/line_sink.ts";
import { BatchMemory } from "./batch_memory.ts";
import { crc32c } from "./crc32c.ts";
import { putRecord } from "./plain_record.ts";
import { RecordBatchBuilder, recordPrefix } from "./record_batch.ts";
import { TEXT_SHA256 } from "./wasm/batch_module.ts";
import { TEXT_SHA256 as PACK_TEXT_SHA256 } from "./wasm/pack_module.ts";

const HEADER_BYTES = 61;

Deno.test("the modules were made of batch.wat and pack.wat as they stand", async () => {
  for (const [name, wanted] of [["batch", TEXT_SHA256], ["pack", PACK_TEXT_SHA256]]) {
    const text = await Deno.readFile(new URL(`wasm/${name}.wat`, import.meta.url));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex();
    assert.equal(wanted, hash, "run: deno run -A deploy/wasm.ts");
  }
});

Deno.test("BatchMemory.crc32c() agrees with the plain checksum for every size, place and seed", () => {
  const memory = new BatchMemory(65_536, 1);
  const { address, bytes } = memory.take();
  fc.assert(fc.property(
    fc.nat(40_000),
    fc.nat(9),
    fc.nat(0xffffffff),
    fc.nat(),
    (size, from, seed, filler) => {
      for (let i = 0; i < size; i++) bytes[from + i] = Math.imul(i + filler, 2654435761) >>> 13;
      assert.equal(
        memory.crc32c(address + from, size, seed),
        crc32c(bytes, from, from + size, seed),
      );
    },
  ));
});

/** Any chunk: lines of any size, skipped bytes between them, offsets up to 2^53. */
const chunks = fc.record({
  lines: fc.array(fc.record({ size: fc.nat(700), skipped: fc.nat(30_000) }), {
    minLength: 1,
    maxLength: 300,
  }),
  start: fc.oneof(fc.nat(1000), fc.nat(4_294_967_295), fc.nat(Number.MAX_SAFE_INTEGER - 1e10)),
  path: fc.string({ maxLength: 300 }),
  filler: fc.nat(255),
}).map(({ lines, start, path, filler }): LineChunk => {
  const marks: number[] = [];
  let at = 3, accounted = 0;
  for (const { size, skipped } of lines) {
    accounted += size + 1 + skipped;
    marks.push(at, at + size, accounted);
    at += size + 1;
  }
  const bytes = Uint8Array.from({ length: at }, (_, i) => (i * 31 + filler) & 255);
  return {
    topic: "t",
    generation: "AAAAAAAAAAAAAAAA",
    path,
    host: "h",
    start,
    end: start + accounted,
    bytes,
    marks: Int32Array.from(marks),
    lines: lines.length,
    day: "1970-01-01",
    tz: "UTC",
  };
});

Deno.test("RecordBatchBuilder writes byte for byte what the plain record does, over any number of batches", () => {
  const builder = new RecordBatchBuilder(new BatchMemory(65_536, 1));
  fc.assert(fc.property(chunks, fc.integer({ min: 1, max: 300 }), (chunk, linesMax) => {
    const prefix = recordPrefix(chunk, 0);
    for (let next = 0; next < chunk.lines;) {
      builder.begin(0);
      const from = next;
      next = builder.append(chunk, prefix, from, linesMax);
      assert(next > from && next <= from + linesMax);
      const expected = new Uint8Array(builder.size);
      let at = HEADER_BYTES;
      for (let line = from; line < next; line++) {
        const [valueStart, valueEnd, end] = chunk.marks.subarray(line * 3);
        const before = line === 0 ? 0 : chunk.marks[line * 3 - 1];
        at = putRecord(expected, at, {
          ...prefix,
          delta: line - from,
          value: chunk.bytes.subarray(valueStart, valueEnd),
          offset: chunk.start + before,
          length: end - before,
        });
      }
      assert.equal(at, expected.length);
      const batch = builder.finish("none", 0);
      assert.deepEqual(batch.slice(HEADER_BYTES), expected.slice(HEADER_BYTES));
      const view = new DataView(batch.buffer, batch.byteOffset);
      assert.equal(view.getUint32(17), crc32c(batch, 21));
      assert.equal(view.getInt32(57), next - from);
    }
  }));
});

Deno.test("RecordBatchBuilder takes headers that are larger than its quick way holds", () => {
  const builder = new RecordBatchBuilder(new BatchMemory(65_536, 1));
  const chunk: LineChunk = {
    ...fc.sample(chunks, { numRuns: 1, seed: 1 })[0],
    path: "p".repeat(40_000),
  };
  builder.begin(0);
  assert.equal(builder.append(chunk, recordPrefix(chunk, 0), 0), 1);
  assert.equal(builder.append(chunk, recordPrefix(chunk, 0), 1), 1, "the next one waits");
  assert(builder.finish("none", 0).length > 40_000);
});
