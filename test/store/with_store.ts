/** An embedded store for a test, and all that a query finds in it. */
import type { Document, Query } from "../../core/ports/document_store.ts";
import { EmbeddedStore, type EmbeddedStoreOptions } from "../../search/store/embedded_store.ts";
import { MemoryDocumentStore } from "../support/memory_document_store.ts";

export const ALL: Query = { kind: "all" };
export const signal = () => new AbortController().signal;

export async function withStore(
  options: Partial<EmbeddedStoreOptions>,
  run: (store: EmbeddedStore, folder: string) => Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync();
  const store = new EmbeddedStore({ folder, freeBytesMin: 0, ...options });
  try {
    await run(store, folder);
  } finally {
    await store.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

export async function found(
  store: EmbeddedStore | MemoryDocumentStore,
  query: Query = ALL,
  more: { order?: "newest" | "oldest"; limit?: number } = {},
): Promise<Document[]> {
  const documents: Document[] = [];
  const request = { query, order: "oldest" as const, limit: 1_000_000, ...more };
  for await (const batch of store.search(request, signal())) documents.push(...batch);
  return documents;
}
