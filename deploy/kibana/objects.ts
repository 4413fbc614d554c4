/**
 * Kibana's saved objects as code: the data view, searches, Lens panels and two dashboards. `npm run generate` writes
 * objects.ndjson, which Kibana's import takes. That Kibana draws them could not be checked where this was written; the
 * tests hold references, fields and queries against a real Elasticsearch.
 */

export interface SavedObject {
  id: string;
  type: "index-pattern" | "search" | "lens" | "dashboard";
  attributes: Record<string, unknown>;
  references: { id: string; name: string; type: string }[];
}

/** What a panel asks, from which both its Lens state and the test's request are made. */
export interface Panel {
  id: string;
  title: string;
  /** Field by whose values it is split; undefined: not split. */
  by?: string;
  /** Over time, or as a table of the greatest. */
  shape: "time" | "table";
  /** KQL; "" for all. */
  query: string;
}

export const DATA_VIEW = { id: "weir-logs", title: "weir-*", timeField: "@timestamp" };

export const PANELS: readonly Panel[] = [
  { id: "weir-lines-by-level", title: "Lines by level", by: "log.level", shape: "time", query: "" },
  { id: "weir-lines-by-topic", title: "Lines by topic", by: "topic", shape: "time", query: "" },
  {
    id: "weir-top-hosts",
    title: "Hosts with most lines",
    by: "host.name",
    shape: "table",
    query: "",
  },
  {
    id: "weir-top-files",
    title: "Files with most lines",
    by: "log.file.path",
    shape: "table",
    query: "",
  },
  { id: "weir-errors", title: "Errors", shape: "time", query: "log.level: (error or fatal)" },
  {
    id: "weir-errors-by-host",
    title: "Hosts with most errors",
    by: "host.name",
    shape: "table",
    query: "log.level: (error or fatal)",
  },
  {
    id: "weir-errors-by-file",
    title: "Files with most errors",
    by: "log.file.path",
    shape: "table",
    query: "log.level: (error or fatal)",
  },
];

export const SEARCHES = [
  { id: "weir-all-lines", title: "All lines", query: "" },
  { id: "weir-error-lines", title: "Errors", query: "log.level: (error or fatal)" },
  {
    id: "weir-warning-lines",
    title: "Warnings and worse",
    query: "log.level: (warn or error or fatal)",
  },
];

const COLUMNS = ["log.level", "host.name", "log.file.path", "message"];

const DASHBOARDS = [
  {
    id: "weir-overview",
    title: "Weir: lines",
    panels: ["weir-lines-by-level", "weir-lines-by-topic", "weir-top-hosts", "weir-top-files"],
  },
  {
    id: "weir-errors-overview",
    title: "Weir: errors",
    panels: ["weir-errors", "weir-errors-by-host", "weir-errors-by-file"],
  },
];

/** All objects, those that others refer to first. */
export function savedObjects(): SavedObject[] {
  return [
    {
      id: DATA_VIEW.id,
      type: "index-pattern",
      attributes: { title: DATA_VIEW.title, name: "Weir logs", timeFieldName: DATA_VIEW.timeField },
      references: [],
    },
    ...SEARCHES.map(search),
    ...PANELS.map(lens),
    ...DASHBOARDS.map(dashboard),
  ];
}

/** One object a line, as Kibana exports them. */
export function objectsNdjson(): string {
  return savedObjects().map((object) => `${JSON.stringify(object)}\n`).join("");
}

const SOURCE_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index";

function search({ id, title, query }: (typeof SEARCHES)[number]): SavedObject {
  return {
    id,
    type: "search",
    attributes: {
      title: `Weir: ${title}`,
      columns: COLUMNS,
      sort: [[DATA_VIEW.timeField, "desc"]],
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({
          query: { language: "kuery", query },
          filter: [],
          indexRefName: SOURCE_INDEX,
        }),
      },
    },
    references: [{ id: DATA_VIEW.id, name: SOURCE_INDEX, type: "index-pattern" }],
  };
}

const LAYER = "lines";

function lens(panel: Panel): SavedObject {
  const table = panel.shape === "table";
  return {
    id: panel.id,
    type: "lens",
    attributes: {
      title: `Weir: ${panel.title}`,
      visualizationType: table ? "lnsDatatable" : "lnsXY",
      state: {
        datasourceStates: { formBased: { layers: { [LAYER]: layer(panel) } } },
        visualization: table ? tableOf() : barsOf(panel),
        query: { language: "kuery", query: panel.query },
        filters: [],
        internalReferences: [],
        adHocDataViews: {},
      },
    },
    references: [
      { id: DATA_VIEW.id, name: `indexpattern-datasource-layer-${LAYER}`, type: "index-pattern" },
    ],
  };
}

function layer({ by, shape }: Panel): unknown {
  const columns: Record<string, unknown> = {};
  if (by !== undefined) {
    columns.by = {
      label: by,
      dataType: "string",
      operationType: "terms",
      sourceField: by,
      isBucketed: true,
      scale: "ordinal",
      params: {
        size: shape === "table" ? 20 : 8,
        orderBy: { type: "column", columnId: "count" },
        orderDirection: "desc",
        otherBucket: shape === "time",
        missingBucket: false,
      },
    };
  }
  if (shape === "time") {
    columns.time = {
      label: DATA_VIEW.timeField,
      dataType: "date",
      operationType: "date_histogram",
      sourceField: DATA_VIEW.timeField,
      isBucketed: true,
      scale: "interval",
      params: { interval: "auto", includeEmptyRows: true, dropPartials: false },
    };
  }
  columns.count = {
    label: "lines",
    dataType: "number",
    operationType: "count",
    sourceField: "___records___",
    isBucketed: false,
    scale: "ratio",
  };
  return { columns, columnOrder: Object.keys(columns), incompleteColumns: {}, sampling: 1 };
}

function tableOf(): unknown {
  return {
    layerId: LAYER,
    layerType: "data",
    columns: [{ columnId: "by" }, { columnId: "count" }],
    sorting: { columnId: "count", direction: "desc" },
  };
}

function barsOf({ by }: Panel): unknown {
  return {
    preferredSeriesType: "bar_stacked",
    legend: { isVisible: true, position: "right" },
    layers: [{
      layerId: LAYER,
      layerType: "data",
      seriesType: "bar_stacked",
      xAccessor: "time",
      accessors: ["count"],
      ...(by === undefined ? {} : { splitAccessor: "by" }),
    }],
  };
}

function dashboard({ id, title, panels }: (typeof DASHBOARDS)[number]): SavedObject {
  // Two panels a row of 48 columns; the first takes a row where their number is odd.
  const wideFirst = panels.length % 2 === 1;
  const grid = panels.map((_, i) => {
    const at = wideFirst ? i + 1 : i;
    const wide = wideFirst && i === 0;
    return { x: wide ? 0 : (at % 2) * 24, y: Math.floor(at / 2) * 14, w: wide ? 48 : 24, h: 14 };
  });
  return {
    id,
    type: "dashboard",
    attributes: {
      title,
      timeRestore: true,
      timeFrom: "now-1h",
      timeTo: "now",
      optionsJSON: JSON.stringify({ useMargins: true, syncColors: true, hidePanelTitles: false }),
      panelsJSON: JSON.stringify(
        panels.map((_, i) => ({
          type: "lens",
          panelIndex: `p${i}`,
          gridData: { ...grid[i], i: `p${i}` },
          embeddableConfig: {},
          panelRefName: `panel_p${i}`,
        })),
      ),
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: { language: "kuery", query: "" }, filter: [] }),
      },
    },
    references: panels.map((panel, i) => ({ id: panel, name: `p${i}:panel_p${i}`, type: "lens" })),
  };
}
