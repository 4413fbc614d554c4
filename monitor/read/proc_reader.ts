/**
 * The reader for Linux: /proc and /sys directly, no process is ever spawned. One collector fails
 * alone; those that may wait (mounted filesystems, sensors on a bus) have a time limit. Names of
 * collectors are node_exporter's.
 */
import { messageOf } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { ContainerReader } from "./containers.ts";
import * as cpu from "./cpu.ts";
import * as disk from "./disk.ts";
import type { HostFiles } from "./host_files.ts";
import type { CpuTimes, HostSample, Pressure } from "./host_sample.ts";
import * as identity from "./identity.ts";
import * as load from "./load.ts";
import * as memory from "./memory.ts";
import * as network from "./network.ts";
import { countTcpStates, noTcpStates, parseInterrupts } from "./interrupts.ts";
import { readPowerSupplies } from "./power.ts";
import { readProcesses } from "./processes.ts";
import type { HostReader } from "./reader.ts";
import * as sensors from "./sensors.ts";
import { parseMdstat, readBonds } from "./raid.ts";
import { readTextFiles, type TextFolder } from "./text_files.ts";
import { type AskClock, parseTimex } from "./timex.ts";
import { parseUtmp } from "./users.ts";

export interface ProcReaderOptions {
  files: HostFiles;
  clock: Clock;
  /** Mount points, filesystem types, devices and control groups that are left out. */
  ignore: {
    mountPoints: RegExp;
    fsTypes: RegExp;
    disks: RegExp;
    netDevices?: RegExp;
    /** @default none */
    cgroups?: RegExp;
  };
  /** Where other programs leave metrics. @default none */
  textFolder?: TextFolder;
  /** Most control groups in a sample. @default 300 */
  cgroupsMax?: number;
  /** Asks the kernel about its clock. @default none */
  askClock?: AskClock;
  /** Count threads by state too, beside processes. */
  threadStates?: boolean;
  /** Longest wait for one mount point. */
  mountLimitMs: number;
  /** Longest wait for one collector. */
  collectorLimitMs: number;
}

type Collect = (sample: HostSample) => void | Promise<void>;

/** A reader of /proc and /sys. */
export function createProcReader(options: ProcReaderOptions): HostReader {
  const collectors = new Map<string, Collect>([
    ...coreCollectors(options),
    ...diskCollectors(options),
    ...networkCollectors(options),
    ...otherCollectors(options),
  ]);
  const { clock, collectorLimitMs } = options;
  return {
    kind: "procfs",
    collectors: [...collectors.keys()],
    async read(names) {
      const sample: HostSample = { timeMs: clock.wallMs(), reader: "procfs", collectors: [] };
      const waiting: Promise<void>[] = [];
      for (const [name, collect] of collectors) {
        if (!names.has(name)) continue;
        const result = { name, seconds: 0, ok: true, reason: "" };
        sample.collectors.push(result);
        const since = clock.monotonicMs();
        const end = (error?: unknown) => {
          result.seconds = (clock.monotonicMs() - since) / 1000;
          if (error === undefined) return;
          result.ok = false;
          result.reason = messageOf(error);
        };
        try {
          const pending = collect(sample);
          if (pending === undefined) end();
          else waiting.push(within(pending, collectorLimitMs, clock).then(() => end(), end));
        } catch (error) {
          end(error);
        }
      }
      await Promise.all(waiting);
      return sample;
    },
    close: () => options.files.close(),
  };
}

async function within(work: Promise<void>, limitMs: number, clock: Clock): Promise<void> {
  const end = new AbortController();
  const late = clock.sleep(limitMs, end.signal).then(() => "late" as const);
  const result = await Promise.race([work, late]).finally(() => end.abort());
  if (result === "late") throw new Error(`no answer within ${limitMs} ms`);
}

/** Where there is nothing to read the collector fails, as node_exporter's do. */
function some<T extends { length: number } | { size: number }>(found: T): T {
  const count = "length" in found ? found.length : found.size;
  if (count === 0) throw new Error("nothing of this kind on this host");
  return found;
}

function coreCollectors({ files }: ProcReaderOptions): [string, Collect][] {
  const shown = new Map<string, CpuTimes>();
  // cpu and stat read the same file: once a sample.
  let read: { sample: HostSample; stat: cpu.StatFile } | undefined;
  const statOf = (sample: HostSample) => {
    if (read?.sample !== sample) read = { sample, stat: cpu.parseStat(files.proc("stat")) };
    return read.stat;
  };
  let physicalCpus: number | undefined;
  return [
    ["uname", (sample) => void (sample.name = identity.readName(files))],
    ["os", (sample) => {
      const text = files.tryRoot("/etc/os-release") ?? files.tryRoot("/usr/lib/os-release");
      if (text === undefined) throw new Error("no os-release");
      sample.os = identity.parseOsRelease(text);
    }],
    ["time", (sample) => {
      sample.uptimeSeconds = load.parseUptime(files.proc("uptime"));
      sample.clock = identity.readClock(files, sample.timeMs);
    }],
    ["cpu", (sample) => {
      const stat = statOf(sample);
      sample.cpuTotal = cpu.keepRising(shown.get(""), stat.total);
      shown.set("", sample.cpuTotal);
      sample.cpus = stat.cpus.map((now) => {
        const next = cpu.keepRising(shown.get(now.cpu), now);
        shown.set(now.cpu, next);
        return next;
      });
      physicalCpus ??= cpu.parsePhysicalCpus(files.tryProc("cpuinfo") ?? "") ?? stat.cpus.length;
      sample.physicalCpus = physicalCpus;
    }],
    ["stat", (sample) => void (sample.kernel = statOf(sample).kernel)],
    ["loadavg", (sample) => void (sample.load = load.parseLoadavg(files.proc("loadavg")))],
    ["meminfo", (sample) => void (sample.memory = memory.parseMeminfo(files.proc("meminfo")))],
    ["vmstat", (sample) => {
      sample.vmstat = memory.parseVmstat(files.proc("vmstat"), memory.VMSTAT_FIELDS);
    }],
    ["pressure", (sample) => {
      const found: Pressure[] = [];
      for (const resource of ["cpu", "io", "memory", "irq"] as const) {
        const text = files.tryProc(`pressure/${resource}`);
        if (text !== undefined) found.push(load.parsePressure(resource, text));
      }
      sample.pressure = some(found);
    }],
    ["filefd", (sample) => void (sample.files = load.parseFileNr(files.proc("sys/fs/file-nr")))],
  ];
}

function diskCollectors(options: ProcReaderOptions): [string, Collect][] {
  const { files, clock, ignore } = options;
  const filesystems = new disk.FilesystemReader(files, clock, options.mountLimitMs);
  return [
    ["diskstats", (sample) => {
      sample.disks = disk.parseDiskstats(files.proc("diskstats"), ignore.disks);
      for (const entry of sample.disks) {
        if (entry.hidden) continue;
        entry.wwid = files.trySys(`block/${entry.device}/wwid`) ?? "";
        const udev = files.tryRoot(`/run/udev/data/b${entry.major}:${entry.minor}`);
        if (udev !== undefined) entry.identity = disk.parseUdev(udev);
      }
    }],
    ["filesystem", async (sample) => {
      // Process 1 sees the host's mounts even where this program has a mount namespace of its own.
      const text = files.tryProc("1/mounts") ?? files.proc("self/mounts");
      const mounts = disk.parseMounts(text, ignore.mountPoints, ignore.fsTypes);
      sample.filesystems = await filesystems.read(mounts);
    }],
  ];
}

function networkCollectors({ files, ignore }: ProcReaderOptions): [string, Collect][] {
  const devices = new Map<string, network.KnownDevice>();
  return [
    ["netdev", (sample) => {
      sample.network = network.parseNetDev(files.proc("net/dev"), ignore.netDevices);
      for (const entry of sample.network) {
        const text = files.keptSys(`class/net/${entry.device}/statistics/rx_nohandler`);
        if (text !== undefined) entry.receive.nohandler = Number(text);
      }
    }],
    ["netclass", (sample) => {
      sample.interfaces = some(network.readInterfaces(files, ignore.netDevices, devices));
    }],
    ["netstat", (sample) => {
      const found = new Map<string, number>();
      network.parseProtocols(files.proc("net/netstat"), found);
      network.parseProtocols(files.proc("net/snmp"), found);
      network.parseProtocols6(files.tryProc("net/snmp6") ?? "", found);
      sample.protocols = found;
    }],
    ["sockstat", (sample) => {
      const found = new Map<string, number>();
      network.parseSockstat(files.proc("net/sockstat"), 4096, found);
      network.parseSockstat(files.tryProc("net/sockstat6") ?? "", 4096, found);
      sample.sockets = found;
    }],
    ["udp_queues", (sample) => {
      const four = files.tryProc("net/udp"), six = files.tryProc("net/udp6");
      sample.udpQueues = some([
        ...(four === undefined ? [] : [{ ip: "v4" as const, ...network.parseUdpQueues(four) }]),
        ...(six === undefined ? [] : [{ ip: "v6" as const, ...network.parseUdpQueues(six) }]),
      ]);
    }],
    ["conntrack", (sample) => {
      const of = (name: string) => Number(files.proc(`sys/net/netfilter/nf_conntrack_${name}`));
      const found = new Map([["entries", of("count")], ["entries_limit", of("max")]]);
      const stat = files.tryProc("net/stat/nf_conntrack");
      if (stat !== undefined) network.parseConntrackStat(stat, found);
      sample.conntrack = found;
    }],
    ["arp", (sample) => void (sample.arp = network.parseArp(files.proc("net/arp")))],
    ["softnet", (sample) => {
      sample.softnet = network.parseSoftnet(files.proc("net/softnet_stat"));
    }],
  ];
}

function otherCollectors(options: ProcReaderOptions): [string, Collect][] {
  const { files, askClock, threadStates } = options;
  const { ignore: { cgroups = /(?!)/ }, cgroupsMax = 300 } = options;
  const containers = new ContainerReader(files, cgroups, cgroupsMax);
  return [
    ["mdadm", (sample) => void (sample.raid = parseMdstat(files.proc("mdstat")))],
    ["bonding", (sample) => void (sample.bonds = some(readBonds(files)))],
    ["textfile", (sample) => {
      sample.textFiles = options.textFolder === undefined
        ? { families: [], changedAt: new Map(), faults: [] }
        : readTextFiles(options.textFolder);
    }],
    ["containers", (sample) => void (sample.containers = containers.read())],
    ["entropy", (sample) => {
      sample.entropy = {
        availableBits: Number(files.proc("sys/kernel/random/entropy_avail")),
        poolBits: Number(files.proc("sys/kernel/random/poolsize")),
      };
    }],
    ["schedstat", (sample) => {
      sample.schedule = cpu.parseSchedstat(files.proc("schedstat"));
    }],
    ["cpufreq", (sample) => void (sample.frequencies = some(cpu.readFrequencies(files)))],
    ["hwmon", (sample) => void (sample.sensors = some(sensors.readSensors(files)))],
    ["thermal_zone", (sample) => {
      sample.thermalZones = sensors.readThermalZones(files) ?? [];
      sample.coolingDevices = sensors.readCoolingDevices(files);
      some([...sample.thermalZones, ...sample.coolingDevices]);
    }],
    ["powersupplyclass", (sample) => void (sample.powerSupplies = some(readPowerSupplies(files)))],
    ["timex", (sample) => {
      if (askClock === undefined) throw new Error("this system's clock cannot be asked");
      sample.timex = parseTimex(askClock());
    }],
    ["interrupts", (sample) => {
      sample.interrupts = parseInterrupts(files.proc("interrupts"));
    }],
    ["tcpstat", (sample) => {
      const found = noTcpStates();
      countTcpStates(files.proc("net/tcp"), found);
      countTcpStates(files.tryProc("net/tcp6") ?? "", found);
      sample.tcpStates = found;
    }],
    ["processes", (sample) => void (sample.processes = readProcesses(files, threadStates))],
    ["users", (sample) => {
      const bytes = files.tryRootBytes("/var/run/utmp");
      if (bytes === undefined) throw new Error("no utmp");
      sample.users = parseUtmp(bytes);
    }],
  ];
}
