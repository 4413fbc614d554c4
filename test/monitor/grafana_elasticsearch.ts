/**
 * Asks Elasticsearch what Grafana's data source asks for a query out of a dashboard: the same
 * request from the same model. Only the kinds of queries that our dashboards have.
 */
import assert from "node:assert/strict";

/** What the dashboard's JSON holds for one query. */
export interface StoredQuery {
  query: string;
  timeField: string;
  metrics: { id: string; type: string; field?: string; settings?: Record<string, string> }[];
  bucketAggs: { id: string; type: string; field: string; settings: Record<string, string> }[];
}

const METRICS: Record<string, string> = { cardinality: "cardinality", sum: "sum" };

/** The body of _search for an hour around now. */
export function searchBody(stored: StoredQuery): Record<string, unknown> {
  const { query, timeField, metrics: [metric], bucketAggs } = stored;
  const filter = [
    { range: { [timeField]: { gte: "now-1h", lte: "now+1h" } } },
    { query_string: { analyze_wildcard: true, query } },
  ];
  if (metric.type === "logs") {
    const { limit } = metric.settings!;
    return { size: Number(limit), query: { bool: { filter } }, sort: [{ [timeField]: "desc" }] };
  }
  assert(metric.type === "count" || metric.type in METRICS, metric.type);
  let aggs: Record<string, unknown> = metric.type === "count"
    ? {}
    : { [metric.id]: { [METRICS[metric.type]]: { field: metric.field } } };
  for (const bucket of [...bucketAggs].reverse()) {
    aggs = { [bucket.id]: { ...aggregation(bucket), ...(sizeOf(aggs) > 0 ? { aggs } : {}) } };
  }
  return { size: 0, track_total_hits: true, query: { bool: { filter } }, aggs };
}

function sizeOf(value: Record<string, unknown>): number {
  return Object.keys(value).length;
}

function aggregation({ type, field, settings }: StoredQuery["bucketAggs"][0]) {
  const min_doc_count = Number(settings.min_doc_count);
  if (type === "terms") {
    const order = { [settings.orderBy]: settings.order };
    return { terms: { field, size: Number(settings.size), order, min_doc_count } };
  }
  assert.equal(type, "date_histogram");
  assert.equal(settings.interval, "auto");
  return { date_histogram: { field, fixed_interval: "10s", min_doc_count } };
}

/** How many rows Grafana would have to draw: lines, or buckets with a value above 0. */
export function rowsOf(stored: StoredQuery, answer: any): number {
  if (stored.metrics[0].type === "logs") return answer.hits.hits.length;
  const count = (aggs: any, [first, ...rest]: StoredQuery["bucketAggs"]): number => {
    let sum = 0;
    for (const bucket of aggs[first.id].buckets) {
      if (rest.length > 0) sum += count(bucket, rest);
      else if ((bucket[stored.metrics[0].id]?.value ?? bucket.doc_count) > 0) sum++;
    }
    return sum;
  };
  return count(answer.aggregations, stored.bucketAggs);
}
