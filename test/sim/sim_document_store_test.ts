import assert from "node:assert/strict";
import { documentReaderConformance } from "../../core/ports/document_reader_conformance.ts";
import {
  documentWriterConformance,
  recordOf,
} from "../../core/ports/document_store_conformance.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { isRetriable } from "../../core/errors.ts";
import { randomOf } from "../support/random.ts";
import { SimDocumentStore } from "./sim_document_store.ts";

documentWriterConformance("simulated", () => {
  const store = new SimDocumentStore(randomOf(1));
  return Promise.resolve({
    writer: store,
    topic: "app",
    documents: (topic) =>
      Promise.resolve(store.memory.documents.filter((one) => one.topic === topic)),
    close: () => store.close(),
  });
});

documentReaderConformance("simulated", () => {
  const store = new SimDocumentStore(randomOf(1));
  return Promise.resolve({
    writer: store,
    reader: store,
    topic: "app",
    settled: () => Promise.resolve(),
    close: () => store.close(),
  });
});

/** Writes until each record is created or exists; returns the calls it took. */
async function writeAll(store: SimDocumentStore, records: LogRecord[]): Promise<number> {
  let left = records, calls = 0;
  while (left.length > 0) {
    assert.ok(++calls < 10_000, "it comes to an end");
    try {
      const outcomes = await store.write(left);
      assert.equal(outcomes.length, left.length);
      left = left.filter((_, i) => outcomes[i].result === "retry");
    } catch (error) {
      assert.ok(isRetriable(error));
    }
  }
  return calls;
}

Deno.test("SimDocumentStore loses and doubles nothing for one who tries again, 200 seeds", async () => {
  let failed = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const faults = { lostCall: 0.2, lostAnswer: 0.2, retry: 0.2 };
    const store = new SimDocumentStore(randomOf(seed), faults);
    const records = Array.from({ length: 20 }, (_, i) => recordOf("app", `line ${i}`, i * 10));
    failed += await writeAll(store, records) - 1;
    const ids = store.memory.documents.map((one) => one._id).sort();
    assert.deepEqual(ids, records.map((one) => one.uid).sort(), `seed ${seed}`);
  }
  assert.ok(failed > 200, `${failed} calls had to be repeated`);
});
