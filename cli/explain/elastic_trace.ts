/** The document under its id in Elasticsearch, with its index; of minimal documents what the id says. */
import type { Client } from "@elastic/elasticsearch";
import type { Document } from "../../core/ports/document_store.ts";
import type { Stored } from "../../search/explain/trace.ts";
import { identityOf } from "../../search/explain/explain.ts";
import { documentOf } from "../../search/elastic/document.ts";
import type { Hit } from "../../search/elastic/requests.ts";

const ASK_MS = 10_000;

/** The newest of the documents with this id, of the topic where one is given. Rejects with the client's errors. */
export async function storedIn(
  client: Client,
  index: readonly string[],
  id: string,
  topic: string,
  signal: AbortSignal,
): Promise<Stored | undefined> {
  const answer = await client.search({
    index: index.join(","),
    ignore_unavailable: true,
    size: 20,
    query: { ids: { values: [id] } },
  }, { signal, requestTimeout: ASK_MS });
  const hits = (answer.hits.hits as unknown as Hit[]).filter(({ _source }) =>
    topic === "" || _source?.topic === topic
  );
  return hits.length === 0 ? undefined : storedOf(hits[0]);
}

function storedOf(hit: Hit): Stored {
  const source = hit._source ?? {}, timestamp = source["@timestamp"];
  if (typeof timestamp === "string") {
    const document = documentOf(hit, Date.parse(timestamp));
    return { document, index: hit._index, minimal: false };
  }
  const { generation = "", start = 0, end = 0 } = identityOf(hit._id) ?? {};
  const document: Document = {
    _id: hit._id,
    "@timestamp": "",
    message: String(source.data ?? ""),
    topic: String(source.topic ?? ""),
    "host.name": "",
    "log.file.path": "",
    "log.file.generation": generation,
    "log.offset": start,
    "log.length": end - start,
    "event.created": "",
    "event.dataset": "",
  };
  return { document, index: hit._index, minimal: true };
}
