/**
 * The reader for systems without /proc: systeminformation. It gives less (no CPU times by mode as
 * counters, no counters per disk) and spawns processes for most answers, which is why Linux never
 * uses it. What it cannot tell is left out, never guessed.
 */
import { messageOf } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { CpuTimes, HostSample } from "./host_sample.ts";
import type { HostReader } from "./reader.ts";

/** Neither target shows a number that is not one. */
const UNKNOWN = NaN;

type SystemInformation = typeof import("systeminformation");
type Collect = (si: SystemInformation, sample: HostSample) => Promise<void>;

/** A reader over systeminformation; the library is loaded at the first look. */
export function createPortableReader(clock: Clock, collectorLimitMs: number): HostReader {
  let library: Promise<SystemInformation> | undefined;
  return {
    kind: "systeminformation",
    collectors: Object.keys(COLLECTORS),
    async read(names) {
      library ??= import("systeminformation").then((module) => module.default ?? module);
      const si = await library;
      const sample: HostSample = {
        timeMs: clock.wallMs(),
        reader: "systeminformation",
        collectors: [],
      };
      const wanted = Object.entries(COLLECTORS).filter(([name]) => names.has(name));
      await Promise.all(wanted.map(async ([name, collect]) => {
        const since = clock.monotonicMs();
        const result = { name, seconds: 0, ok: true, reason: "" };
        sample.collectors.push(result);
        const end = new AbortController();
        const late = clock.sleep(collectorLimitMs, end.signal).then(() => {
          if (!end.signal.aborted) throw new Error(`no answer within ${collectorLimitMs} ms`);
        });
        try {
          await Promise.race([collect(si, sample), late]);
        } catch (error) {
          Object.assign(result, { ok: false, reason: messageOf(error) });
        } finally {
          end.abort();
          result.seconds = (clock.monotonicMs() - since) / 1000;
        }
      }));
      return sample;
    },
    close() {
      // The library keeps nothing open.
    },
  };
}

const COLLECTORS: Record<string, Collect> = {
  uname: async (si, sample) => {
    const os = await si.osInfo();
    sample.name = {
      sysname: os.platform,
      release: os.kernel,
      version: os.build,
      machine: os.arch,
      nodename: os.hostname,
      domainname: "(none)",
    };
    sample.os = new Map([
      ["id", os.distro.toLowerCase()],
      ["name", os.distro],
      ["pretty_name", `${os.distro} ${os.release}`],
      ["version_id", os.release],
    ]);
  },
  time: (si, sample) => {
    sample.uptimeSeconds = si.time().uptime;
    return Promise.resolve();
  },
  cpu: async (si, sample) => {
    const load = await si.currentLoad();
    sample.cpus = load.cpus.map((cpu, i) => timesOf(String(i), cpu));
    sample.cpuTotal = sumOf(sample.cpus);
    sample.physicalCpus = (await si.cpu()).physicalCores;
  },
  loadavg: (_si, sample) => {
    const [load1, load5, load15] = Deno.loadavg();
    sample.load = { load1, load5, load15, tasks: UNKNOWN };
    return Promise.resolve();
  },
  meminfo: async (si, sample) => {
    const memory = await si.mem();
    const rows: [string, number][] = [
      ["MemTotal", memory.total],
      ["MemFree", memory.free],
      ["MemAvailable", memory.available],
      ["Buffers", memory.buffers ?? 0],
      ["Cached", memory.cached],
      ["SwapTotal", memory.swaptotal],
      ["SwapFree", memory.swapfree],
    ];
    sample.memory = rows.map(([key, value]) => ({ key, value, bytes: true }));
  },
  filesystem: async (si, sample) => {
    sample.filesystems = (await si.fsSize()).map((fs) => ({
      device: fs.fs,
      mountPoint: fs.mount,
      fsType: fs.type,
      readOnly: fs.rw === false,
      counts: {
        sizeBytes: fs.size,
        freeBytes: fs.size - fs.used,
        availableBytes: fs.available,
        files: UNKNOWN,
        filesFree: UNKNOWN,
      },
    }));
  },
  netdev: async (si, sample) => {
    sample.network = (await si.networkStats("*")).map((stat) => ({
      device: stat.iface,
      receive: {
        bytes: stat.rx_bytes,
        packets: UNKNOWN,
        errs: stat.rx_errors,
        drop: stat.rx_dropped,
        fifo: UNKNOWN,
        frame: UNKNOWN,
        compressed: UNKNOWN,
        multicast: UNKNOWN,
      },
      transmit: {
        bytes: stat.tx_bytes,
        packets: UNKNOWN,
        errs: stat.tx_errors,
        drop: stat.tx_dropped,
        fifo: UNKNOWN,
        colls: UNKNOWN,
        carrier: UNKNOWN,
        compressed: UNKNOWN,
      },
    }));
  },
};

interface RawLoad {
  rawLoadUser?: number;
  rawLoadNice?: number;
  rawLoadSystem?: number;
  rawLoadIdle?: number;
  rawLoadIrq?: number;
  rawLoadSteal?: number;
}

/** The library's raw loads are milliseconds since boot; it knows neither iowait nor softirq. */
function timesOf(cpu: string, load: RawLoad): CpuTimes {
  const seconds = (value: number | undefined) => (value ?? 0) / 1000;
  return {
    cpu,
    user: seconds(load.rawLoadUser),
    nice: seconds(load.rawLoadNice),
    system: seconds(load.rawLoadSystem),
    idle: seconds(load.rawLoadIdle),
    iowait: UNKNOWN,
    irq: seconds(load.rawLoadIrq),
    softirq: UNKNOWN,
    steal: seconds(load.rawLoadSteal),
    guest: UNKNOWN,
    guestNice: UNKNOWN,
  };
}

function sumOf(cpus: readonly CpuTimes[]): CpuTimes {
  const total = { ...cpus[0], cpu: "" };
  for (const other of cpus.slice(1)) {
    for (const [mode, value] of Object.entries(other)) {
      if (mode !== "cpu") total[mode as "user"] += value as number;
    }
  }
  return total;
}
