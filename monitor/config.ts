/**
 * Settings of weir-monitor: the one specification of their types, checks, defaults and
 * documentation.
 */
import type { z } from "zod";
import {
  bytes,
  choice,
  duration,
  flag,
  group,
  integer,
  settings,
  text,
  texts,
} from "../core/config/fields.ts";
import { programFields } from "../core/config/program_fields.ts";
import { messageOf, WeirError } from "../core/errors.ts";
import { etcdFields } from "../core/etcd/settings.ts";
import { fleetFields } from "../core/fleet/settings.ts";
import { IGNORED_FS_TYPES } from "./write/influx_points.ts";

/** What a scrape shows by default: node_exporter's choice of the collectors that there are here. */
const SCRAPE_COLLECTORS = [
  "arp",
  "bonding",
  "conntrack",
  "cpu",
  "cpufreq",
  "diskstats",
  "entropy",
  "filefd",
  "filesystem",
  "hwmon",
  "loadavg",
  "mdadm",
  "meminfo",
  "netclass",
  "netdev",
  "netstat",
  "os",
  "powersupplyclass",
  "pressure",
  "schedstat",
  "sockstat",
  "softnet",
  "stat",
  "textfile",
  "thermal_zone",
  "time",
  "timex",
  "udp_queues",
  "uname",
  "vmstat",
];

/** What Telegraf's default inputs need. */
const INFLUX_COLLECTORS = [
  "cpu",
  "diskstats",
  "entropy",
  "filesystem",
  "loadavg",
  "meminfo",
  "netclass",
  "netdev",
  "processes",
  "stat",
  "time",
  "users",
  "vmstat",
];

const filters = group({
  mountPointsIgnore: text(
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
    { description: "Mount points that are left out, a regular expression." },
  ),
  fsTypesIgnore: text(
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|" +
      "mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|" +
      "sysfs|tracefs)$",
    { description: "Filesystem types that are left out, a regular expression." },
  ),
  disksIgnore: text("^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$", {
    description: "Block devices that /metrics leaves out, a regular expression.",
  }),
  netDevicesIgnore: text("", {
    description: "Network devices that are left out, a regular expression; empty: none.",
  }),
  cgroupsIgnore: text("\\.(mount|swap|socket|automount|device)$", {
    description: "Control groups whose path fits are left out with all below them.",
  }),
}, { description: "What of the host is left out; the defaults are node_exporter's." });

const prometheus = group({
  enabled: flag(true, { description: "Host metrics on /metrics." }),
  collectors: texts(SCRAPE_COLLECTORS, 100, {
    description:
      "What a scrape reads; node_exporter's names. `processes` reads a file a process, " +
      "`containers` about ten a control group.",
  }),
  cgroupsMax: integer(1, 100_000, 300, {
    description:
      "Most control groups that `containers` reads; those nearest to the root come first.",
  }),
  seriesMax: integer(100, 1_000_000, 20_000, {
    description: "Most series on the page; the rest is left out and counted.",
  }),
}, { description: "The target Prometheus." });

const influx = group({
  enabled: flag(false, { description: "Send points to InfluxDB." }),
  url: text("http://127.0.0.1:8086", { description: "Address of the server." }),
  api: choice(["v2", "v1"], "v2", {
    description: "How it is written to: v2 from 1.8 on, v1 for older servers (/write?db=).",
  }),
  org: text("", { description: "Organisation (v2)." }),
  bucket: text("", { description: "Bucket (v2)." }),
  database: text("", { description: "Database (v1)." }),
  retentionPolicy: text("", { description: "Retention policy (v1); empty: the default one." }),
  username: text("", { description: "User (v1); empty: none." }),
  tokenFile: text("", {
    description:
      "File with the token (v2) or password (v1), read again at every write; a line end is cut off.",
  }),
  interval: duration(1000, 3600e3, "10s", { description: "Time between two samples." }),
  collectors: texts(INFLUX_COLLECTORS, 100, { description: "What a sample reads." }),
  fsTypesIgnore: texts(IGNORED_FS_TYPES, 100, {
    description: "Filesystem types that are left out here too; the default is Telegraf's.",
  }),
  timeout: duration(100, 300e3, "10s", { description: "Longest wait for an answer." }),
  gzipFrom: bytes(0, 1e9, "1kB", { description: "Bodies of at least this size are compressed." }),
  batchPointsMax: integer(1, 100_000, 1000, { description: "Most points in one request." }),
  bufferPointsMax: integer(10, 10_000_000, 20_000, {
    description:
      "Most points that wait while the server is away; beyond it the oldest are dropped.",
  }),
  retryMin: duration(10, 3600e3, "1s", { description: "First wait after a failure." }),
  retryMax: duration(10, 3600e3, "60s", { description: "Longest wait after a failure." }),
}, { description: "The target InfluxDB." });

const tags = text("", {
  description: "Tags on every point, `key=value` with commas between, such as `env=prod,rack=7`.",
  example: "env=prod,rack=7",
});

const fields = {
  etcd: group(etcdFields, { description: "etcd, to register there; may be left out." }),
  fleet: group(fleetFields, { description: "How this monitor shows itself in etcd." }),
  ...programFields("127.0.0.1:9464"),
  host: text("", { description: "The tag `host`; empty: the host's own name." }),
  tags,
  prometheus,
  influx,
  filters,
  reader: choice(["auto", "procfs", "systeminformation"], "auto", {
    description: "How the host is read; auto: /proc and /sys on Linux.",
  }),
  procDir: text("/proc", { description: "Where the host's /proc is; /host/proc in a container." }),
  sysDir: text("/sys", { description: "Where the host's /sys is." }),
  rootDir: text("/", { description: "Where the host's root is, for sizes of filesystems." }),
  textfileDir: text("", {
    description: "Folder whose *.prom files are added to /metrics; empty: none.",
    example: "/var/lib/prometheus/node-exporter",
  }),
  mountTimeout: duration(10, 60e3, "5s", { description: "Longest wait for one mount point." }),
  collectorTimeout: duration(10, 60e3, "8s", { description: "Longest wait for one collector." }),
  sharedFor: duration(0, 60e3, "500ms", {
    description: "A sample may be given to another asker while it is not older than this.",
  }),
};

const shape = settings(fields);
export type MonitorSettings = z.output<typeof shape>;

/** The specification: for `loadSettings`, `weir schema` and the reference page. */
export const monitorSettings = shape.superRefine((value, context) => {
  for (const { path, message } of faultsOf(value)) {
    context.addIssue({ code: "custom", path, message });
  }
});

/** The same as a group of a larger file; `createMonitor` checks what the single fields do not. */
export const monitorGroup = group(fields, { description: "Host metrics." });

/** Compiles a filter; "" is none. Throws CONFIG_INVALID where it is no regular expression. */
export function pattern(name: string, source: string): RegExp | undefined {
  if (source === "") return undefined;
  try {
    return new RegExp(source);
  } catch (error) {
    throw new WeirError("CONFIG_INVALID", `${name}: ${(error as Error).message}`, {
      hint: "Write a regular expression, such as ^/mnt/.",
    });
  }
}

/** Reads "a=b,c=d". Throws CONFIG_INVALID for anything else. */
export function parseTags(source: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of source.split(",").map((part) => part.trim()).filter((part) => part !== "")) {
    const match = /^([^=\s]+)=(.+)$/.exec(part);
    if (match === null) {
      throw new WeirError("CONFIG_INVALID", `tags: cannot read "${part}" as key=value`, {
        hint: "Example: env=prod,rack=7",
      });
    }
    found[match[1]] = match[2];
  }
  return found;
}

/** Faults that no single field shows. */
function faultsOf(value: MonitorSettings): { path: string[]; message: string }[] {
  const found: { path: string[]; message: string }[] = [];
  const attempt = (path: string[], check: () => unknown) => {
    try {
      check();
    } catch (error) {
      found.push({ path, message: messageOf(error) });
    }
  };
  for (const [name, source] of Object.entries(value.filters)) {
    attempt(["filters", name], () => pattern(name, source));
  }
  attempt(["tags"], () => parseTags(value.tags));
  const { influx } = value;
  if (influx.enabled) {
    const needed = influx.api === "v2" ? ["org", "bucket"] as const : ["database"] as const;
    for (const name of needed) {
      if (influx[name] === "") {
        found.push({ path: ["influx", name], message: `needed for ${influx.api}, but empty` });
      }
    }
    if (!URL.canParse(influx.url)) {
      found.push({ path: ["influx", "url"], message: `"${influx.url}" is no address` });
    }
  } else if (!value.prometheus.enabled) {
    found.push({ path: ["prometheus", "enabled"], message: "no target is enabled" });
  }
  return found;
}

/** Throws CONFIG_INVALID with all faults that no single field shows. */
export function checkSettings(value: MonitorSettings): void {
  const faults = faultsOf(value);
  if (faults.length === 0) return;
  const lines = faults.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new WeirError("CONFIG_INVALID", `Cannot use the settings: ${lines.join("; ")}`, {
    hint: "Mend the settings named.",
  });
}
