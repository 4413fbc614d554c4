/**
 * A host sample as points in Telegraf's measurements, tags, fields and field types, so that
 * dashboards made for Telegraf work unchanged. An InfluxDB field never changes its type: whole
 * numbers are always `int`, shares and averages always `float`.
 */
import type { Point } from "../../core/ports/metric_sink.ts";
import type {
  CpuTimes,
  DiskCounters,
  Filesystem,
  HostSample,
  NetCounters,
} from "../read/host_sample.ts";
import { memoryFields, swapFields } from "./influx_memory.ts";

type Fields = Record<string, { int: number } | { float: number } | { text: string }>;

export interface PointOptions {
  /** Tags on every point; `host` is among them. */
  tags: Readonly<Record<string, string>>;
  /** Filesystem types that Telegraf leaves out by default. */
  ignoreFsTypes: ReadonlySet<string>;
}

/** Telegraf's default for `ignore_fs`. */
export const IGNORED_FS_TYPES = [
  "tmpfs",
  "devtmpfs",
  "devfs",
  "iso9660",
  "overlay",
  "aufs",
  "squashfs",
];

const IFF_UP = 1, IFF_LOOPBACK = 8;

/**
 * Turns samples into points. It keeps the sample before, for what is a share of the time between
 * two.
 */
export class PointWriter {
  #options: PointOptions;
  #before: HostSample | undefined;

  constructor(options: PointOptions) {
    this.#options = options;
  }

  /** The first sample gives no CPU shares: they need two. */
  points(sample: HostSample): Point[] {
    const found: Point[] = [];
    const add = (measurement: string, tags: Record<string, string>, fields: Fields | undefined) => {
      if (fields === undefined || Object.keys(fields).length === 0) return;
      const all = { ...this.#options.tags, ...tags };
      found.push({ measurement, tags: all, fields, timeMs: sample.timeMs });
    };
    const before = this.#before;
    for (const { tag, fields } of cpuPoints(before, sample)) add("cpu", { cpu: tag }, fields);
    if (sample.memory !== undefined) {
      add("mem", {}, memoryFields(sample.memory));
      const swap = swapFields(sample.memory, sample.vmstat);
      add("swap", {}, swap.sizes);
      add("swap", {}, swap.counters);
    }
    for (const filesystem of sample.filesystems ?? []) {
      if (this.#options.ignoreFsTypes.has(filesystem.fsType)) continue;
      add("disk", diskTags(filesystem), diskFields(filesystem));
    }
    for (const disk of sample.disks ?? []) {
      if (isUnused(disk)) continue;
      const tags: Record<string, string> = { name: disk.device };
      if (disk.wwid !== "") tags.wwid = disk.wwid;
      add("diskio", tags, diskioFields(disk, before, sample));
    }
    for (const entry of sample.network ?? []) {
      const fields = netFields(entry, sample);
      if (fields !== undefined) add("net", { interface: entry.device }, fields);
    }
    add("system", {}, systemFields(sample));
    add("processes", {}, processFields(sample));
    add("kernel", {}, kernelFields(sample));
    this.#before = sample;
    return found;
  }
}

function ints(values: Record<string, number | undefined>): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && Number.isFinite(value)) fields[name] = { int: Math.trunc(value) };
  }
  return fields;
}

function floats(values: Record<string, number | undefined>): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && Number.isFinite(value)) fields[name] = { float: value };
  }
  return fields;
}

function cpuPoints(before: HostSample | undefined, now: HostSample) {
  const found: { tag: string; fields: Fields | undefined }[] = [];
  if (before?.cpus === undefined || now.cpus === undefined) return found;
  const earlier = new Map(before.cpus.map((times) => [times.cpu, times]));
  for (const times of now.cpus) {
    found.push({ tag: `cpu${times.cpu}`, fields: usage(earlier.get(times.cpu), times) });
  }
  if (now.cpuTotal !== undefined) {
    found.push({ tag: "cpu-total", fields: usage(before.cpuTotal, now.cpuTotal) });
  }
  return found;
}

/**
 * Shares of the time between two samples, per cent. Guests are part of user and nice in the
 * kernel's counters, and taken out here.
 */
export function usage(before: CpuTimes | undefined, now: CpuTimes): Fields | undefined {
  if (before === undefined) return undefined;
  const delta = (mode: keyof Omit<CpuTimes, "cpu">) => now[mode] - before[mode];
  const total = delta("user") + delta("system") + delta("nice") + delta("iowait") + delta("irq") +
    delta("softirq") + delta("steal") + delta("idle");
  // Counters that began again, or two samples within one tick: no share can be said.
  if (!(total > 0)) return undefined;
  const share = (seconds: number) => 100 * seconds / total;
  return floats({
    usage_user: share(delta("user") - delta("guest")),
    usage_system: share(delta("system")),
    usage_idle: share(delta("idle")),
    usage_nice: share(delta("nice") - delta("guestNice")),
    usage_iowait: share(delta("iowait")),
    usage_irq: share(delta("irq")),
    usage_softirq: share(delta("softirq")),
    usage_steal: share(delta("steal")),
    usage_guest: share(delta("guest")),
    usage_guest_nice: share(delta("guestNice")),
  });
}

function diskTags(filesystem: Filesystem): Record<string, string> {
  return {
    path: filesystem.mountPoint,
    device: filesystem.device.replaceAll("/dev/", ""),
    fstype: filesystem.fsType,
    mode: filesystem.readOnly ? "ro" : "rw",
  };
}

/** used_percent as df counts it: of what users can have, without the reserve of root. */
function diskFields(filesystem: Filesystem): Fields | undefined {
  const counts = filesystem.counts;
  if (counts === undefined || counts.sizeBytes === 0) return undefined;
  const used = counts.sizeBytes - counts.freeBytes, inodesUsed = counts.files - counts.filesFree;
  return {
    ...ints({
      total: counts.sizeBytes,
      free: counts.availableBytes,
      used,
      inodes_total: counts.files,
      inodes_free: counts.filesFree,
      inodes_used: inodesUsed,
    }),
    ...floats({
      used_percent: percent(used, used + counts.availableBytes),
      inodes_used_percent: percent(inodesUsed, counts.files),
    }),
  };
}

function percent(part: number, whole: number): number {
  return whole > 0 ? 100 * part / whole : 0;
}

/**
 * Telegraf says nothing of a device that was never used, such as the eight empty loop devices of
 * most hosts.
 */
function isUnused(disk: DiskCounters): boolean {
  return disk.readsCompleted === 0 && disk.writesCompleted === 0 && disk.ioMs === 0 &&
    disk.weightedMs === 0 && disk.ioNow === 0;
}

function diskioFields(disk: DiskCounters, before: HostSample | undefined, now: HostSample): Fields {
  const fields = ints({
    reads: disk.readsCompleted,
    writes: disk.writesCompleted,
    read_bytes: disk.sectorsRead * 512,
    write_bytes: disk.sectorsWritten * 512,
    read_time: disk.readMs,
    write_time: disk.writeMs,
    io_time: disk.ioMs,
    weighted_io_time: disk.weightedMs,
    iops_in_progress: disk.ioNow,
    merged_reads: disk.readsMerged,
    merged_writes: disk.writesMerged,
  });
  const last = before?.disks?.find((other) => other.device === disk.device);
  if (before === undefined || last === undefined) return fields;
  const transfers = disk.readsCompleted - last.readsCompleted + disk.writesCompleted -
    last.writesCompleted;
  const busyMs = disk.ioMs - last.ioMs,
    spentMs = disk.readMs - last.readMs + disk.writeMs - last.writeMs;
  // A counter that went back belongs to another device of the same name, or has wrapped.
  const rising = disk.readsCompleted >= last.readsCompleted &&
    disk.writesCompleted >= last.writesCompleted && disk.readMs >= last.readMs &&
    disk.writeMs >= last.writeMs && busyMs >= 0;
  if (!rising) return fields;
  const elapsedMs = now.timeMs - before.timeMs;
  return {
    ...fields,
    ...floats({
      io_util: elapsedMs > 0 ? 100 * busyMs / elapsedMs : undefined,
      io_await: transfers > 0 ? spentMs / transfers : undefined,
      io_svctm: transfers > 0 ? busyMs / transfers : undefined,
    }),
  };
}

/**
 * Devices that are up and no loopback, as Telegraf chooses them; all where nothing is known of
 * them.
 */
function netFields(entry: NetCounters, sample: HostSample): Fields | undefined {
  const known = sample.interfaces?.find((other) => other.device === entry.device);
  const flags = known?.numbers.get("flags") ?? IFF_UP;
  if ((flags & IFF_UP) === 0 || (flags & IFF_LOOPBACK) !== 0) return undefined;
  return ints({
    bytes_sent: entry.transmit.bytes,
    bytes_recv: entry.receive.bytes,
    packets_sent: entry.transmit.packets,
    packets_recv: entry.receive.packets,
    err_in: entry.receive.errs,
    err_out: entry.transmit.errs,
    drop_in: entry.receive.drop,
    drop_out: entry.transmit.drop,
    speed: known?.numbers.get("speed") ?? -1,
  });
}

function systemFields(sample: HostSample): Fields | undefined {
  if (sample.load === undefined) return undefined;
  const uptime = sample.uptimeSeconds;
  return {
    ...floats({ load1: sample.load.load1, load5: sample.load.load5, load15: sample.load.load15 }),
    ...ints({
      n_cpus: sample.cpus?.length,
      n_physical_cpus: sample.physicalCpus,
      n_users: sample.users?.length,
      n_unique_users: sample.users === undefined ? undefined : new Set(sample.users).size,
      uptime,
    }),
    ...(uptime === undefined ? {} : { uptime_format: { text: uptimeText(uptime) } }),
  };
}

/** "3 days,  4:05", as uptime(1) has it. */
export function uptimeText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24;
  const time = `${String(hours).padStart(2)}:${String(minutes % 60).padStart(2, "0")}`;
  return days === 0 ? time : `${days} day${days === 1 ? "" : "s"}, ${time}`;
}

const STATES: Record<string, string> = {
  R: "running",
  S: "sleeping",
  D: "blocked",
  Z: "zombies",
  X: "dead",
  T: "stopped",
  t: "stopped",
  W: "paging",
  I: "idle",
  P: "parked",
};

function processFields(sample: HostSample): Fields | undefined {
  const found = sample.processes;
  if (found === undefined) return undefined;
  const values: Record<string, number> = {
    blocked: 0,
    dead: 0,
    idle: 0,
    paging: 0,
    running: 0,
    sleeping: 0,
    stopped: 0,
    unknown: 0,
    zombies: 0,
    total: found.total,
    total_threads: found.threads,
  };
  for (const [state, count] of found.states) {
    const name = STATES[state] ?? "unknown";
    values[name] = (values[name] ?? 0) + count;
  }
  return ints(values);
}

function kernelFields(sample: HostSample): Fields | undefined {
  if (sample.kernel === undefined) return undefined;
  return ints({
    boot_time: sample.kernel.bootTimeSeconds,
    context_switches: sample.kernel.contextSwitches,
    interrupts: sample.kernel.interrupts,
    processes_forked: sample.kernel.forks,
    entropy_avail: sample.entropy?.availableBits,
  });
}
