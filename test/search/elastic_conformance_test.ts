/** The reader over a real Elasticsearch through the conformance suite of its port. */
import { documentReaderConformance } from "../../core/ports/document_reader_conformance.ts";
import { MemoryDocumentStore } from "../support/memory_document_store.ts";
import { Indices, MirrorWriter } from "./indexed.ts";

documentReaderConformance("elasticsearch", async () => {
  const indices = new Indices();
  const index = await indices.make("lines");
  const reader = await indices.reader();
  return {
    reader,
    writer: new MirrorWriter(new MemoryDocumentStore(), indices, index),
    topic: "conformance",
    settled: () => indices.refresh(),
    close: async () => {
      await reader.close();
      await indices.remove();
    },
  };
});
