/** One JSON answer of the API. */
import { type ApiClient, bodyOf, parsed, type Query } from "../api_client.ts";
import { textLines } from "../event_stream.ts";

const ANSWER_CHARACTERS_MAX = 64_000_000;

/** Rejects as `ApiClient.open` does, and with API_ANSWER where it is no JSON object. */
export async function readJson(
  client: ApiClient,
  path: string,
  query: Query,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  let text = "";
  const response = await client.open(path, query, signal);
  for await (const line of textLines(bodyOf(response), ANSWER_CHARACTERS_MAX)) text += line;
  return parsed(text);
}
