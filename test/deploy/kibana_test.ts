/**
 * What the Kibana objects ask, asked of a real Elasticsearch with our mapping: every field exists and can be aggregated
 * as its panel does, every query finds its lines. Kibana itself cannot be had here; see docs/operations/kibana.md.
 */
import assert from "node:assert/strict";
import { Client } from "@elastic/elasticsearch";
import { DATA_VIEW, PANELS, savedObjects, SEARCHES } from "../../deploy/kibana/objects.ts";
import { templateBody } from "../../transfer/index/template.ts";
import { servers } from "../support/servers.ts";
import { uniqueName } from "../support/temp.ts";

const LEVELS = ["info", "warn", "error", "fatal"];

/** KQL's words for those of Elasticsearch's query string; our queries use no more of it. */
function queryOf(kql: string): Record<string, unknown> {
  if (kql === "") return { match_all: {} };
  return {
    query_string: { query: kql.replace(/\b(and|or|not)\b/g, (word) => word.toUpperCase()) },
  };
}

Deno.test({
  name: "Kibana: fields and queries of every object, against a real Elasticsearch",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { elasticsearch } = await servers("elasticsearch");
    const client = new Client({ node: elasticsearch });
    const index = uniqueName("weir-kibana");
    const body = templateBody({
      pattern: index,
      priority: 1,
      shards: 1,
      replicas: 0,
      refreshInterval: "",
      document: "full",
    });
    await client.indices.create({ index, ...body.template as Record<string, never> });
    try {
      for (const [i, level] of LEVELS.entries()) {
        await client.index({
          index,
          document: {
            "@timestamp": new Date(Date.UTC(2026, 10, 21, 10, i)).toISOString(),
            message: `a line of level ${level}`,
            topic: "shop",
            host: { name: `host${i}` },
            log: { level, file: { path: `/var/log/${level}.log` } },
          },
          refresh: true,
        });
      }
      const columns = savedObjects().flatMap(({ attributes }) =>
        (attributes.columns ?? []) as string[]
      );
      const fields = [...new Set([DATA_VIEW.timeField, ...columns])];
      const known = await client.fieldCaps({ index, fields });
      for (const field of fields) assert.ok(field in known.fields, `${field} is in the mapping`);

      for (const { title, query } of SEARCHES) {
        const { count } = await client.count({ index, query: queryOf(query) });
        assert.ok(count > 0, `${title} finds lines`);
        console.log(`${title}: ${count} of ${LEVELS.length} lines`);
      }
      for (const { title, by, shape, query } of PANELS) {
        const buckets: Record<string, unknown> = by === undefined ? {} : { terms: { field: by } };
        const time = { date_histogram: { field: DATA_VIEW.timeField, fixed_interval: "1m" } };
        const { aggregations } = await client.search<
          unknown,
          Record<string, { buckets: unknown[] }>
        >({
          index,
          size: 0,
          query: queryOf(query),
          aggs: {
            ...(by === undefined ? {} : { by: buckets }),
            ...(shape === "time" ? { time } : {}),
          },
        });
        for (const [name, { buckets }] of Object.entries(aggregations!)) {
          assert.ok(buckets.length > 0, `${title}: ${name} has buckets`);
        }
      }
    } finally {
      await client.indices.delete({ index });
      await client.close();
    }
  },
});
