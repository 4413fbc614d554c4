/** /api/explain: where a line came from, and which way it went. */
import type { DocumentReader } from "../../core/ports/document_store.ts";
import { explain, type Explanation } from "../explain/explain.ts";
import type { Trace } from "../explain/trace.ts";
import { invalid, type Parameters } from "./parameters.ts";

export const EXPLAIN_PARAMETERS = ["id", "topic", "at", "timeout"] as const;

/** Rejects with PARAMETER_INVALID, DOCUMENT_NOT_FOUND and the store's errors. */
export async function explainAnswer(
  parameters: Parameters,
  reader: DocumentReader,
  trace: Trace,
  signal: AbortSignal,
): Promise<Explanation> {
  const id = parameters.text("id");
  if (id === undefined || id.length > 600) {
    throw invalid("Parameter id names no line", "It is the _id of a document.");
  }
  const isTimed = parameters.text("at") !== undefined;
  return await explain(
    {
      id,
      topic: parameters.text("topic") ?? "",
      ...(isTimed && { atMs: parameters.integer("at", 0, 8.64e15, 0) }),
    },
    reader,
    trace,
    signal,
  );
}
