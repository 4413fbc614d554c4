/**
 * From a short description of a dashboard to Grafana's JSON, by the Grafana Foundation SDK. The
 * description is plain data, so that tests can run every query of it; widths are in Grafana's 24
 * columns, and panels flow from left to right.
 */
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as LogsBuilder } from "@grafana/grafana-foundation-sdk/logs";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { type ElasticQuery, elasticQuery } from "./elastic_query.ts";

export interface PanelSpec {
  title: string;
  /** One sentence under the title's mark: what is seen, or what is wrong when it rises. */
  description?: string;
  kind: "timeseries" | "bars" | "stat" | "table" | "logs";
  /** Grafana's unit: "percentunit", "bytes", "Bps", "s", "iops", "short", … */
  unit: string;
  /** Columns of 24. */
  width: number;
  /** Rows of Grafana's grid. @default {4 for a stat, else 8} */
  height?: number;
  queries: QuerySpec[];
  min?: number;
  max?: number;
  stacked?: boolean;
  /** What a stat shows of its values. @default {"lastNotNull"} */
  reduce?: "lastNotNull" | "sum" | "max";
  /** From this value on yellow, from that one red. */
  warn?: number;
  alarm?: number;
}

export interface QuerySpec {
  /** PromQL, Flux or Lucene, by the dashboard's data source. */
  text: string;
  /** What Elasticsearch is asked about the documents that `text` finds. */
  elastic?: ElasticQuery;
  /** "{{device}}" and the like; PromQL only. */
  legend?: string;
}

export interface RowSpec {
  title: string;
  panels: PanelSpec[];
}

export interface DashboardSpec {
  uid: string;
  title: string;
  description: string;
  tags: string[];
  source: "prometheus" | "influxdb" | "elasticsearch";
  variables: Builder<dashboard.VariableModel>[];
  rows: RowSpec[];
}

/** The data source that the dashboard's variable names. */
export function sourceRef(source: DashboardSpec["source"]): common.DataSourceRef {
  return { type: source, uid: "${datasource}" };
}

/** The variable that chooses the data source. */
export function sourceVariable(source: DashboardSpec["source"]): Builder<dashboard.VariableModel> {
  return new dashboard.DatasourceVariableBuilder("datasource").label("Data source").type(source);
}

/** Grafana's model of a dashboard; the same description always gives the same one. */
export function buildDashboard(spec: DashboardSpec): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags(["weir", ...spec.tags])
    .refresh("30s")
    .time({ from: "now-1h", to: "now" })
    .timezone("browser")
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .link(
      new dashboard.DashboardLinkBuilder("Weir").type(dashboard.DashboardLinkType.Dashboards)
        .tags(["weir"]).asDropdown(true).keepTime(true),
    )
    .variables([sourceVariable(spec.source), ...spec.variables]);
  for (const row of spec.rows) {
    builder.withRow(new dashboard.RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(buildPanel(panel, spec.source));
  }
  return builder.build();
}

function buildPanel(
  spec: PanelSpec,
  source: DashboardSpec["source"],
): Builder<dashboard.Panel> {
  const panel = panelOf(spec);
  panel.title(spec.title).unit(spec.unit).datasource(sourceRef(source)).span(spec.width);
  panel.height(spec.height ?? (spec.kind === "stat" ? 4 : 8));
  if (spec.description !== undefined) panel.description(spec.description);
  if (spec.min !== undefined) panel.min(spec.min);
  if (spec.max !== undefined) panel.max(spec.max);
  panel.thresholds(thresholds(spec));
  spec.queries.forEach((query, i) => {
    const refId = String.fromCharCode(65 + i);
    panel.withTarget(targetOf(query, refId, spec, source));
  });
  return panel;
}

function panelOf(spec: PanelSpec): StatBuilder | TimeseriesBuilder | TableBuilder | LogsBuilder {
  if (spec.kind === "stat") return statPanel(spec.reduce ?? "lastNotNull");
  if (spec.kind === "table") return new TableBuilder();
  if (spec.kind === "logs") {
    return new LogsBuilder().showTime(true).wrapLogMessage(true).enableLogDetails(true)
      .sortOrder(common.LogsSortOrder.Descending);
  }
  return timeseriesPanel(spec);
}

function targetOf(
  query: QuerySpec,
  refId: string,
  spec: PanelSpec,
  source: DashboardSpec["source"],
): Builder<Dataquery> {
  if (source === "prometheus") return promQuery(query, refId, spec.kind === "stat");
  if (source === "influxdb") return fluxQuery(query, refId);
  if (query.elastic === undefined) throw new Error(`${spec.title}: what is asked is missing`);
  return elasticQuery(query.text, query.elastic, refId, sourceRef(source));
}

function statPanel(reduce: string): StatBuilder {
  return new StatBuilder()
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs([reduce]));
}

function timeseriesPanel(spec: PanelSpec): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .lineWidth(1)
    .fillOpacity(spec.kind === "bars" ? 80 : spec.stacked ? 40 : 10)
    .showPoints(common.VisibilityMode.Never)
    .drawStyle(spec.kind === "bars" ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table).placement(common.LegendPlacement.Bottom)
        .showLegend(true).calcs(["mean", "max", "lastNotNull"]),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
  if (spec.stacked) {
    panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  }
  return panel;
}

function thresholds(spec: PanelSpec): dashboard.ThresholdsConfigBuilder {
  const steps: dashboard.Threshold[] = [{ value: null, color: "green" }];
  if (spec.warn !== undefined) steps.push({ value: spec.warn, color: "yellow" });
  if (spec.alarm !== undefined) steps.push({ value: spec.alarm, color: "red" });
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute).steps(steps);
}

function promQuery(query: QuerySpec, refId: string, instant: boolean): Builder<Dataquery> {
  const builder = new DataqueryBuilder().expr(query.text).refId(refId)
    .datasource(sourceRef("prometheus"));
  if (query.legend !== undefined) builder.legendFormat(query.legend);
  return instant ? builder.instant() : builder.range();
}

/**
 * The SDK has no builder for Flux: this is the query that Grafana's InfluxDB data source stores.
 */
function fluxQuery(query: QuerySpec, refId: string): Builder<Dataquery> {
  return {
    build: () => ({
      _implementsDataqueryVariant: () => {},
      datasource: sourceRef("influxdb"),
      query: query.text,
      refId,
    }),
  };
}
