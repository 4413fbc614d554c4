/** Batches as the agent writes them, of every codec and size, read by the transfer: what one writes the other has. */
import assert from "node:assert/strict";
import { BatchMemory, PREFIX_BYTES_MAX } from "../../core/kafka/batch_memory.ts";
import { CODECS, RecordBatchBuilder, recordPrefix } from "../../core/kafka/record_batch.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { RecordDecoder } from "./decode.ts";
import { readBatches, RecordCursor } from "./record_batch.ts";

const TIME = Date.UTC(2026, 10, 21, 12), BLOCK_BYTES = 65_536;
const GENERATION = "AbCdEfGh01234-_9";

function chunkOf(lines: readonly string[], fields: Record<string, string> = {}): LineChunk {
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  const marks: number[] = [];
  let at = 0;
  for (const { length } of lines) {
    marks.push(at, at + length, at + length + 1);
    at += length + 1;
  }
  return {
    ...{ topic: "t", generation: GENERATION, path: "/p", host: "h", start: 500, end: 500 + at },
    ...{ bytes, marks: Int32Array.from(marks), lines: lines.length, day: "2026-11-21", tz: "UTC" },
    fields,
  };
}

function builderOf(): RecordBatchBuilder {
  const builder = new RecordBatchBuilder(new BatchMemory(BLOCK_BYTES, 1));
  builder.begin(TIME);
  return builder;
}

const append = (builder: RecordBatchBuilder, chunk: LineChunk, from = 0, linesMax?: number) =>
  builder.append(chunk, recordPrefix(chunk, TIME), from, linesMax);

/** Text, place and fields of each record of a batch. */
function read(batch: Uint8Array) {
  const [found, ...more] = readBatches(batch.slice());
  assert.deepEqual(more, []);
  const cursor = new RecordCursor(found, 1 << 24), decoder = new RecordDecoder("t", 0);
  const records: { text: string; offset: number; length: number; fields: object }[] = [];
  while (cursor.next()) {
    const record = decoder.decode(cursor);
    assert(record !== "tombstone");
    const { value, offset, length, fields, generation } = record;
    assert.equal(generation, GENERATION);
    records.push({ text: new TextDecoder().decode(value), offset, length, fields: { ...fields } });
  }
  return records;
}

for (const codec of CODECS) {
  Deno.test(`a batch packed with ${codec} is read as it was written, small, full and of one large line`, () => {
    for (const level of [1, 3, 20]) {
      const builder = builderOf(), lines = ["first", "", "y".repeat(300)];
      assert.equal(append(builder, chunkOf(lines)), 3);
      assert.equal(builder.records, 3);
      assert.deepEqual(read(builder.finish(codec, level)), [
        { text: "first", offset: 500, length: 6, fields: {} },
        { text: "", offset: 506, length: 1, fields: {} },
        { text: "y".repeat(300), offset: 507, length: 301, fields: {} },
      ]);
      builder.begin(TIME);
      const large = chunkOf(["z".repeat(BLOCK_BYTES)], { env: "prod" });
      assert.equal(append(builder, large), 1);
      assert.deepEqual(read(builder.finish(codec, level)), [{
        ...{ text: "z".repeat(BLOCK_BYTES), offset: 500, length: BLOCK_BYTES + 1 },
        fields: { env: "prod" },
      }]);
    }
  });
}

Deno.test("a line that no block holds is a batch of its own, wherever it stands", () => {
  const long = "l".repeat(BLOCK_BYTES + 7), chunk = chunkOf(["one", long, "two"]);
  const builder = builderOf();
  assert.equal(append(builder, chunk), 1, "not behind another line");
  assert.equal(append(builder, chunk, 1), 1, "still not");
  assert.deepEqual(read(builder.finish("none", 1)).map(({ text }) => text), ["one"]);
  builder.begin(TIME);
  assert.equal(append(builder, chunk, 1), 2);
  assert.equal(builder.records, 1);
  assert(builder.size > long.length);
  assert.equal(append(builder, chunk, 2), 2, "nothing comes behind it");
  assert.deepEqual(read(builder.finish("none", 1)), [
    { text: long, offset: 504, length: long.length + 1, fields: {} },
  ]);
  builder.begin(TIME);
  assert.equal(append(builder, chunk, 2), 3);
  const [{ text, offset }] = read(builder.finish("none", 1));
  assert.deepEqual([text, offset], ["two", 504 + long.length + 1]);
});

Deno.test("fields of every size go with a line, up to and beyond what the quick way has room for", () => {
  const overhead = recordPrefix(chunkOf(["x"], { f: "" }), TIME);
  const room = PREFIX_BYTES_MAX - overhead.key.length - overhead.headers.length - 64;
  for (const size of [10, room - 3, room - 2, room - 1, room, room + 1, room + 3000]) {
    const fields = { f: "v".repeat(size) }, chunk = chunkOf(["first", "second"], fields);
    const builder = builderOf(), found: ReturnType<typeof read> = [];
    for (let next = 0; next < 2;) {
      builder.begin(TIME);
      const before = next;
      next = append(builder, chunk, next);
      assert(next > before);
      found.push(...read(builder.finish("none", 1)));
    }
    assert.deepEqual(found.map(({ text, offset }) => [text, offset]), [["first", 500], [
      "second",
      506,
    ]]);
    assert(found.every((one) => (one.fields as { f?: string }).f?.length !== 0));
  }
});

Deno.test("a chunk with large fields waits for an empty batch", () => {
  const builder = builderOf(), large = chunkOf(["x"], { f: "v".repeat(PREFIX_BYTES_MAX) });
  assert.equal(append(builder, chunkOf(["small"])), 1);
  assert.equal(append(builder, large), 0);
  assert.deepEqual(read(builder.finish("none", 1)).map(({ text }) => text), ["small"]);
  builder.begin(TIME);
  assert.equal(append(builder, large), 1);
  assert.equal(read(builder.finish("none", 1))[0].text, "x");
});

Deno.test("a batch takes as many lines as were asked for, and as many as there is room for", () => {
  const chunk = chunkOf(Array.from({ length: 9000 }, (_, i) => String(i % 10)));
  const builder = builderOf();
  assert.equal(append(builder, chunk, 2, 3), 5);
  assert.equal(append(builder, chunk, 5, 0), 5);
  assert.deepEqual(read(builder.finish("none", 1)).map(({ text }) => text), ["2", "3", "4"]);
  let next = 0, seen = 0;
  while (next < chunk.lines) {
    builder.begin(TIME);
    const before = next;
    next = append(builder, chunk, next);
    const records = read(builder.finish("none", 1));
    assert.equal(records.length, next - before);
    assert.equal(records[0].offset, 500 + 2 * before);
    assert(builder.size <= BLOCK_BYTES);
    assert(next === chunk.lines || builder.size > BLOCK_BYTES - 300, "it is full");
    seen += records.length;
  }
  assert.equal(seen, 9000);
});

Deno.test("more lines than are staged at once are one batch where there is room", () => {
  const chunk = chunkOf(Array.from({ length: 9000 }, () => "z"));
  const builder = new RecordBatchBuilder(new BatchMemory(4 << 20, 1));
  builder.begin(TIME);
  assert.equal(append(builder, chunk), 9000);
  const records = read(builder.finish("none", 1));
  assert.deepEqual(
    records.map(({ offset }) => offset),
    Array.from({ length: 9000 }, (_, i) => 500 + 2 * i),
  );
});
