/**
 * CPU times and kernel counters out of /proc/stat, the frequencies out of sysfs, and the
 * scheduler's times. Times are seconds since boot; the kernel counts in hundredths of a second.
 * Counters never go back: `keepRising` repairs the small steps back that iowait and idle make.
 */
import type { HostFiles } from "./host_files.ts";
import type { CpuFrequency, CpuTimes, KernelCounts, ScheduleCounts } from "./host_sample.ts";

/** USER_HZ: the kernel's interface is fixed at 100, whatever its own tick is. */
const TICKS_PER_SECOND = 100;

const MODES = [
  "user",
  "nice",
  "system",
  "idle",
  "iowait",
  "irq",
  "softirq",
  "steal",
  "guest",
  "guestNice",
] as const;

/**
 * More than this many seconds of idle time back is not a wobble: the CPU was taken out and came
 * back.
 */
const IDLE_JUMP_SECONDS = 3;

export interface StatFile {
  total: CpuTimes;
  cpus: CpuTimes[];
  kernel: KernelCounts;
}

/** Reads /proc/stat. Throws where it has no "cpu" line. */
export function parseStat(text: string): StatFile {
  const cpus: CpuTimes[] = [];
  let total: CpuTimes | undefined;
  const kernel: KernelCounts = {
    bootTimeSeconds: 0,
    contextSwitches: 0,
    interrupts: 0,
    forks: 0,
    running: 0,
    blocked: 0,
  };
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf("\n", at);
    if (end === -1) end = text.length;
    const space = text.indexOf(" ", at);
    const key = space === -1 || space > end ? "" : text.slice(at, space);
    if (key === "cpu") total = parseCpuLine("", text.slice(space + 1, end));
    else if (key.startsWith("cpu")) cpus.push(parseCpuLine(key.slice(3), text.slice(space, end)));
    // The line of interrupts is long; its first number is the sum, and parseInt stops behind it.
    else if (key === "intr") kernel.interrupts = parseInt(text.slice(space, space + 24), 10);
    else if (key === "ctxt") kernel.contextSwitches = Number(text.slice(space, end));
    else if (key === "btime") kernel.bootTimeSeconds = Number(text.slice(space, end));
    else if (key === "processes") kernel.forks = Number(text.slice(space, end));
    else if (key === "procs_running") kernel.running = Number(text.slice(space, end));
    else if (key === "procs_blocked") kernel.blocked = Number(text.slice(space, end));
    at = end + 1;
  }
  if (total === undefined) throw new Error("Cannot read stat: no line of CPU times");
  return { total, cpus, kernel };
}

function parseCpuLine(cpu: string, text: string): CpuTimes {
  const ticks = text.trim().split(/\s+/);
  const times = { cpu } as CpuTimes;
  // Old kernels have fewer columns; a missing one is 0.
  MODES.forEach((mode, i) => times[mode] = (Number(ticks[i] ?? 0) || 0) / TICKS_PER_SECOND);
  return times;
}

/**
 * The times to show after `before`: none lower than shown before, unless the CPU's idle time fell
 * by more than three seconds, which means that its counters were reset.
 */
export function keepRising(before: CpuTimes | undefined, now: CpuTimes): CpuTimes {
  if (before === undefined || before.idle - now.idle > IDLE_JUMP_SECONDS) return now;
  const shown = { ...now };
  for (const mode of MODES) shown[mode] = Math.max(before[mode], now[mode]);
  return shown;
}

/**
 * Cores, not hyperthreads: pairs of package and core in /proc/cpuinfo; undefined where it does not
 * say.
 */
export function parsePhysicalCpus(text: string): number | undefined {
  const cores = new Set<string>();
  for (const block of text.split("\n\n")) {
    const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1];
    if (core === undefined) continue;
    cores.add(`${/^physical id\s*:\s*(\d+)/m.exec(block)?.[1] ?? ""}:${core}`);
  }
  return cores.size === 0 ? undefined : cores.size;
}

/** Frequencies in hertz (sysfs has kilohertz), for the CPUs that have a driver. */
export function readFrequencies(files: HostFiles): CpuFrequency[] {
  const found: CpuFrequency[] = [];
  // Without a driver there is not even this folder: one look instead of six for each CPU.
  if (files.listSys("devices/system/cpu/cpufreq").length === 0) return found;
  for (const name of files.listSys("devices/system/cpu")) {
    const cpu = /^cpu(\d+)$/.exec(name)?.[1];
    if (cpu === undefined) continue;
    const hertz = (attribute: string) => {
      const text = files.trySys(`devices/system/cpu/${name}/cpufreq/${attribute}`);
      return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text) * 1000;
    };
    const entry: CpuFrequency = {
      cpu,
      current: hertz("cpuinfo_cur_freq"),
      min: hertz("cpuinfo_min_freq"),
      max: hertz("cpuinfo_max_freq"),
      scalingCurrent: hertz("scaling_cur_freq"),
      scalingMin: hertz("scaling_min_freq"),
      scalingMax: hertz("scaling_max_freq"),
    };
    if (Object.values(entry).some((value) => typeof value === "number")) found.push(entry);
  }
  return found.sort((a, b) => Number(a.cpu) - Number(b.cpu));
}

/** /proc/schedstat: nanoseconds on the CPU and waiting for it, and timeslices. */
export function parseSchedstat(text: string): ScheduleCounts[] {
  const found: ScheduleCounts[] = [];
  for (const match of text.matchAll(/^cpu(\d+)((?: \d+)+)/gm)) {
    const numbers = match[2].trim().split(" ").map(Number);
    if (numbers.length < 9) continue;
    found.push({
      cpu: match[1],
      runningSeconds: numbers[6] / 1e9,
      waitingSeconds: numbers[7] / 1e9,
      timeslices: numbers[8],
    });
  }
  return found;
}
