/** "Weir logs": lines and their numbers out of Elasticsearch, by level, topic, host and file. */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import type { ElasticQuery } from "./elastic_query.ts";
import { type DashboardSpec, type PanelSpec, type RowSpec, sourceRef } from "./panels.ts";

/** What the variables choose. */
const CHOSEN = "topic:$topic AND host.name:$host AND ($query)";
const ERRORS = `${CHOSEN} AND log.level:(error OR fatal)`;

function panel(
  kind: PanelSpec["kind"],
  title: string,
  width: number,
  elastic: ElasticQuery,
  more: Partial<PanelSpec> & { text?: string } = {},
): PanelSpec {
  const { text = CHOSEN, ...rest } = more;
  return { kind, title, width, unit: "short", queries: [{ text, elastic }], ...rest };
}

const count = { show: "count", overTime: true } as const;

const overview: RowSpec = {
  title: "Lines",
  panels: [
    panel("stat", "Lines", 4, count, { reduce: "sum" }),
    panel("stat", "Errors", 4, count, { text: ERRORS, warn: 1, reduce: "sum" }),
    panel("stat", "Hosts", 4, { show: "distinct", field: "host.name", overTime: true }, {
      reduce: "max",
    }),
    panel("stat", "Files", 4, { show: "distinct", field: "log.file.path", overTime: true }, {
      reduce: "max",
    }),
    panel("stat", "Topics", 4, { show: "distinct", field: "topic", overTime: true }, {
      reduce: "max",
    }),
    panel("stat", "Bytes", 4, { show: "sum", field: "log.length", overTime: true }, {
      unit: "bytes",
      reduce: "sum",
      description: "Bytes of files that the lines account for.",
    }),
    panel("bars", "Lines by level", 24, { ...count, by: "log.level" }, { stacked: true, min: 0 }),
    panel("timeseries", "Lines by topic", 12, { ...count, by: "topic" }, { min: 0 }),
    panel("timeseries", "Lines by host", 12, { ...count, by: "host.name" }, { min: 0 }),
    panel("table", "Files with the most lines", 12, {
      show: "count",
      by: "log.file.path",
      limit: 50,
    }),
    panel("table", "Hosts with the most errors", 12, {
      show: "count",
      by: "host.name",
      limit: 50,
    }, { text: ERRORS }),
  ],
};

const lines: RowSpec = {
  title: "The lines themselves",
  panels: [
    panel("logs", "Newest errors", 24, { show: "logs", limit: 100 }, { text: ERRORS }),
    panel("logs", "Newest lines", 24, { show: "logs" }, { height: 16 }),
  ],
};

export const logs: DashboardSpec = {
  uid: "weir-logs",
  title: "Weir logs",
  description: "Lines by level, topic, host and file, and the lines themselves.",
  tags: ["logs"],
  source: "elasticsearch",
  variables: [
    terms("topic", "Topic", "topic"),
    terms("host", "Host", "host.name"),
    new dashboard.TextBoxVariableBuilder("query").label("Lucene").defaultValue("*"),
  ],
  rows: [overview, lines],
};

/** A variable with the values of a field; all of them at first. */
function terms(name: string, label: string, field: string): dashboard.QueryVariableBuilder {
  const query = JSON.stringify({ find: "terms", field, size: 500 });
  return new dashboard.QueryVariableBuilder(name).label(label)
    .datasource(sourceRef("elasticsearch"))
    .query({ query, refId: name }).definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .includeAll(true).multi(true).allValue("*");
}
