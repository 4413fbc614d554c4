/**
 * Control groups of version 1: a hierarchy of its own for each controller, often with other groups in
 * it. Pure functions of a group's files.
 */
import { amount, divided, parseFlat, type ReadGroupFile } from "./cgroup_v2.ts";
import type { ContainerUsage, DeviceIo } from "./container_usage.ts";

/** Controllers that something is read of. */
export const CONTROLLERS = ["cpuacct", "cpu", "memory", "blkio", "pids"] as const;
export type Controller = typeof CONTROLLERS[number];

/** The kernel's unit of user and system time there, on every architecture that Linux runs on today. */
const TICKS_A_SECOND = 100;
/** Limits from here on are the kernel's way to say "none". */
const NO_LIMIT = 2 ** 62;

/** What the group's files say; `read` gives undefined where the controller has no such group. */
export function readGroup1(
  read: (controller: Controller, name: string) => string | undefined,
  deviceOf: (number: string) => string,
): Omit<ContainerUsage, "id" | "name" | "image"> {
  return {
    cpu: cpuOf((name) => read("cpuacct", name), (name) => read("cpu", name)),
    memory: memoryOf((name) => read("memory", name)),
    threads: threadsOf((name) => read("pids", name)),
    io: ioOf((name) => read("blkio", name), deviceOf),
  };
}

function cpuOf(times: ReadGroupFile, limits: ReadGroupFile): ContainerUsage["cpu"] {
  const usage = amount(times("cpuacct.usage"));
  const stat = parseFlat(times("cpuacct.stat") ?? "");
  const shares = amount(limits("cpu.shares"));
  if (usage === undefined && shares === undefined) return undefined;
  const found: ContainerUsage["cpu"] = {
    usageSeconds: divided(usage, 1e9),
    userSeconds: divided(stat.get("user"), TICKS_A_SECOND),
    systemSeconds: divided(stat.get("system"), TICKS_A_SECOND),
    shares,
  };
  const quota = amount(limits("cpu.cfs_quota_us"));
  if (quota !== undefined && quota > 0) {
    const throttling = parseFlat(limits("cpu.stat") ?? "");
    found.quota = quota;
    found.period = amount(limits("cpu.cfs_period_us"));
    found.periods = throttling.get("nr_periods");
    found.throttledPeriods = throttling.get("nr_throttled");
    found.throttledSeconds = divided(throttling.get("throttled_time"), 1e9);
  }
  return found;
}

/** With what the groups below it use, as the usage has it. */
function memoryOf(read: ReadGroupFile): ContainerUsage["memory"] {
  const usage = amount(read("memory.usage_in_bytes"));
  if (usage === undefined) return undefined;
  const stat = parseFlat(read("memory.stat") ?? "");
  const limit = amount(read("memory.limit_in_bytes"));
  return {
    usage,
    workingSet: Math.max(0, usage - (stat.get("total_inactive_file") ?? 0)),
    anonymous: stat.get("total_rss"),
    fileCache: stat.get("total_cache"),
    mappedFile: stat.get("total_mapped_file"),
    swap: stat.get("total_swap"),
    peak: amount(read("memory.max_usage_in_bytes")),
    limit: limit === undefined ? undefined : limit >= NO_LIMIT ? 0 : limit,
    faults: stat.get("total_pgfault"),
    majorFaults: stat.get("total_pgmajfault"),
    oomKills: parseFlat(read("memory.oom_control") ?? "").get("oom_kill"),
  };
}

function threadsOf(read: ReadGroupFile): ContainerUsage["threads"] {
  const current = amount(read("pids.current"));
  return current === undefined ? undefined : { current, max: amount(read("pids.max")) };
}

function ioOf(
  read: ReadGroupFile,
  deviceOf: (number: string) => string,
): ContainerUsage["io"] {
  const bytes = read("blkio.throttle.io_service_bytes_recursive");
  if (bytes === undefined) return undefined;
  const found = new Map<string, DeviceIo>();
  const add = (text: string, names: Record<string, keyof DeviceIo>) => {
    for (const line of text.split("\n")) {
      const [number, operation, value] = line.split(" ");
      const name = value === undefined ? undefined : names[operation];
      if (name === undefined) continue;
      const device = deviceOf(number);
      const io = found.get(device) ?? { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 };
      io[name] = Number(value);
      found.set(device, io);
    }
  };
  add(bytes, { Read: "readBytes", Write: "writtenBytes" });
  const counts = read("blkio.throttle.io_serviced_recursive") ?? "";
  add(counts, { Read: "reads", Write: "writes" });
  return found;
}
