/**
 * How far what Elasticsearch holds of each generation and topic goes, by one aggregation that is read page by page. No
 * script, so it works where painless is not there. Minimal documents have no generation: they are not among them.
 */

export const GENERATION = "log.file.generation", OFFSET = "log.offset", LENGTH = "log.length";

/** Generations that are asked for at once. */
const PAGE = 1000;

/** What is held of a generation and topic. */
export interface StoredEnd {
  generation: string;
  topic: string;
  /** Behind the last byte that a document accounts for. */
  end: number;
  /** As Elasticsearch answered, with the further aggregations that were asked for. */
  // deno-lint-ignore no-explicit-any
  bucket: any;
}

/**
 * Pages of the aggregation.
 * @param ask searches with these aggregations and resolves with Elasticsearch's answer
 * @param more further aggregations over each generation and topic
 */
export async function* storedEnds(
  // deno-lint-ignore no-explicit-any
  ask: (aggs: Record<string, any>) => Promise<any>,
  more: Record<string, unknown> = {},
): AsyncGenerator<StoredEnd[]> {
  let after: Record<string, string> | undefined;
  do {
    const answer = await ask({ files: filesBy(after, more) });
    const files = answer.aggregations?.files;
    const buckets = files?.buckets ?? [];
    if (buckets.length > 0) yield buckets.map(endOf);
    after = files?.after_key;
  } while (after !== undefined);
}

function filesBy(
  after: Record<string, string> | undefined,
  more: Record<string, unknown>,
): Record<string, unknown> {
  const sources = [
    { generation: { terms: { field: GENERATION } } },
    { topic: { terms: { field: "topic" } } },
  ];
  const last = {
    top_hits: {
      size: 1,
      sort: [{ [OFFSET]: "desc" }],
      _source: false,
      docvalue_fields: [OFFSET, LENGTH],
    },
  };
  return {
    composite: { size: PAGE, sources, ...(after !== undefined && { after }) },
    aggs: { ...more, last },
  };
}

// deno-lint-ignore no-explicit-any
function endOf(bucket: any): StoredEnd {
  const { fields } = bucket.last.hits.hits[0];
  return { ...bucket.key, end: fields[OFFSET][0] + fields[LENGTH][0], bucket };
}
