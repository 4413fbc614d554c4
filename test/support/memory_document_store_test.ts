import { documentReaderConformance } from "../../core/ports/document_reader_conformance.ts";
import { documentWriterConformance } from "../../core/ports/document_store_conformance.ts";
import { MemoryDocumentStore } from "./memory_document_store.ts";

documentWriterConformance("in memory", () => {
  const store = new MemoryDocumentStore();
  return Promise.resolve({
    writer: store,
    topic: "app",
    documents: (topic) => Promise.resolve(store.documents.filter((one) => one.topic === topic)),
    close: () => store.close(),
  });
});

documentReaderConformance("in memory", () => {
  const store = new MemoryDocumentStore();
  return Promise.resolve({
    writer: store,
    reader: store,
    topic: "app",
    settled: () => Promise.resolve(),
    close: () => store.close(),
  });
});
