/**
 * Queries of Grafana's Elasticsearch data source: what is counted, by which field, over time or
 * not; or the lines themselves. The query's model is what Grafana stores in a dashboard.
 */
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common";
import * as es from "@grafana/grafana-foundation-sdk/elasticsearch";

export interface ElasticQuery {
  /**
   * "logs": the lines, newest first; "count": how many; "distinct": how many values of `field`;
   * "sum": of `field`.
   */
  show: "logs" | "count" | "distinct" | "sum";
  field?: string;
  /** Split by this field's most frequent values. */
  by?: string;
  /** Values of `by`, or lines, at most. @default {20} */
  limit?: number;
  /** One row for each interval of time. */
  overTime?: boolean;
}

/** Grafana's model of a query; `text` is Lucene. */
export function elasticQuery(
  text: string,
  query: ElasticQuery,
  refId: string,
  source: DataSourceRef,
): Builder<Dataquery> {
  const builder = new es.DataqueryBuilder().refId(refId).datasource(source).query(text)
    .timeField("@timestamp");
  if (query.show === "logs") {
    const limit = String(query.limit ?? 500);
    return builder.metrics([metric("logs", { settings: { limit } })]).bucketAggs([]);
  }
  const field = { field: query.field ?? "" };
  const shown = query.show === "count"
    ? metric("count")
    : metric(query.show === "sum" ? "sum" : "cardinality", field);
  const buckets: Builder<es.BucketAggregation>[] = [];
  if (query.by !== undefined) {
    buckets.push(
      new es.TermsBuilder().id("2").field(query.by).settings({
        order: es.TermsOrder.Desc,
        orderBy: "_count",
        size: String(query.limit ?? 20),
        min_doc_count: "1",
      }),
    );
  }
  if (query.overTime === true) {
    buckets.push(
      new es.DateHistogramBuilder().id("3").field("@timestamp").settings({
        interval: "auto",
        min_doc_count: "0",
      }),
    );
  }
  return builder.metrics([shown]).bucketAggs(buckets);
}

/** The SDK's own builders of metrics leave their type "unknown". */
function metric(
  type: es.MetricAggregationType,
  more: { field?: string; settings?: { limit: string } } = {},
): Builder<es.MetricAggregation> {
  return { build: () => ({ type, id: "1", ...more }) };
}
