/**
 * Control groups of version 2: one folder a group, and in it a file for each thing that is counted.
 * Pure functions of those files; which of them there are depends on the controllers that the group
 * has and on the kernel.
 */
import type { ContainerUsage, DeviceIo } from "./container_usage.ts";
import { parsePressure } from "./load.ts";

/** Text of a file of the group, undefined where there is none. */
export type ReadGroupFile = (name: string) => string | undefined;

/** What the group's files say; `deviceOf` names a "major:minor". */
export function readGroup2(
  read: ReadGroupFile,
  deviceOf: (number: string) => string,
): Omit<ContainerUsage, "id" | "name" | "image"> {
  const has = new Set((read("cgroup.controllers") ?? "").split(/\s+/));
  const io = has.has("io") ? read("io.stat") : undefined;
  return {
    cpu: cpuOf(read, has.has("cpu")),
    memory: has.has("memory") ? memoryOf(read) : undefined,
    threads: has.has("pids") ? threadsOf(read) : undefined,
    io: io === undefined ? undefined : parseIoStat(io, deviceOf),
    pressure: pressureOf(read, has),
  };
}

/** The kernel counts the time of every group, with the controller or without. */
function cpuOf(read: ReadGroupFile, controller: boolean): ContainerUsage["cpu"] {
  const stat = parseFlat(read("cpu.stat") ?? "");
  if (stat.size === 0) return undefined;
  const seconds = (key: string) => divided(stat.get(key), 1e6);
  const found: ContainerUsage["cpu"] = {
    usageSeconds: seconds("usage_usec"),
    userSeconds: seconds("user_usec"),
    systemSeconds: seconds("system_usec"),
  };
  if (!controller) return found;
  const [quota, period] = (read("cpu.max") ?? "").trim().split(" ");
  if (period !== undefined && quota !== "max") {
    found.quota = Number(quota);
    found.period = Number(period);
    found.periods = stat.get("nr_periods");
    found.throttledPeriods = stat.get("nr_throttled");
    found.throttledSeconds = seconds("throttled_usec");
  }
  const weight = amount(read("cpu.weight"));
  // Weights 1 to 10000 stand for shares 2 to 262144, as container runtimes turn one into the other.
  if (weight !== undefined) found.shares = Math.floor(2 + (weight - 1) * 262142 / 9999);
  return found;
}

function memoryOf(read: ReadGroupFile): ContainerUsage["memory"] {
  const usage = amount(read("memory.current"));
  const stat = parseFlat(read("memory.stat") ?? "");
  if (usage === undefined && stat.size === 0) return undefined;
  return {
    usage,
    workingSet: usage === undefined
      ? undefined
      : Math.max(0, usage - (stat.get("inactive_file") ?? 0)),
    anonymous: stat.get("anon"),
    fileCache: stat.get("file"),
    mappedFile: stat.get("file_mapped"),
    swap: amount(read("memory.swap.current")),
    peak: amount(read("memory.peak")),
    limit: limitOf(read("memory.max")),
    faults: stat.get("pgfault"),
    majorFaults: stat.get("pgmajfault"),
    oomKills: parseFlat(read("memory.events") ?? "").get("oom_kill"),
  };
}

function threadsOf(read: ReadGroupFile): ContainerUsage["threads"] {
  const current = amount(read("pids.current"));
  return current === undefined ? undefined : { current, max: amount(read("pids.max")) };
}

function pressureOf(read: ReadGroupFile, has: ReadonlySet<string>): ContainerUsage["pressure"] {
  const found = [];
  for (const resource of ["cpu", "memory", "io"] as const) {
    const text = has.has(resource) ? read(`${resource}.pressure`) : undefined;
    if (text !== undefined) found.push(parsePressure(resource, text));
  }
  return found.length === 0 ? undefined : found;
}

/** "254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0". */
export function parseIoStat(
  text: string,
  deviceOf: (number: string) => string,
): Map<string, DeviceIo> {
  const found = new Map<string, DeviceIo>();
  for (const line of text.split("\n")) {
    const [number, ...pairs] = line.split(" ");
    const of = new Map(pairs.map((pair) => pair.split("=") as [string, string]));
    if (!of.has("rbytes")) continue;
    found.set(deviceOf(number), {
      readBytes: Number(of.get("rbytes")),
      writtenBytes: Number(of.get("wbytes")),
      reads: Number(of.get("rios")),
      writes: Number(of.get("wios")),
    });
  }
  return found;
}

/** Lines of "key number". */
export function parseFlat(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    if (space > 0) found.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return found;
}

/** A file of one number; "max" is none. */
export function amount(text: string | undefined): number | undefined {
  const value = text?.trim();
  return value === undefined || value === "" || value === "max" ? undefined : Number(value);
}

/** A limit in bytes, 0 where there is none; undefined where there is no such file. */
function limitOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : amount(text) ?? 0;
}

export function divided(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by;
}
