import assert from "node:assert/strict";
import { batchBytes } from "./record_batch_fixture.ts";
import type { BatchMessage } from "./fetch_answer.ts";
import { readBatches } from "./record_batch.ts";
import { readPartition } from "./topic_reader.ts";

const record = (offset: number) => ({
  ...{ offset, timestampMs: 1, key: null, value: "x", headers: [] },
});
const batchOf = (...offsets: number[]) => readBatches(batchBytes(offsets.map(record)))[0];

/** Reads offsets 0 to 4 from a broker that answers so, then never with a record. */
async function read(answers: ReturnType<typeof batchOf>[][], whole: boolean) {
  const found: number[] = [], asked: number[] = [];
  const fetch = ({ fetchOffset }: { fetchOffset: number }) => {
    asked.push(fetchOffset);
    const batches = answers.shift() ?? [];
    return Promise.resolve(batches.map((batch) => ({ batch }) as BatchMessage));
  };
  const range = { topic: "t", partition: 0, from: 0, to: 4 };
  for await (const { batch } of readPartition({ fetch }, range, whole)) {
    found.push(batch.firstOffset);
  }
  return { found, asked };
}

Deno.test("readPartition() asks again where a broker holds it back", async () => {
  const { found, asked } = await read([[batchOf(0, 1)], [], [], [], [batchOf(2, 3)]], true);
  assert.deepEqual(found, [0, 2]);
  assert.deepEqual(asked, [0, 2, 2, 2, 2]);
});

Deno.test("readPartition() never takes a part for the whole where that is asked for", async () => {
  await assert.rejects(read([[batchOf(0, 1)]], true), { code: "KAFKA_CUT", retriable: true });
  assert.deepEqual((await read([[batchOf(0, 1)]], false)).found, [0]);
  // What lies before the place, again and again, is no progress either.
  const stuck = Array.from({ length: 20 }, () => [batchOf(0, 1)]);
  await assert.rejects(read(stuck, true), { code: "KAFKA_CUT" });
});
