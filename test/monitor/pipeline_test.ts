/**
 * The dashboards of the pipeline and of its logs, each query with real data: an agent reads a file,
 * a transfer writes it to Elasticsearch, one line is refused there, Prometheus scrapes them all.
 */
import assert from "node:assert/strict";
import { buildDashboard, type DashboardSpec, type QuerySpec } from "../../grafana/panels.ts";
import { logs } from "../../grafana/logs.ts";
import { pipeline } from "../../grafana/pipeline.ts";
import { servers } from "../support/servers.ts";

import { waitFor } from "../support/wait.ts";
import { rowsOf, searchBody, type StoredQuery } from "./grafana_elasticsearch.ts";
import { Prometheus } from "./servers.ts";
import { Site } from "./site.ts";
import { type Pipeline, startPipeline } from "./pipeline.ts";

Deno.test("Weir pipeline and Weir logs: each panel's query returns rows of real lines", async () => {
  const site = await Site.open();
  try {
    const running = await startPipeline(site);
    const monitor = await site.monitor({});
    const prometheus = await Prometheus.start(site, [], {
      "node": [monitor.address],
      "weir-agent": [running.agent],
      "weir-transfer": [running.transfer],
    });
    await running.write(200);
    await running.refused(1);
    await everyQueryOfPrometheus(prometheus, running);
    await everyQueryOfElasticsearch(running);
  } finally {
    await site.close();
  }
});

async function everyQueryOfPrometheus(prometheus: Prometheus, running: Pipeline): Promise<void> {
  let asked = 0;
  for (const [panel, { text }] of queriesOf(pipeline)) {
    const query = text.replaceAll("$__rate_interval", "20s").replaceAll("$agent", running.agent)
      .replaceAll("$transfer", running.transfer);
    assert.equal(/\$/.test(query), false, `a macro is left: ${query}`);
    await waitFor(`rows for "${panel}": ${query}`, async () => {
      const rows = await prometheus.query(query);
      if (rows.some(({ value }) => value[1] !== "NaN")) return true;
      await running.write(5); // shares of nothing are no number
      return false;
    }, { everyMs: 300 });
    asked++;
  }
  console.log(`${asked} queries of ${pipeline.title} asked`);
}

async function everyQueryOfElasticsearch(running: Pipeline): Promise<void> {
  const { elasticsearch } = await servers("elasticsearch");
  const panels = (buildDashboard(logs).panels ?? []) as unknown as {
    title: string;
    targets: StoredQuery[];
  }[];
  let asked = 0;
  for (const { title, targets } of panels.filter((panel) => panel.targets?.length > 0)) {
    for (const stored of targets) {
      const query = stored.query.replaceAll("$topic", running.topic).replaceAll("$host", "*")
        .replaceAll("$query", "*");
      assert.equal(/\$/.test(query), false, `a variable is left: ${query}`);
      await waitFor(`rows for "${title}": ${query}`, async () => {
        const answer = await fetch(`${elasticsearch}/${running.indices}/_search`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(searchBody({ ...stored, query })),
        });
        const found = await answer.json();
        assert(answer.ok, JSON.stringify(found));
        return rowsOf(stored, found) > 0;
      });
      asked++;
    }
  }
  console.log(`${asked} queries of ${logs.title} asked`);
  assert(asked >= 12);
}

function queriesOf(spec: DashboardSpec): [panel: string, query: QuerySpec][] {
  return spec.rows.flatMap((row) => row.panels)
    .flatMap((panel) => panel.queries.map((query): [string, QuerySpec] => [panel.title, query]));
}
