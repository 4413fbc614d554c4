/**
 * What one look at the host gives: plain numbers, in base units where a file gives other ones,
 * grouped as the kernel groups them. A group that could not be read is undefined, and `collectors`
 * says why. Both targets are fed from the same sample.
 */
import type { Containers } from "./container_usage.ts";
import type { InterruptCounts } from "./interrupts.ts";
import type { PowerSupply } from "./power.ts";
import type { Bond, RaidArray } from "./raid.ts";
import type { TextFiles } from "./text_files.ts";

/**
 * Seconds since boot, by mode. `user` includes `guest`, `nice` includes `guestNice`, as the kernel
 * has it.
 */
export interface CpuTimes {
  /** "0", "1", …; "" for the sum of all. */
  cpu: string;
  user: number;
  nice: number;
  system: number;
  idle: number;
  iowait: number;
  irq: number;
  softirq: number;
  steal: number;
  guest: number;
  guestNice: number;
}

export interface KernelCounts {
  bootTimeSeconds: number;
  contextSwitches: number;
  interrupts: number;
  forks: number;
  running: number;
  blocked: number;
}

/** One row of meminfo. */
export interface MemoryValue {
  /** As the kernel writes it, "Active(anon)". */
  key: string;
  /** Bytes; a plain count where `bytes` is false, such as HugePages_Total. */
  value: number;
  bytes: boolean;
}

export interface LoadAverage {
  load1: number;
  load5: number;
  load15: number;
  /** Tasks of the whole system, threads included. */
  tasks: number;
}

/** Counters of one block device since boot. */
export interface DiskCounters {
  device: string;
  major: number;
  minor: number;
  readsCompleted: number;
  readsMerged: number;
  sectorsRead: number;
  readMs: number;
  writesCompleted: number;
  writesMerged: number;
  sectorsWritten: number;
  writeMs: number;
  ioNow: number;
  ioMs: number;
  weightedMs: number;
  /** Kernels since 4.18. */
  discards?: { completed: number; merged: number; sectors: number; ms: number };
  /** Kernels since 5.5. */
  flushes?: { completed: number; ms: number };
  identity: DiskIdentity;
  /** World wide id out of sysfs, "" where there is none. */
  wwid: string;
  /** True where the filter leaves it out of /metrics: RAM disks, loop devices, partitions. */
  hidden: boolean;
}

/** What udev knows of a device; "" where it knows nothing. */
export interface DiskIdentity {
  path: string;
  wwn: string;
  model: string;
  serial: string;
  revision: string;
}

export interface Mount {
  /** "/dev/vda1", "tmpfs". */
  device: string;
  mountPoint: string;
  fsType: string;
  readOnly: boolean;
}

export interface Filesystem extends Mount {
  /** Undefined where statfs failed or did not answer in time. */
  counts?: VolumeCounts;
  /** Why there are no counts. */
  error?: string;
}

export interface VolumeCounts {
  sizeBytes: number;
  freeBytes: number;
  /** Free for users other than root. */
  availableBytes: number;
  files: number;
  filesFree: number;
}

/** Counters of one network device since it came up, as /proc/net/dev sums them. */
export interface NetCounters {
  device: string;
  receive: {
    bytes: number;
    packets: number;
    errs: number;
    drop: number;
    fifo: number;
    frame: number;
    compressed: number;
    multicast: number;
    nohandler?: number;
  };
  transmit: {
    bytes: number;
    packets: number;
    errs: number;
    drop: number;
    fifo: number;
    colls: number;
    carrier: number;
    compressed: number;
  };
}

/**
 * What sysfs says of one network device; an attribute that the driver does not give is undefined.
 */
export interface NetInterface {
  device: string;
  up: boolean;
  text: { address: string; broadcast: string; duplex: string; ifalias: string; operstate: string };
  /** sysfs attribute name → number. */
  numbers: Map<string, number>;
}

/** Seconds since boot in which something (`some`) or everything (`full`) waited. */
export interface Pressure {
  resource: "cpu" | "io" | "memory" | "irq";
  some?: number;
  full?: number;
}

export interface SystemName {
  sysname: string;
  release: string;
  version: string;
  machine: string;
  nodename: string;
  domainname: string;
}

export interface SensorReading {
  /** Chip as sysfs names its device, "platform_coretemp_0". */
  chip: string;
  chipName: string;
  sensor: string;
  label: string;
  /** What follows node_hwmon_ ("temp_crit_celsius") → value in that unit. */
  values: Map<string, number>;
}

export interface SoftnetCounts {
  cpu: string;
  processed: number;
  dropped: number;
  timesSqueezed: number;
  /** Undefined where the kernel has no such column yet. */
  collisions?: number;
  receivedRps?: number;
  flowLimit?: number;
  backlog?: number;
}

export interface ScheduleCounts {
  cpu: string;
  runningSeconds: number;
  waitingSeconds: number;
  timeslices: number;
}

export interface CpuFrequency {
  cpu: string;
  /** Hertz. */
  current?: number;
  min?: number;
  max?: number;
  scalingCurrent?: number;
  scalingMin?: number;
  scalingMax?: number;
}

/** Processes by state, as the first letter of the state in /proc/PID/stat. */
export interface ProcessCounts {
  states: Map<string, number>;
  /** Threads by state; empty where they were not asked for. */
  threadStates: Map<string, number>;
  total: number;
  threads: number;
  threadsMax: number;
  pidMax: number;
}

/** How one collector fared. */
export interface CollectorResult {
  name: string;
  seconds: number;
  ok: boolean;
  /** Why not; "" where it is ok. */
  reason: string;
}

/** A fan, or a processor that slows down, and how far it does so now. */
export interface CoolingDevice {
  /** Number in its name. */
  name: string;
  type: string;
  current: number;
  max: number;
}

export interface HostSample {
  /** Milliseconds since 1970, UTC, when the reading began. */
  timeMs: number;
  reader: "procfs" | "systeminformation";
  collectors: CollectorResult[];
  name?: SystemName;
  /** Keys of os-release in lower case. */
  os?: Map<string, string>;
  uptimeSeconds?: number;
  /** Names of the sessions that are logged in. */
  users?: string[];
  cpus?: CpuTimes[];
  cpuTotal?: CpuTimes;
  physicalCpus?: number;
  kernel?: KernelCounts;
  memory?: MemoryValue[];
  load?: LoadAverage;
  disks?: DiskCounters[];
  filesystems?: Filesystem[];
  network?: NetCounters[];
  interfaces?: NetInterface[];
  pressure?: Pressure[];
  vmstat?: Map<string, number>;
  files?: { allocated: number; maximum: number };
  /** "TCP_inuse" → count, and "TCP_mem_bytes". */
  sockets?: Map<string, number>;
  /** "Tcp_ActiveOpens" → count. */
  protocols?: Map<string, number>;
  udpQueues?: { ip: "v4" | "v6"; rx: number; tx: number }[];
  /** "entries", "entries_limit", "stat_drop", … */
  conntrack?: Map<string, number>;
  entropy?: { availableBits: number; poolBits: number };
  arp?: Map<string, number>;
  softnet?: SoftnetCounts[];
  schedule?: ScheduleCounts[];
  frequencies?: CpuFrequency[];
  sensors?: SensorReading[];
  thermalZones?: { zone: string; type: string; celsius: number }[];
  coolingDevices?: CoolingDevice[];
  powerSupplies?: PowerSupply[];
  /** What follows node_timex_ → value. */
  timex?: Map<string, number>;
  interrupts?: InterruptCounts[];
  /** "established" and the like → sockets, "rx_queued_bytes" → bytes. */
  tcpStates?: Map<string, number>;
  processes?: ProcessCounts;
  containers?: Containers;
  raid?: RaidArray[];
  bonds?: Bond[];
  textFiles?: TextFiles;
  clock?: { source: string; available: string[]; zone: string; zoneOffsetSeconds: number };
}
