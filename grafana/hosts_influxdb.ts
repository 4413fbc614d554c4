/**
 * "Weir hosts (InfluxDB)": Telegraf's measurements in Flux, so that it shows hosts with
 * weir-monitor and with Telegraf alike.
 */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { type DashboardSpec, type PanelSpec, type RowSpec, sourceRef } from "./panels.ts";

/** Points of a measurement's fields on the chosen host. */
function from(measurement: string, fields: string[], filter = ""): string {
  const names = fields.map((field) => `r._field == "${field}"`).join(" or ");
  return `from(bucket: "\${bucket}")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "${measurement}" and r.host == "\${host}")
  |> filter(fn: (r) => ${names})${filter === "" ? "" : `\n  |> filter(fn: (r) => ${filter})`}`;
}

const MEAN = `
  |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false)`;

/** Growth a second of counters; a counter that began again starts at 0. */
const RATE = `
  |> derivative(unit: 1s, nonNegative: true)${MEAN}`;

function graph(
  title: string,
  unit: string,
  queries: string[],
  more: Partial<PanelSpec> = {},
): PanelSpec {
  const specs = queries.map((text) => ({ text }));
  return { title, unit, kind: "timeseries", width: 12, queries: specs, ...more };
}

function stat(title: string, unit: string, text: string, more: Partial<PanelSpec> = {}): PanelSpec {
  return {
    title,
    unit,
    kind: "stat",
    width: 4,
    queries: [{ text: `${text}\n  |> last()` }],
    ...more,
  };
}

const TOTAL = 'r.cpu == "cpu-total"';
const PERCENT = { min: 0, max: 100, warn: 80, alarm: 95 };

const overview: RowSpec = {
  title: "Overview",
  panels: [
    stat(
      "CPU busy",
      "percent",
      `${
        from("cpu", ["usage_idle"], TOTAL)
      }\n  |> map(fn: (r) => ({ r with _value: 100.0 - r._value }))`,
      PERCENT,
    ),
    stat("Memory used", "percent", from("mem", ["used_percent"]), PERCENT),
    stat(
      "Fullest filesystem",
      "percent",
      `${
        from("disk", ["used_percent"])
      }\n  |> group()\n  |> aggregateWindow(every: v.windowPeriod, fn: max, createEmpty: false)`,
      PERCENT,
    ),
    stat("Load of five minutes", "short", from("system", ["load5"])),
    stat("CPUs", "short", from("system", ["n_cpus"])),
    stat("Uptime", "s", from("system", ["uptime"])),
  ],
};

const cpu: RowSpec = {
  title: "CPU",
  panels: [
    graph("CPU by mode", "percent", [
      from("cpu", [
        "usage_user",
        "usage_system",
        "usage_nice",
        "usage_iowait",
        "usage_irq",
        "usage_softirq",
        "usage_steal",
      ], TOTAL) + MEAN,
    ], { stacked: true, min: 0, max: 100 }),
    graph("Idle by CPU", "percent", [from("cpu", ["usage_idle"], 'r.cpu != "cpu-total"') + MEAN], {
      min: 0,
      max: 100,
    }),
    graph("Load average", "short", [from("system", ["load1", "load5", "load15"]) + MEAN], {
      min: 0,
    }),
    graph("Processes", "short", [
      from("processes", ["running", "sleeping", "blocked", "zombies", "idle", "total"]) + MEAN,
    ], { min: 0 }),
    graph("Context switches and interrupts", "ops", [
      from("kernel", ["context_switches", "interrupts", "processes_forked"]) + RATE,
    ], { min: 0 }),
  ],
};

const memory: RowSpec = {
  title: "Memory",
  panels: [
    graph("Memory", "bytes", [
      from("mem", ["used", "buffered", "cached", "free", "available"]) + MEAN,
    ], {
      min: 0,
    }),
    graph("Written back later", "bytes", [from("mem", ["dirty", "write_back"]) + MEAN], { min: 0 }),
    graph("Swap", "bytes", [from("swap", ["used", "total"]) + MEAN], { min: 0 }),
    graph("Swapped", "Bps", [from("swap", ["in", "out"]) + RATE], { min: 0 }),
  ],
};

const disk: RowSpec = {
  title: "Disks",
  panels: [
    graph("Throughput", "Bps", [from("diskio", ["read_bytes", "write_bytes"]) + RATE], { min: 0 }),
    graph("Transfers", "iops", [from("diskio", ["reads", "writes"]) + RATE], { min: 0 }),
    graph("Busy", "percent", [from("diskio", ["io_util"]) + MEAN], { min: 0, max: 100 }),
    graph("Space used", "percent", [from("disk", ["used_percent"]) + MEAN], PERCENT),
    graph("Inodes used", "percent", [from("disk", ["inodes_used_percent"]) + MEAN], PERCENT),
    graph("Space free", "bytes", [from("disk", ["free"]) + MEAN], { min: 0 }),
  ],
};

const network: RowSpec = {
  title: "Network",
  panels: [
    graph("Throughput", "Bps", [from("net", ["bytes_recv", "bytes_sent"]) + RATE], { min: 0 }),
    graph("Packets", "pps", [from("net", ["packets_recv", "packets_sent"]) + RATE], { min: 0 }),
    graph("Errors and drops", "pps", [
      from("net", ["err_in", "err_out", "drop_in", "drop_out"]) + RATE,
    ], { min: 0 }),
  ],
};

export const hostsInfluxdb: DashboardSpec = {
  uid: "weir-hosts-influxdb",
  title: "Weir hosts (InfluxDB)",
  description: "One host: CPU, memory, disks and network, from InfluxDB.",
  tags: ["hosts"],
  source: "influxdb",
  variables: [
    variable(
      "bucket",
      "Bucket",
      'buckets() |> filter(fn: (r) => r.name !~ /^_/) |> keep(columns: ["name"]) |> rename(columns: {name: "_value"})',
    ),
    variable(
      "host",
      "Host",
      'import "influxdata/influxdb/schema"\nschema.measurementTagValues(bucket: "${bucket}", measurement: "system", tag: "host")',
    ),
  ],
  rows: [overview, cpu, memory, disk, network],
};

function variable(name: string, label: string, query: string): dashboard.QueryVariableBuilder {
  return new dashboard.QueryVariableBuilder(name).label(label)
    .datasource(sourceRef("influxdb"))
    .query({ query, refId: name })
    .definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
}
