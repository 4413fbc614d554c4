/**
 * The registry of a program: prom-client without its default metrics (they are untrue under Deno), our own process
 * figures, and the build. Labels never take a value from log content; `boundedLabel` keeps configured ones few.
 */
import process from "node:process";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export { Counter, Gauge, Histogram, Registry };

export const VERSION = "0.1.0";

/** A registry with weir_build_info and process_* of this process. */
export function newRegistry(program: string): Registry {
  const registry = new Registry();
  new Gauge({
    name: "weir_build_info",
    help: "Version of this program; always 1.",
    labelNames: ["program", "version", "deno"],
    registers: [registry],
  }).set({ program, version: VERSION, deno: Deno.version.deno }, 1);
  const startedAt = (Date.now() - performance.now()) / 1000;
  new Gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process, unix seconds.",
    registers: [registry],
  }).set(startedAt);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory.",
    registers: [registry],
    collect() {
      this.set(Deno.memoryUsage().rss);
    },
  });
  new Counter({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time.",
    registers: [registry],
    collect() {
      const seconds = cpuSeconds();
      if (seconds > lastCpu) this.inc(seconds - lastCpu);
      lastCpu = Math.max(lastCpu, seconds);
    },
  });
  let lastCpu = 0;
  if (Deno.build.os === "linux") linuxFigures(registry);
  return registry;
}

/**
 * What only /proc tells: open files, their bound, virtual memory and its bound. An executable without all permissions
 * may not read it; then there are no such figures.
 */
function linuxFigures(registry: Registry): void {
  try {
    Deno.readTextFileSync("/proc/self/limits");
  } catch {
    return; // refused, or no /proc
  }
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  const limit = (name: string) => {
    const row = new RegExp(`^${name} +(\\S+)`, "m").exec(
      Deno.readTextFileSync("/proc/self/limits"),
    );
    return row?.[1] === "unlimited" ? Infinity : Number(row?.[1]);
  };
  gauge("process_open_fds", "Open files.", () => [...Deno.readDirSync("/proc/self/fd")].length);
  gauge("process_max_fds", "Most open files.", () => limit("Max open files"));
  gauge("process_virtual_memory_bytes", "Address space in use.", () => {
    const [pages] = Deno.readTextFileSync("/proc/self/statm").split(" ");
    return Number(pages) * 4096;
  });
  gauge("process_virtual_memory_max_bytes", "Bound of the address space.", () => {
    return limit("Max address space");
  });
}

/** CPU seconds of this process since its start, user and system. */
export function cpuSeconds(): number {
  const usage = process.cpuUsage();
  return (usage.user + usage.system) / 1e6;
}

/** Maps names to themselves until there are `max` of them, and to "overflow" from then on. */
export function boundedLabel(max: number): (name: string) => string {
  const seen = new Set<string>();
  return (name) => {
    if (seen.has(name)) return name;
    if (seen.size >= max) return "overflow";
    seen.add(name);
    return name;
  };
}
