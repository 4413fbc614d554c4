/** CPU, kernel, load, pressure and memory in node_exporter's names. */
import type { CpuTimes, HostSample, MemoryValue } from "../read/host_sample.ts";
import { type Exposition, label, labels } from "../../core/metrics/exposition.ts";

const CPU_MODES = ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"] as const;

/** Texts of labels are the same at every scrape: made once for each CPU. */
const cpuLabels = new Map<string, string>();

function cpuLabel(cpu: string, mode: string): string {
  const key = `${cpu} ${mode}`;
  let text = cpuLabels.get(key);
  if (text === undefined) {
    text = labels({ cpu, mode });
    if (cpuLabels.size < 20_000) cpuLabels.set(key, text);
  }
  return text;
}

/** node_cpu_*, node_schedstat_*. Guest time is also part of user and nice, as the kernel counts. */
export function writeCpu(out: Exposition, sample: HostSample): void {
  if (sample.cpus !== undefined) {
    out.family("node_cpu_guest_seconds_total", "counter", "Time that CPUs ran virtual machines.");
    for (const cpu of sample.cpus) {
      out.sample(cpuLabel(cpu.cpu, "nice"), cpu.guestNice);
      out.sample(cpuLabel(cpu.cpu, "user"), cpu.guest);
    }
    out.family("node_cpu_seconds_total", "counter", "Time that CPUs spent in each mode.");
    for (const cpu of sample.cpus) {
      for (const mode of CPU_MODES) {
        out.sample(cpuLabel(cpu.cpu, mode), cpu[mode as keyof CpuTimes] as number);
      }
    }
  }
  writeFrequencies(out, sample);
  if (sample.schedule === undefined) return;
  for (const [name, key, help] of SCHEDULE) {
    out.family(`node_schedstat_${name}_total`, "counter", help);
    for (const row of sample.schedule) out.sample(label("cpu", row.cpu), row[key]);
  }
}

const SCHEDULE = [
  ["running_seconds", "runningSeconds", "Time that a CPU ran tasks."],
  ["timeslices", "timeslices", "Timeslices that a CPU ran."],
  ["waiting_seconds", "waitingSeconds", "Time that tasks waited for a CPU."],
] as const;

const FREQUENCIES = [
  ["node_cpu_frequency_hertz", "current", "Frequency now."],
  ["node_cpu_frequency_max_hertz", "max", "Highest frequency of the hardware."],
  ["node_cpu_frequency_min_hertz", "min", "Lowest frequency of the hardware."],
  ["node_cpu_scaling_frequency_hertz", "scalingCurrent", "Frequency that the governor set."],
  ["node_cpu_scaling_frequency_max_hertz", "scalingMax", "Highest that the governor may set."],
  ["node_cpu_scaling_frequency_min_hertz", "scalingMin", "Lowest that the governor may set."],
] as const;

function writeFrequencies(out: Exposition, sample: HostSample): void {
  for (const [name, key, help] of FREQUENCIES) {
    const rows = (sample.frequencies ?? []).filter((row) => row[key] !== undefined);
    if (rows.length === 0) continue;
    out.family(name, "gauge", help);
    for (const row of rows) out.sample(label("cpu", row.cpu), row[key]!);
  }
}

/** Counters of the kernel as a whole, load, pressure, open files, entropy. */
export function writeKernel(out: Exposition, sample: HostSample): void {
  const kernel = sample.kernel;
  if (kernel !== undefined) {
    out.single(
      "node_boot_time_seconds",
      "gauge",
      "Start of the system, unix seconds.",
      kernel.bootTimeSeconds,
    );
    out.single(
      "node_context_switches_total",
      "counter",
      "Context switches.",
      kernel.contextSwitches,
    );
    out.single("node_forks_total", "counter", "Processes and threads begun.", kernel.forks);
    out.single("node_intr_total", "counter", "Interrupts served.", kernel.interrupts);
    out.single("node_procs_blocked", "gauge", "Tasks that wait for a disk.", kernel.blocked);
    out.single("node_procs_running", "gauge", "Tasks that run or could run.", kernel.running);
  }
  out.single("node_load1", "gauge", "Load average of a minute.", sample.load?.load1);
  out.single("node_load5", "gauge", "Load average of five minutes.", sample.load?.load5);
  out.single("node_load15", "gauge", "Load average of 15 minutes.", sample.load?.load15);
  for (const row of sample.pressure ?? []) {
    const name = `node_pressure_${row.resource}`;
    // For the CPU "full" has no meaning for the system as a whole, and interrupts know "full"
    // alone.
    const full = row.resource === "cpu" ? undefined : row.full;
    out.single(
      `${name}_stalled_seconds_total`,
      "counter",
      "Time in which no task could go on.",
      full,
    );
    out.single(
      `${name}_waiting_seconds_total`,
      "counter",
      "Time in which some task had to wait.",
      row.some,
    );
  }
  out.single("node_filefd_allocated", "gauge", "Open files.", sample.files?.allocated);
  out.single("node_filefd_maximum", "gauge", "Most open files.", sample.files?.maximum);
  out.single(
    "node_entropy_available_bits",
    "gauge",
    "Entropy at hand.",
    sample.entropy?.availableBits,
  );
  out.single(
    "node_entropy_pool_size_bits",
    "gauge",
    "Size of the entropy pool.",
    sample.entropy?.poolBits,
  );
}

const memoryNames = new Map<string, string>();

/** "Active(anon)" → node_memory_Active_anon_bytes; a count has no _bytes. */
export function memoryName(row: Pick<MemoryValue, "key" | "bytes">): string {
  let name = memoryNames.get(row.key);
  if (name === undefined) {
    const key = row.key.replace(/\((.*)\)/, "_$1").replace(/[^A-Za-z0-9_]/g, "_");
    name = `node_memory_${key}${row.bytes ? "_bytes" : ""}`;
    if (memoryNames.size < 1000) memoryNames.set(row.key, name);
  }
  return name;
}

/** Every row of meminfo, and the paging counters. */
export function writeMemory(out: Exposition, sample: HostSample): void {
  for (const row of sample.memory ?? []) {
    out.single(memoryName(row), "gauge", `${row.key} of meminfo.`, row.value);
  }
  for (const [key, value] of sample.vmstat ?? []) {
    out.single(`node_vmstat_${key}`, "untyped", `${key} of vmstat.`, value);
  }
}
