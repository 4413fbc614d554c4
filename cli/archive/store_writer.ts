/** An embedded store as what lines are restored into; its own age and size do not apply meanwhile. */
import type { DocumentWriter } from "../../core/ports/document_store.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";

/** Rejects with the store's error where another process has it open. */
export function openStoreWriter(folder: string): DocumentWriter {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const store = new EmbeddedStore({ folder, retention: {} });
  return { write: (records) => store.write(records), close: () => store.close() };
}
