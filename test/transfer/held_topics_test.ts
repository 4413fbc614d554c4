/** One topic whose index cannot be had holds up no other: over a scripted endpoint. */
import assert from "node:assert/strict";
import { BulkEndpoint } from "../support/bulk_endpoint.ts";
import { elasticOptions } from "../support/elastic_options.ts";
import { WeirError } from "../../core/errors.ts";
import { RecordDecoder } from "../../transfer/consume/decode.ts";
import { readBatches, RecordCursor } from "../../transfer/consume/record_batch.ts";
import { batchBytes } from "../../transfer/consume/record_batch_fixture.ts";
import { RecordRows } from "../../transfer/consume/record_rows.ts";
import { createElastic } from "../../transfer/index/client.ts";
import { ElasticWriter } from "../../transfer/index/elastic_writer.ts";
import type { IndexNames } from "../../transfer/index/names.ts";

/** Rows of plain lines of a topic, at these offsets. */
function rowsOf(topic: string, ...offsets: number[]) {
  const [batch] = readBatches(batchBytes(offsets.map((offset) => ({
    ...{ offset, timestampMs: Date.UTC(2026, 10, 21), key: null, value: "x", headers: [] },
  }))));
  const cursor = new RecordCursor(batch, 1e6), decoder = new RecordDecoder(topic, 0);
  const rows = RecordRows.of(topic, 0, batch, cursor.bytes);
  while (cursor.next()) decoder.read(cursor, rows);
  return { rows, from: 0, to: rows.count };
}

Deno.test("ElasticWriter writes the other topics where one has no index name, in order", async () => {
  const endpoint = new BulkEndpoint();
  const client = createElastic(elasticOptions(endpoint.url, 30_000));
  const names: IndexNames = {
    dayFor: (_topic, day) => day,
    targetOf(topic) {
      if (topic !== "bad") return { index: `i-${topic}`, document: "full" };
      const error = new WeirError("INDEX_NAME_UNREADABLE", "what is decided", { retriable: true });
      return Promise.reject(error);
    },
  };
  const shape = { dataset: "d", namespace: "", dataStream: false, fields: true, parser: undefined };
  const writer = new ElasticWriter(client, names, () => ({ shape, template: undefined }));
  try {
    const results = async (...ranges: ReturnType<typeof rowsOf>[]) => {
      const found = await writer.writeRows(ranges);
      return found === "created" ? found : found.map(({ result }) => result);
    };
    assert.deepEqual(await results(rowsOf("a", 0), rowsOf("bad", 0, 1), rowsOf("b", 0, 1)), [
      ...["created", "retry", "retry", "created", "created"],
    ]);
    assert.deepEqual(await results(rowsOf("bad", 0), rowsOf("a", 0, 1)), [
      ...["retry", "exists", "created"],
    ]);
    assert.deepEqual(await results(rowsOf("bad", 0)), ["retry"]);
    assert.equal(await results(rowsOf("c", 0)), "created");
    assert.equal(endpoint.documents.size, 5);
  } finally {
    await writer.close();
    await endpoint.close();
  }
});
