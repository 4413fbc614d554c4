/**
 * What Elasticsearch has of each generation and topic: totals by one aggregation over all, and where those do not fit,
 * the ranges document by document. Reads only; no script, so it works where painless is not there.
 */
import type { Client } from "@elastic/elasticsearch";
import { sealKey } from "../../core/ledger/seal.ts";
import { GENERATION, LENGTH, OFFSET, storedEnds } from "../../core/ledger/stored_ends.ts";
import type { Range, Total } from "./compare.ts";

const DOCUMENTS_PAGE = 10_000;
const CREATED = "event.created";

export interface StoredRange extends Range {
  /** When the record was made, ms: its day is that of the index. */
  createdMs: number;
}

export interface StoreFilter {
  topic?: string;
  host?: string;
}

function queryOf({ topic, host }: StoreFilter, generation?: string): Record<string, unknown> {
  const terms = Object.entries({ topic, "host.name": host, [GENERATION]: generation })
    .filter(([, value]) => value !== undefined).map(([field, value]) => ({
      term: { [field]: value },
    }));
  return { bool: { filter: [...terms, { exists: { field: GENERATION } }] } };
}

/** Totals by sealKey. */
export async function totals(
  client: Client,
  index: string,
  filter: StoreFilter,
): Promise<Map<string, Total>> {
  const found = new Map<string, Total>();
  await client.indices.refresh({ index, allow_no_indices: true, ignore_unavailable: true });
  const pages = storedEnds((aggs) =>
    client.search({
      index,
      allow_no_indices: true,
      ignore_unavailable: true,
      size: 0,
      track_total_hits: false,
      query: queryOf(filter),
      aggs,
    }), { bytes: { sum: { field: LENGTH } }, start: { min: { field: OFFSET } } });
  for await (const page of pages) {
    for (const { end, bucket, ...of } of page) {
      found.set(sealKey(of), {
        lines: bucket.doc_count,
        bytes: bucket.bytes.value,
        start: bucket.start.value,
        end,
      });
    }
  }
  return found;
}

/** The ranges of a generation and topic in order of their start, each document once. */
export async function* ranges(
  client: Client,
  index: string,
  generation: string,
  topic: string,
): AsyncGenerator<StoredRange> {
  const { id } = await client.openPointInTime({
    index,
    keep_alive: "2m",
    ignore_unavailable: true,
  });
  try {
    let after: unknown[] | undefined;
    for (;;) {
      // deno-lint-ignore no-explicit-any
      const { hits }: any = await client.search({
        pit: { id, keep_alive: "2m" },
        size: DOCUMENTS_PAGE,
        track_total_hits: false,
        query: queryOf({ topic }, generation) as never,
        sort: [{ [OFFSET]: "asc" }, { _shard_doc: "asc" }] as never,
        _source: false,
        docvalue_fields: [OFFSET, LENGTH, { field: CREATED, format: "epoch_millis" }],
        ...(after === undefined ? {} : { search_after: after as never }),
      });
      for (const { fields } of hits.hits) {
        const start = fields[OFFSET][0];
        yield { start, end: start + fields[LENGTH][0], createdMs: Number(fields[CREATED]?.[0]) };
      }
      if (hits.hits.length < DOCUMENTS_PAGE) return;
      after = hits.hits.at(-1).sort;
    }
  } finally {
    await client.closePointInTime({ id }).catch(() => {}); // it ends by itself
  }
}

/** The lines of the first bytes of a generation, to see whether two of them hold the same. */
export async function firstLines(
  client: Client,
  index: string,
  generation: string,
  topic: string,
  bytes: number,
): Promise<string[]> {
  // deno-lint-ignore no-explicit-any
  const { hits }: any = await client.search({
    index,
    allow_no_indices: true,
    ignore_unavailable: true,
    size: 100,
    query: {
      bool: {
        filter: [queryOf({ topic }, generation), { range: { [OFFSET]: { lt: bytes } } }],
      },
    } as never,
    sort: [{ [OFFSET]: "asc" }],
    _source: ["message"],
    docvalue_fields: [OFFSET],
  });
  // deno-lint-ignore no-explicit-any
  return hits.hits.map((hit: any) => `${hit.fields[OFFSET][0]} ${hit._source.message}`);
}
