/**
 * From a short description of a dashboard to Grafana's JSON, by the Grafana Foundation SDK. The
 * description is plain data, so that tests can run every query of it; widths are in Grafana's 24
 * columns, and panels flow from left to right.
 */
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

export interface PanelSpec {
  title: string;
  /** One sentence under the title's mark: what is seen, or what is wrong when it rises. */
  description?: string;
  kind: "timeseries" | "stat";
  /** Grafana's unit: "percentunit", "bytes", "Bps", "s", "iops", "short", … */
  unit: string;
  /** Columns of 24. */
  width: number;
  queries: QuerySpec[];
  min?: number;
  max?: number;
  stacked?: boolean;
  /** From this value on yellow, from that one red. */
  warn?: number;
  alarm?: number;
}

export interface QuerySpec {
  /** PromQL or Flux, by the dashboard's data source. */
  text: string;
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
  source: "prometheus" | "influxdb";
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
  const panel = spec.kind === "stat" ? statPanel() : timeseriesPanel(spec);
  panel.title(spec.title).unit(spec.unit).datasource(sourceRef(source)).span(spec.width);
  panel.height(spec.kind === "stat" ? 4 : 8);
  if (spec.description !== undefined) panel.description(spec.description);
  if (spec.min !== undefined) panel.min(spec.min);
  if (spec.max !== undefined) panel.max(spec.max);
  panel.thresholds(thresholds(spec));
  spec.queries.forEach((query, i) => {
    const refId = String.fromCharCode(65 + i);
    panel.withTarget(
      source === "prometheus"
        ? promQuery(query, refId, spec.kind === "stat")
        : fluxQuery(query, refId),
    );
  });
  return panel;
}

function statPanel(): StatBuilder {
  return new StatBuilder()
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
}

function timeseriesPanel(spec: PanelSpec): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .lineWidth(1)
    .fillOpacity(spec.stacked ? 40 : 10)
    .showPoints(common.VisibilityMode.Never)
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
