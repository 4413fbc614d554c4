/**
 * "Weir hosts (Prometheus)": node_exporter's names, so that it shows hosts with weir-monitor and
 * with node_exporter alike.
 */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { type DashboardSpec, type PanelSpec, type RowSpec, sourceRef } from "./panels.ts";

/** The host that the variables choose. */
const HOST = 'job="$job",instance="$instance"';

function stat(title: string, unit: string, text: string, more: Partial<PanelSpec> = {}): PanelSpec {
  return { title, unit, kind: "stat", width: 4, queries: [{ text }], ...more };
}

function graph(
  title: string,
  unit: string,
  queries: [text: string, legend: string][],
  more: Partial<PanelSpec> = {},
): PanelSpec {
  return {
    title,
    unit,
    kind: "timeseries",
    width: 12,
    queries: queries.map(([text, legend]) => ({ text, legend })),
    ...more,
  };
}

function rate(metric: string, labels = ""): string {
  return `rate(${metric}{${HOST}${labels === "" ? "" : `,${labels}`}}[$__rate_interval])`;
}

function gauge(metric: string, labels = ""): string {
  return `${metric}{${HOST}${labels === "" ? "" : `,${labels}`}}`;
}

const BUSY = `1 - avg(${rate("node_cpu_seconds_total", 'mode="idle"')})`;
const MEMORY_USED = `1 - ${gauge("node_memory_MemAvailable_bytes")} / ${
  gauge("node_memory_MemTotal_bytes")
}`;
const FULLEST = `max(1 - ${gauge("node_filesystem_avail_bytes")} / ${
  gauge("node_filesystem_size_bytes")
})`;

const overview: RowSpec = {
  title: "Overview",
  panels: [
    stat("CPU busy", "percentunit", BUSY, { min: 0, max: 1, warn: 0.8, alarm: 0.95 }),
    stat("Memory used", "percentunit", MEMORY_USED, { min: 0, max: 1, warn: 0.85, alarm: 0.95 }),
    stat("Fullest filesystem", "percentunit", FULLEST, { min: 0, max: 1, warn: 0.8, alarm: 0.9 }),
    stat(
      "Load of five minutes, per CPU",
      "short",
      `sum(${gauge("node_load5")}) / count(count by (cpu) (${gauge("node_cpu_seconds_total")}))`,
      { min: 0, warn: 1, alarm: 2 },
    ),
    stat(
      "Uptime",
      "s",
      `${gauge("node_time_seconds")} - ${gauge("node_boot_time_seconds")}`,
    ),
    stat(
      "Collectors that fail",
      "short",
      `count(${gauge("node_scrape_collector_success")} == 0) or vector(0)`,
      {
        description:
          "A collector for hardware that this host lacks fails too; the monitor's /api/status says why.",
      },
    ),
  ],
};

const cpu: RowSpec = {
  title: "CPU",
  panels: [
    graph("CPU by mode", "percentunit", [[
      `sum by (mode) (${
        rate("node_cpu_seconds_total", 'mode!="idle"')
      }) / scalar(count(count by (cpu) (${gauge("node_cpu_seconds_total")})))`,
      "{{mode}}",
    ]], { stacked: true, min: 0 }),
    graph("Busy by CPU", "percentunit", [[
      `1 - sum by (cpu) (${rate("node_cpu_seconds_total", 'mode="idle"')})`,
      "CPU {{cpu}}",
    ]], { min: 0, max: 1 }),
    graph("Load average", "short", [
      [gauge("node_load1"), "1 minute"],
      [gauge("node_load5"), "5 minutes"],
      [gauge("node_load15"), "15 minutes"],
    ], { min: 0 }),
    graph("Time lost to waiting", "percentunit", [
      [rate("node_pressure_cpu_waiting_seconds_total"), "for a CPU"],
      [rate("node_pressure_io_waiting_seconds_total"), "for a disk"],
      [rate("node_pressure_memory_waiting_seconds_total"), "for memory"],
    ], {
      min: 0,
      description:
        "Share of the time in which some task could not go on (pressure stall information).",
    }),
    graph("Context switches and interrupts", "ops", [
      [rate("node_context_switches_total"), "context switches"],
      [rate("node_intr_total"), "interrupts"],
    ], { min: 0 }),
    graph("Tasks", "short", [
      [gauge("node_procs_running"), "running"],
      [gauge("node_procs_blocked"), "blocked"],
      [rate("node_forks_total"), "begun a second"],
    ], { min: 0 }),
  ],
};

const memory: RowSpec = {
  title: "Memory",
  panels: [
    graph("Memory", "bytes", [
      [
        `${gauge("node_memory_MemTotal_bytes")} - ${gauge("node_memory_MemFree_bytes")} - ${
          gauge("node_memory_Buffers_bytes")
        } - ${gauge("node_memory_Cached_bytes")} - ${gauge("node_memory_SReclaimable_bytes")}`,
        "programs",
      ],
      [
        `${gauge("node_memory_Buffers_bytes")} + ${gauge("node_memory_Cached_bytes")} + ${
          gauge("node_memory_SReclaimable_bytes")
        }`,
        "cache",
      ],
      [gauge("node_memory_MemFree_bytes"), "free"],
    ], { stacked: true, min: 0 }),
    graph("Written back later", "bytes", [
      [gauge("node_memory_Dirty_bytes"), "dirty"],
      [gauge("node_memory_Writeback_bytes"), "being written"],
    ], { min: 0 }),
    graph("Swap", "bytes", [
      [`${gauge("node_memory_SwapTotal_bytes")} - ${gauge("node_memory_SwapFree_bytes")}`, "used"],
      [gauge("node_memory_SwapTotal_bytes"), "size"],
    ], { min: 0 }),
    graph("Paging", "ops", [
      [rate("node_vmstat_pgmajfault"), "faults that read a disk"],
      [rate("node_vmstat_pswpin"), "pages swapped in"],
      [rate("node_vmstat_pswpout"), "pages swapped out"],
    ], { min: 0 }),
  ],
};

const disk: RowSpec = {
  title: "Disks",
  panels: [
    graph("Throughput", "Bps", [
      [rate("node_disk_read_bytes_total"), "{{device}} read"],
      [rate("node_disk_written_bytes_total"), "{{device}} written"],
    ], { min: 0 }),
    graph("Transfers", "iops", [
      [rate("node_disk_reads_completed_total"), "{{device}} reads"],
      [rate("node_disk_writes_completed_total"), "{{device}} writes"],
    ], { min: 0 }),
    graph("Time a transfer takes", "s", [
      [
        `${rate("node_disk_read_time_seconds_total")} / ${rate("node_disk_reads_completed_total")}`,
        "{{device}} read",
      ],
      [
        `${rate("node_disk_write_time_seconds_total")} / ${
          rate("node_disk_writes_completed_total")
        }`,
        "{{device}} write",
      ],
    ], { min: 0 }),
    graph("Busy", "percentunit", [[rate("node_disk_io_time_seconds_total"), "{{device}}"]], {
      min: 0,
      max: 1,
    }),
    graph("Space used", "percentunit", [[
      `1 - ${gauge("node_filesystem_avail_bytes")} / ${gauge("node_filesystem_size_bytes")}`,
      "{{mountpoint}}",
    ]], { min: 0, max: 1, warn: 0.8, alarm: 0.9 }),
    graph("Inodes used", "percentunit", [[
      `1 - ${gauge("node_filesystem_files_free")} / ${gauge("node_filesystem_files")}`,
      "{{mountpoint}}",
    ]], { min: 0, max: 1, warn: 0.8, alarm: 0.9 }),
    graph("Filesystems that do not answer", "short", [[
      gauge("node_filesystem_device_error"),
      "{{mountpoint}}",
    ]], { min: 0, max: 1 }),
    graph("Open files", "percentunit", [[
      `${gauge("node_filefd_allocated")} / ${gauge("node_filefd_maximum")}`,
      "of the limit",
    ]], { min: 0 }),
  ],
};

const network: RowSpec = {
  title: "Network",
  panels: [
    graph("Throughput", "bps", [
      [`8 * ${rate("node_network_receive_bytes_total", 'device!="lo"')}`, "{{device}} in"],
      [`-8 * ${rate("node_network_transmit_bytes_total", 'device!="lo"')}`, "{{device}} out"],
    ]),
    graph("Packets", "pps", [
      [rate("node_network_receive_packets_total", 'device!="lo"'), "{{device}} in"],
      [`-${rate("node_network_transmit_packets_total", 'device!="lo"')}`, "{{device}} out"],
    ]),
    graph("Errors and drops", "pps", [
      [rate("node_network_receive_errs_total"), "{{device}} errors in"],
      [rate("node_network_transmit_errs_total"), "{{device}} errors out"],
      [rate("node_network_receive_drop_total"), "{{device}} dropped in"],
      [rate("node_network_transmit_drop_total"), "{{device}} dropped out"],
    ], { min: 0 }),
    graph("TCP", "ops", [
      [rate("node_netstat_Tcp_RetransSegs"), "sent again"],
      [rate("node_netstat_TcpExt_ListenDrops"), "refused, queue full"],
      [rate("node_netstat_Tcp_PassiveOpens"), "accepted"],
      [rate("node_netstat_Tcp_ActiveOpens"), "opened"],
    ], { min: 0 }),
    graph("Sockets", "short", [
      [gauge("node_sockstat_TCP_inuse"), "TCP"],
      [gauge("node_sockstat_TCP_tw"), "TCP, waiting to close"],
      [gauge("node_sockstat_UDP_inuse"), "UDP"],
      [gauge("node_netstat_Tcp_CurrEstab"), "established"],
    ], { min: 0 }),
    graph("Receive path", "pps", [
      [`sum(${rate("node_softnet_processed_total")})`, "processed"],
      [`sum(${rate("node_softnet_dropped_total")})`, "dropped"],
      [`sum(${rate("node_softnet_times_squeezed_total")})`, "out of time"],
    ], { min: 0 }),
  ],
};

const monitor: RowSpec = {
  title: "The monitor itself",
  panels: [
    graph("Time of a collector", "s", [[
      gauge("node_scrape_collector_duration_seconds"),
      "{{collector}}",
    ]], { min: 0 }),
    graph("Memory and CPU", "short", [
      [`${gauge("process_resident_memory_bytes")} / 1048576`, "resident, MiB"],
      [`100 * ${rate("process_cpu_seconds_total")}`, "CPU, per cent of one"],
    ], { min: 0 }),
    graph("Series", "short", [
      [gauge("weir_monitor_series"), "on the page"],
      [gauge("weir_monitor_series_dropped_total"), "left out since the start"],
    ], { min: 0 }),
    graph("Scrapes", "s", [[`scrape_duration_seconds{${HOST}}`, "duration"]], { min: 0 }),
  ],
};

export const hostsPrometheus: DashboardSpec = {
  uid: "weir-hosts-prometheus",
  title: "Weir hosts (Prometheus)",
  description: "One host: CPU, memory, disks, network, and the monitor itself.",
  tags: ["hosts"],
  source: "prometheus",
  variables: [
    variable("job", "Job", "label_values(node_uname_info, job)"),
    variable("instance", "Host", 'label_values(node_uname_info{job="$job"}, instance)'),
  ],
  rows: [overview, cpu, memory, disk, network, monitor],
};

function variable(name: string, label: string, query: string): dashboard.QueryVariableBuilder {
  return new dashboard.QueryVariableBuilder(name).label(label)
    .datasource(sourceRef("prometheus"))
    .query({ query, refId: name })
    .definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
}
