/**
 * Rules for hosts, with the names, thresholds and recorded series of node_exporter's mixin, so that
 * what is silenced, routed or drawn by those names works here. They hold for hosts with weir-monitor
 * and with node_exporter, in the job `node`. Left out is what needs systemd's own account of its
 * units, to which weir-monitor does not speak: NodeSystemdServiceFailed,
 * NodeSystemdServiceCrashlooping.
 */
import type { AlertSpec, RecordSpec, RuleGroup, Severity } from "./model.ts";

const JOB = 'job="node"';
const FS = `${JOB},fstype!="",mountpoint!=""`;
const DISK = `${JOB},device!=""`;

function percentLeft([left, size]: readonly [string, string]): string {
  return `${left}{${FS}} / ${size}{${FS}} * 100`;
}

const SPACE = ["node_filesystem_avail_bytes", "node_filesystem_size_bytes"] as const;
const INODES = ["node_filesystem_files_free", "node_filesystem_files"] as const;
const WRITABLE = `node_filesystem_readonly{${FS}} == 0`;
const WHERE = "{{ $labels.mountpoint }} ({{ $labels.device }}) of {{ $labels.instance }}";
const PERCENT = '{{ printf "%.1f" $value }} %';

interface Filling {
  name: string;
  of: readonly [left: string, size: string];
  what: string;
}

function fillingUp({ name, of, what }: Filling, percent: number, hours: number): AlertSpec {
  return {
    name,
    expr: `(${percentLeft(of)} < ${percent}\nand predict_linear(${
      of[0]
    }{${FS}}[6h], ${hours}*60*60) < 0\nand ${WRITABLE})`,
    forMinutes: 60,
    severity: severityOf(hours === 4),
    summary: `A filesystem will have no ${what} left within ${hours} hours.`,
    description: `${WHERE} has ${PERCENT} of its ${what} left, and they shrink.`,
  };
}

function almostOut(
  { name, of, what }: Filling,
  percent: number,
  critical: boolean,
  forMinutes: number,
): AlertSpec {
  return {
    name,
    expr: `(${percentLeft(of)} < ${percent}\nand ${WRITABLE})`,
    forMinutes,
    severity: severityOf(critical),
    summary: `A filesystem has less than ${percent} % of its ${what} left.`,
    description: `${WHERE} has ${PERCENT} of its ${what} left.`,
  };
}

function severityOf(critical: boolean): Severity {
  return critical ? "critical" : "warning";
}

const space = { of: SPACE, what: "space" };
const inodes = { of: INODES, what: "inodes" };

const filesystems: AlertSpec[] = [
  fillingUp({ name: "NodeFilesystemSpaceFillingUp", ...space }, 40, 24),
  fillingUp({ name: "NodeFilesystemSpaceFillingUp", ...space }, 20, 4),
  almostOut({ name: "NodeFilesystemAlmostOutOfSpace", ...space }, 5, false, 30),
  almostOut({ name: "NodeFilesystemAlmostOutOfSpace", ...space }, 3, true, 30),
  fillingUp({ name: "NodeFilesystemFilesFillingUp", ...inodes }, 40, 24),
  fillingUp({ name: "NodeFilesystemFilesFillingUp", ...inodes }, 20, 4),
  almostOut({ name: "NodeFilesystemAlmostOutOfFiles", ...inodes }, 5, false, 60),
  almostOut({ name: "NodeFilesystemAlmostOutOfFiles", ...inodes }, 3, true, 60),
];

function networkErrors(name: string, direction: "receive" | "transmit"): AlertSpec {
  const rate = (what: string) => `rate(node_network_${direction}_${what}_total{${JOB}}[2m])`;
  return {
    name,
    expr: `${rate("errs")} / ${rate("packets")} > 0.01`,
    forMinutes: 60,
    severity: "warning",
    summary: `More than one packet in a hundred fails (${direction}).`,
    description:
      "{{ $labels.device }} of {{ $labels.instance }}: {{ $value | humanizePercentage }} of its packets.",
  };
}

const network: AlertSpec[] = [
  networkErrors("NodeNetworkReceiveErrs", "receive"),
  networkErrors("NodeNetworkTransmitErrs", "transmit"),
  {
    name: "NodeHighNumberConntrackEntriesUsed",
    expr: `node_nf_conntrack_entries{${JOB}} / node_nf_conntrack_entries_limit > 0.75`,
    severity: "warning",
    summary: "The table of tracked connections is nearly full.",
    description: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of it.",
  },
];

const clock: AlertSpec[] = [
  {
    name: "NodeClockSkewDetected",
    expr:
      `(node_timex_offset_seconds{${JOB}} > 0.05 and deriv(node_timex_offset_seconds{${JOB}}[5m]) >= 0)\n` +
      `or (node_timex_offset_seconds{${JOB}} < -0.05 and deriv(node_timex_offset_seconds{${JOB}}[5m]) <= 0)`,
    forMinutes: 10,
    severity: "warning",
    summary: "A clock is wrong and does not come nearer.",
    description: "The clock of {{ $labels.instance }} is {{ $value }} s off.",
  },
  {
    name: "NodeClockNotSynchronising",
    expr: `min_over_time(node_timex_sync_status{${JOB}}[5m]) == 0\n` +
      `and node_timex_maxerror_seconds{${JOB}} >= 16`,
    forMinutes: 10,
    severity: "warning",
    summary: "A clock is not set by any time server.",
    description: "{{ $labels.instance }}: the kernel no longer knows how wrong its clock may be.",
  },
];

function fileLimit(percent: number, critical: boolean): AlertSpec {
  return {
    name: "NodeFileDescriptorLimit",
    expr: `node_filefd_allocated{${JOB}} * 100 / node_filefd_maximum{${JOB}} > ${percent}`,
    forMinutes: 15,
    severity: severityOf(critical),
    summary: "The kernel will soon refuse to open files.",
    description: `{{ $labels.instance }} has ${PERCENT} of its file descriptors in use.`,
  };
}

const load: AlertSpec[] = [
  fileLimit(70, false),
  fileLimit(90, true),
  {
    name: "NodeCPUHighUsage",
    expr:
      `sum without (mode) (avg without (cpu) (rate(node_cpu_seconds_total{${JOB},mode!~"idle|iowait"}[2m]))) * 100 > 90`,
    forMinutes: 15,
    severity: "info",
    summary: "All CPUs are busy.",
    description: `{{ $labels.instance }} uses ${PERCENT} of its CPUs for 15 minutes.`,
  },
  {
    name: "NodeSystemSaturation",
    expr:
      `node_load1{${JOB}} / count without (cpu, mode) (node_cpu_seconds_total{${JOB},mode="idle"}) > 2`,
    forMinutes: 15,
    severity: "warning",
    summary: "More than two tasks wait for each CPU.",
    description: '{{ $labels.instance }}: load {{ printf "%.1f" $value }} for each CPU.',
  },
  {
    name: "NodeMemoryMajorPagesFaults",
    expr: `rate(node_vmstat_pgmajfault{${JOB}}[5m]) > 500`,
    forMinutes: 15,
    severity: "warning",
    summary: "Programs wait for memory pages out of files.",
    description:
      '{{ $labels.instance }} reads {{ printf "%.0f" $value }} pages a second from disks to go on.',
  },
  {
    name: "NodeMemoryHighUtilization",
    expr:
      `100 - (node_memory_MemAvailable_bytes{${JOB}} / node_memory_MemTotal_bytes{${JOB}} * 100) > 90`,
    forMinutes: 15,
    severity: "warning",
    summary: "A host has less than a tenth of its memory left.",
    description: `{{ $labels.instance }} uses ${PERCENT} of its memory.`,
  },
  {
    name: "NodeDiskIOSaturation",
    expr: `rate(node_disk_io_time_weighted_seconds_total{${DISK}}[5m]) > 10`,
    forMinutes: 30,
    severity: "warning",
    summary: "More than ten requests wait for a disk.",
    description:
      '{{ $labels.device }} of {{ $labels.instance }}: {{ printf "%.1f" $value }} requests wait on average.',
  },
];

const parts: AlertSpec[] = [
  {
    name: "NodeRAIDDegraded",
    expr: `node_md_disks_required{${DISK}} - ignoring (state) ` +
      `(node_md_disks{${DISK},state="active"}) > 0`,
    forMinutes: 15,
    severity: "critical",
    summary: "A RAID array works with fewer disks than it is made of.",
    description: "{{ $labels.device }} of {{ $labels.instance }} lacks {{ $value }} of its disks.",
  },
  {
    name: "NodeRAIDDiskFailure",
    expr: `node_md_disks{${DISK},state="failed"} > 0`,
    severity: "warning",
    summary: "A disk of a RAID array has failed.",
    description: "{{ $labels.device }} of {{ $labels.instance }} has {{ $value }} failed disks.",
  },
  {
    name: "NodeBondingDegraded",
    expr: `(node_bonding_slaves{${JOB}} - node_bonding_active{${JOB}}) != 0`,
    forMinutes: 5,
    severity: "warning",
    summary: "A bond works with fewer network devices than it is made of.",
    description:
      "{{ $labels.master }} of {{ $labels.instance }}: {{ $value }} of its devices have no link.",
  },
  {
    name: "NodeTextFileCollectorScrapeError",
    expr: `node_textfile_scrape_error{${JOB}} == 1`,
    severity: "warning",
    summary: "Metrics that a program leaves in a file are not taken.",
    description: "{{ $labels.instance }} has a file of metrics that cannot be read or understood.",
  },
];

function traffic(what: string, metric: string): RecordSpec[] {
  return [
    [`instance:node_network_${what}_excluding_lo:rate5m`, 'device!="lo"'],
    [`instance:node_network_${what}_physical:rate5m`, 'device!~"lo|veth.+"'],
  ].map(([record, devices]) => ({
    record,
    expr: `sum without (device) (rate(node_network_${metric}_total{${JOB},${devices}}[5m]))`,
  }));
}

const records: RecordSpec[] = [
  {
    record: "instance:node_num_cpu:sum",
    expr: `count without (cpu, mode) (node_cpu_seconds_total{${JOB},mode="idle"})`,
  },
  {
    record: "instance:node_cpu_utilisation:rate5m",
    expr:
      `1 - avg without (cpu) (sum without (mode) (rate(node_cpu_seconds_total{${JOB},mode=~"idle|iowait|steal"}[5m])))`,
  },
  {
    record: "instance:node_load1_per_cpu:ratio",
    expr: `node_load1{${JOB}} / instance:node_num_cpu:sum{${JOB}}`,
  },
  {
    record: "instance:node_memory_utilisation:ratio",
    expr:
      `1 - (node_memory_MemAvailable_bytes{${JOB}} or (node_memory_Buffers_bytes{${JOB}} + node_memory_Cached_bytes{${JOB}} + node_memory_MemFree_bytes{${JOB}} + node_memory_Slab_bytes{${JOB}})) / node_memory_MemTotal_bytes{${JOB}}`,
  },
  {
    record: "instance:node_vmstat_pgmajfault:rate5m",
    expr: `rate(node_vmstat_pgmajfault{${JOB}}[5m])`,
  },
  {
    record: "instance_device:node_disk_io_time_seconds:rate5m",
    expr: `rate(node_disk_io_time_seconds_total{${DISK}}[5m])`,
  },
  {
    record: "instance_device:node_disk_io_time_weighted_seconds:rate5m",
    expr: `rate(node_disk_io_time_weighted_seconds_total{${DISK}}[5m])`,
  },
  ...traffic("receive_bytes", "receive_bytes"),
  ...traffic("transmit_bytes", "transmit_bytes"),
  ...traffic("receive_drop", "receive_drop"),
  ...traffic("transmit_drop", "transmit_drop"),
];

export const hostRules: readonly RuleGroup[] = [
  { name: "node-exporter.rules", rules: records },
  {
    name: "node-exporter",
    dashboard: "weir-hosts-prometheus",
    rules: [...filesystems, ...network, ...clock, ...load, ...parts],
  },
];
