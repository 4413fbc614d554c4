/** The body of a request that changes something: JSON of bounded size, checked. */
import type { z } from "zod";
import { invalid } from "./parameters.ts";

/** Rejects with PARAMETER_INVALID for what is too large, no JSON, or not what the schema says. */
export async function jsonBody<S extends z.ZodType>(
  request: Request,
  schema: S,
  bytesMax: number,
): Promise<z.output<S>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.length;
    if (bytes > bytesMax) throw invalid("The request is too large", "Shorten the value.");
    parts.push(part);
  }
  let value: unknown;
  try {
    value = JSON.parse(await new Blob(parts as BlobPart[]).text());
  } catch {
    throw invalid("The request is no JSON", "docs/api.md has the form.");
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw invalid(`Cannot use the request: ${path.join(".")}: ${message}`, "docs/api.md has it.");
}
