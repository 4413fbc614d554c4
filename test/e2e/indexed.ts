/** What is in the indices of a test, and their end. */
import type { Client } from "@elastic/elasticsearch";

const PAGE = 10_000;

/** All messages, in the order of generation and offset, repeats included. */
export async function indexedMessages(elastic: Client, index: string): Promise<string[]> {
  const texts: string[] = [];
  let after: unknown[] | undefined;
  for (;;) {
    const { hits } = await elastic.search<{ message: string }>({
      index,
      size: PAGE,
      _source: ["message"],
      sort: ["log.file.generation", "log.offset"],
      ...(after === undefined ? {} : { search_after: after as never }),
    });
    if (hits.hits.length === 0) return texts;
    for (const hit of hits.hits) texts.push(hit._source!.message);
    after = hits.hits.at(-1)!.sort;
  }
}

/** Deletes each index that the pattern matches; it need not match any. */
export async function deleteIndices(elastic: Client, pattern: string): Promise<void> {
  const found = await elastic.indices.get({ index: pattern, allow_no_indices: true });
  for (const index of Object.keys(found)) await elastic.indices.delete({ index });
}
