import assert from "node:assert/strict";
import { StatementSync } from "node:sqlite";
import { documentReaderConformance } from "../../core/ports/document_reader_conformance.ts";
import { documentWriterConformance } from "../../core/ports/document_store_conformance.ts";
import type { Document } from "../../core/ports/document_store.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import { EmbeddedStore } from "./embedded_store.ts";

async function all(store: EmbeddedStore, topic: string): Promise<Document[]> {
  const found: Document[] = [];
  const request = {
    query: { kind: "equals", field: "topic", value: topic },
    order: "oldest",
    limit: 1000,
  } as const;
  for await (const batch of store.search(request, new AbortController().signal)) {
    found.push(...batch);
  }
  return found;
}

documentWriterConformance("embedded", () => {
  const folder = Deno.makeTempDirSync();
  let store = new EmbeddedStore({ folder });
  return Promise.resolve({
    writer: store,
    topic: "app",
    documents: (topic) => all(store, topic),
    reopen: async () => {
      await store.close();
      store = new EmbeddedStore({ folder });
      return store;
    },
    close: async () => {
      await store.close();
      Deno.removeSync(folder, { recursive: true });
    },
  });
});

documentReaderConformance("embedded", () => {
  const folder = Deno.makeTempDirSync();
  const store = new EmbeddedStore({ folder });
  return Promise.resolve({
    writer: store,
    reader: store,
    topic: "app",
    settled: () => Promise.resolve(),
    close: async () => {
      await store.close();
      Deno.removeSync(folder, { recursive: true });
    },
  });
});

function chunkOf(start: number, lines: number): LineChunk {
  const bytes = new TextEncoder().encode("line\n".repeat(lines)), marks = new Int32Array(lines * 3);
  for (let i = 0; i < lines; i++) marks.set([i * 5, i * 5 + 4, i * 5 + 5], 3 * i);
  return {
    ...{ topic: "app", generation: "AAAAAAAAAAAAAAAA", path: "/a.log", host: "h", tz: "UTC" },
    ...{ start, end: start + bytes.length, bytes, marks, lines, day: "2026-11-21" },
  };
}

Deno.test("EmbeddedStore loses no line where its disk takes nothing and then gives nothing", async () => {
  const folder = Deno.makeTempDirSync(), { run, iterate } = StatementSync.prototype;
  const store = new EmbeddedStore({ folder, blockBytes: 1000 });
  const failing = <F extends (...args: never[]) => unknown>(work: F, sql: string) =>
    function (this: StatementSync, ...args: never[]) {
      if (this.sourceSQL.startsWith(sql)) throw new Error("disk I/O error");
      return work.apply(this, args);
    } as F;
  try {
    store.appendChunks([chunkOf(0, 10)], 1);
    StatementSync.prototype.run = failing(run, "INSERT INTO journal");
    StatementSync.prototype.iterate = failing(iterate, "SELECT columns, text FROM journal");
    assert.throws(() => store.appendChunks([chunkOf(50, 10)], 1));
    StatementSync.prototype.run = run;
    assert.throws(() => store.appendChunks([chunkOf(50, 10)], 1));
    assert.equal(store.stats().intake, "failed");
    assert.equal(store.maintain(), 0);
    StatementSync.prototype.iterate = iterate;
    store.appendChunks([chunkOf(50, 500)], 1); // more than a block
    assert.equal((await all(store, "app")).length, 510);
    assert.equal(store.stats().lines, 510);
  } finally {
    Object.assign(StatementSync.prototype, { run, iterate });
    await store.close();
    Deno.removeSync(folder, { recursive: true });
  }
});
