import { documentReaderConformance } from "../../core/ports/document_reader_conformance.ts";
import { documentWriterConformance } from "../../core/ports/document_store_conformance.ts";
import type { Document } from "../../core/ports/document_store.ts";
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
