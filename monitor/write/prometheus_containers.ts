/**
 * Control groups in cAdvisor's names, labels and units, because the dashboards and rules for
 * containers are written for those. A service or a slice is a group as a container is: its `id` is
 * its path.
 */
import type { Containers, ContainerUsage, DeviceIo } from "../read/container_usage.ts";
import type { HostSample } from "../read/host_sample.ts";
import { type Exposition, type FamilyType, labels } from "../../core/metrics/exposition.ts";

/** Metric, its type and help, a further label, and its value for a group. */
type Row = [
  name: string,
  type: FamilyType,
  help: string,
  value: (group: ContainerUsage) => number | undefined,
  more?: Record<string, string>,
];

const ROWS: Row[] = [
  ["cpu_usage_seconds_total", "counter", "CPU time.", (g) => g.cpu?.usageSeconds, { cpu: "total" }],
  ["cpu_user_seconds_total", "counter", "CPU time as user.", (g) => g.cpu?.userSeconds],
  ["cpu_system_seconds_total", "counter", "CPU time in the kernel.", (g) => g.cpu?.systemSeconds],
  ["cpu_cfs_periods_total", "counter", "Periods of the quota.", (g) => g.cpu?.periods],
  [
    "cpu_cfs_throttled_periods_total",
    "counter",
    "Periods in which the quota was used up.",
    (g) => g.cpu?.throttledPeriods,
  ],
  [
    "cpu_cfs_throttled_seconds_total",
    "counter",
    "Time in which threads waited for the next period.",
    (g) => g.cpu?.throttledSeconds,
  ],
  ["spec_cpu_quota", "gauge", "CPU time in a period, microseconds.", (g) => g.cpu?.quota],
  ["spec_cpu_period", "gauge", "Period of the quota, microseconds.", (g) => g.cpu?.period],
  ["spec_cpu_shares", "gauge", "Share of the CPU where it is scarce.", (g) => g.cpu?.shares],
  ["memory_usage_bytes", "gauge", "Memory in use, caches included.", (g) => g.memory?.usage],
  [
    "memory_working_set_bytes",
    "gauge",
    "Memory in use without the inactive file cache.",
    (g) => g.memory?.workingSet,
  ],
  ["memory_rss", "gauge", "Anonymous memory, bytes.", (g) => g.memory?.anonymous],
  ["memory_cache", "gauge", "File cache, bytes.", (g) => g.memory?.fileCache],
  ["memory_mapped_file", "gauge", "Mapped files, bytes.", (g) => g.memory?.mappedFile],
  ["memory_swap", "gauge", "Swap in use, bytes.", (g) => g.memory?.swap],
  ["memory_max_usage_bytes", "gauge", "Most memory that was in use.", (g) => g.memory?.peak],
  ["spec_memory_limit_bytes", "gauge", "Limit of memory; 0: none.", (g) => g.memory?.limit],
  ["oom_events_total", "counter", "Processes ended for want of memory.", (g) => g.memory?.oomKills],
  ["threads", "gauge", "Processes and threads.", (g) => g.threads?.current],
  [
    "threads_max",
    "gauge",
    "Most processes and threads; without a series: no limit.",
    (g) => g.threads?.max,
  ],
];

const IO: [name: string, help: string, key: keyof DeviceIo][] = [
  ["fs_reads_bytes_total", "Bytes read from a device.", "readBytes"],
  ["fs_reads_total", "Reads from a device.", "reads"],
  ["fs_writes_bytes_total", "Bytes written to a device.", "writtenBytes"],
  ["fs_writes_total", "Writes to a device.", "writes"],
];

/** container_*, and how many groups were left out. */
export function writeContainers(out: Exposition, { containers, timeMs }: HostSample): void {
  if (containers === undefined) return;
  const groups = containers.found.map((group) => ({ group, base: baseOf(group) }));
  const family = new Families(out, "container_");
  for (const [name, type, help, valueOf, more] of ROWS) {
    for (const { group, base } of groups) {
      const labelled = more === undefined ? base : `${base},${labels(more)}`;
      family.add(name, type, help, labelled, valueOf(group));
    }
  }
  writeFaults(family, groups);
  for (const [name, help, key] of IO) {
    for (const { group, base } of groups) {
      for (const [device, io] of group.io ?? []) {
        family.add(name, "counter", help, `${base},${labels({ device })}`, io[key]);
      }
    }
  }
  writePressure(family, groups);
  for (const { base } of groups) {
    family.add("last_seen", "gauge", "When the group was looked at.", base, timeMs / 1000);
  }
  writeLeftOut(out, containers);
}

type Group = { group: ContainerUsage; base: string };

function baseOf({ id, name, image }: ContainerUsage): string {
  return labels(name === "" ? { id } : { id, name, image });
}

function writeFaults(family: Families, groups: readonly Group[]): void {
  for (const { group: { memory }, base } of groups) {
    for (
      const [type, count] of [["pgfault", memory?.faults], ["pgmajfault", memory?.majorFaults]]
    ) {
      const more = labels({ failure_type: String(type), scope: "hierarchy" });
      family.add(
        "memory_failures_total",
        "counter",
        "Page faults.",
        `${base},${more}`,
        count as number | undefined,
      );
    }
  }
}

function writePressure(family: Families, groups: readonly Group[]): void {
  for (const resource of ["cpu", "memory", "io"] as const) {
    for (const [kind, key] of [["waiting", "some"], ["stalled", "full"]] as const) {
      for (const { group, base } of groups) {
        const found = group.pressure?.find((pressure) => pressure.resource === resource);
        const name = `pressure_${resource}_${kind}_seconds_total`;
        family.add(
          name,
          "counter",
          `Time in which threads waited for ${resource}.`,
          base,
          found?.[key],
        );
      }
    }
  }
}

function writeLeftOut(out: Exposition, { leftOut }: Containers): void {
  const help = "Control groups that prometheus.cgroupsMax leaves out.";
  out.single("weir_monitor_cgroups_left_out", "gauge", help, leftOut);
}

/** Begins a family with its first sample: where no group has it there is none. */
class Families {
  #out: Exposition;
  #prefix: string;
  #name = "";

  constructor(out: Exposition, prefix: string) {
    this.#out = out;
    this.#prefix = prefix;
  }

  add(name: string, type: FamilyType, help: string, labels: string, value?: number): void {
    if (value === undefined) return;
    if (this.#name !== name) this.#out.family(this.#prefix + name, type, help);
    this.#name = name;
    this.#out.sample(labels, value);
  }
}
