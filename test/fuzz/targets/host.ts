/**
 * What the monitor reads from /proc, /sys, /run and the files of other programs: a file of any content makes its
 * collector give figures or throw an Error that says what it could not read, and what comes out of the figures is
 * a page that Prometheus reads, without NaN.
 */
import { parsePhysicalCpus, parseSchedstat, parseStat } from "../../../monitor/read/cpu.ts";
import { parseDiskstats, parseMounts, parseUdev } from "../../../monitor/read/disk.ts";
import { parseOsRelease } from "../../../monitor/read/identity.ts";
import { countTcpStates, noTcpStates, parseInterrupts } from "../../../monitor/read/interrupts.ts";
import {
  parseFileNr,
  parseLoadavg,
  parsePressure,
  parseUptime,
} from "../../../monitor/read/load.ts";
import { parseMeminfo, parseVmstat, VMSTAT_FIELDS } from "../../../monitor/read/memory.ts";
import * as network from "../../../monitor/read/network.ts";
import { parseProcessStat } from "../../../monitor/read/processes.ts";
import { parseMdstat } from "../../../monitor/read/raid.ts";
import { parseTextFile } from "../../../monitor/read/text_files.ts";
import { amount, parseFlat, parseIoStat } from "../../../monitor/read/cgroup_v2.ts";
import { parseUtmp } from "../../../monitor/read/users.ts";
import { ManualClock } from "../../../core/ports/clock.ts";
import { Exposition } from "../../../core/metrics/exposition.ts";
import { MapFiles } from "../../../monitor/read/map_files.ts";
import { createProcReader } from "../../../monitor/read/proc_reader.ts";
import { PointWriter } from "../../../monitor/write/influx_points.ts";
import { writeHost } from "../../../monitor/write/prometheus.ts";
import { must, type Target, textOf } from "../target.ts";

const NEVER = /(?!)/;
const into = (read: (found: Map<string, number>) => void) => {
  const found = new Map<string, number>();
  read(found);
  return found;
};

/** By the name that a corpus file's first line has. */
const PARSERS: Readonly<Record<string, (text: string, bytes: Uint8Array) => unknown>> = {
  stat: parseStat,
  cpuinfo: parsePhysicalCpus,
  schedstat: parseSchedstat,
  diskstats: (text) => parseDiskstats(text, NEVER),
  udev: parseUdev,
  mounts: (text) => parseMounts(text, NEVER, NEVER),
  osrelease: parseOsRelease,
  interrupts: parseInterrupts,
  tcp: (text) => {
    const found = noTcpStates();
    countTcpStates(text, found);
    return found;
  },
  loadavg: parseLoadavg,
  pressure: (text) => parsePressure("io", text),
  filenr: parseFileNr,
  uptime: parseUptime,
  meminfo: parseMeminfo,
  vmstat: (text) => parseVmstat(text, VMSTAT_FIELDS),
  netdev: (text) => network.parseNetDev(text, undefined),
  netstat: (text) => into((found) => network.parseProtocols(text, found)),
  snmp6: (text) => into((found) => network.parseProtocols6(text, found)),
  sockstat: (text) => into((found) => network.parseSockstat(text, 4096, found)),
  udp: network.parseUdpQueues,
  arp: network.parseArp,
  softnet: network.parseSoftnet,
  conntrack: (text) => into((found) => network.parseConntrackStat(text, found)),
  process: parseProcessStat,
  mdstat: parseMdstat,
  prom: (text) => parseTextFile(text, "/x/a.prom"),
  iostat: (text) => parseIoStat(text, (device) => device),
  flat: parseFlat,
  amount,
  utmp: (_, bytes) => parseUtmp(bytes),
};
const NAMES = Object.keys(PARSERS);

/** Where the file of a parser lies, if not at /proc and its name. */
const PATHS: Readonly<Record<string, string>> = {
  osrelease: "/etc/os-release",
  tcp: "/proc/net/tcp",
  filenr: "/proc/sys/fs/file-nr",
  pressure: "/proc/pressure/io",
  mounts: "/proc/1/mounts",
  netdev: "/proc/net/dev",
  netstat: "/proc/net/netstat",
  snmp6: "/proc/net/snmp6",
  sockstat: "/proc/net/sockstat",
  udp: "/proc/net/udp",
  arp: "/proc/net/arp",
  softnet: "/proc/net/softnet_stat",
  process: "/proc/17/stat",
  utmp: "/var/run/utmp",
  conntrack: "/proc/net/stat/nf_conntrack",
};

/** What the engine says of a fault that nobody thought of. */
const ENGINE = /undefined|not a function|not iterable|Cannot read properties|Invalid/;

const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"`;
const LINE = new RegExp(
  `^(?:|# (?:HELP|TYPE) [^\n]*|[a-zA-Z_:][a-zA-Z0-9_:]*(?:\\{(?:${LABEL},?)*\\})? ` +
    String.raw`(?:[-+]?Inf|-?\d[\d.e+-]*))$`,
);
const READ_MS = Date.UTC(2026, 10, 21, 4, 15, 26);

export const host: Target = {
  name: "host",
  what: "monitor/read/: parsers of /proc, /sys, cgroups, utmp and text files",
  words: [
    "\n",
    " ",
    "\t",
    ":",
    "cpu0 1 2 3",
    "kB",
    "total=1",
    "max",
    '{a="b"} 1',
    "# TYPE a counter\n",
    "+Inf",
    "NaN",
    "/dev/sda1 / ext4 rw 0 0",
    "\\040",
    "[2/1] [U_]",
    "recovery = 1.0%",
    ...NAMES.map((name) => `${name}\n`),
  ],
  bytesMax: 4096,
  cases: 6000,
  async run(input) {
    const end = input.indexOf(10);
    const named = textOf(input.subarray(0, Math.max(0, end)));
    const name = NAMES.includes(named) ? named : NAMES[(input[0] ?? 0) % NAMES.length];
    const bytes = input.subarray(end + 1);
    let found: unknown;
    try {
      found = PARSERS[name](textOf(bytes), bytes);
    } catch (error) {
      // A sentence that somebody wrote, not what the engine says of undefined.
      if (!(error instanceof Error) || error.constructor !== Error) throw error;
      return `${name} ${error.message.replace(/"[^]*"|\d+/g, "").slice(0, 60)}`;
    }
    const page = await pageOf(name, textOf(bytes));
    return `${name} ${amountOf(found, 0)} ${Math.ceil(Math.log2(page.length))}`;
  },
};

/** How much was read, roughly. */
function amountOf(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null || depth > 6) return 1;
  const parts = value instanceof Map ? [...value.values()] : Object.values(value);
  const count = parts.reduce((sum: number, part) => sum + amountOf(part, depth + 1), 0);
  return Math.min(9, Math.ceil(Math.log2(1 + count)));
}

/** The lines of the page that a host with this file alone would have. */
async function pageOf(name: string, text: string): Promise<string[]> {
  const files = new MapFiles({ "/proc/1/status": "", [PATHS[name] ?? `/proc/${name}`]: text });
  const reader = createProcReader({
    files,
    clock: new ManualClock(READ_MS),
    ignore: { mountPoints: NEVER, fsTypes: NEVER, disks: NEVER },
    mountLimitMs: 1000,
    collectorLimitMs: 1000,
    textFolder: {
      path: "/x",
      names: () => ["a.prom"],
      read: () => ({ text: name === "prom" ? text : "", changedAtSeconds: 1 }),
    },
  });
  const sample = await reader.read(new Set(reader.collectors));
  for (const { name, reason } of sample.collectors) {
    must(!ENGINE.test(reason), () => `the collector ${name} says: ${reason}`);
  }
  const out = new Exposition(false, 100_000);
  writeHost(out, sample);
  const lines = out.text().split("\n");
  for (const line of lines) {
    must(LINE.test(line), () => `the page has the line ${JSON.stringify(line)}`);
  }
  new PointWriter({ tags: { host: "h" }, ignoreFsTypes: new Set() }).points(sample);
  return lines;
}
