/**
 * Every metric that a dashboard or a rule names is one that our code registers or writes: a panel
 * or an alert on a name that nobody exports stays empty or silent for ever.
 */
import assert from "node:assert/strict";
import { AgentMetrics } from "../../agent/metrics.ts";
import { Exposition } from "../../core/metrics/exposition.ts";
import { Histogram, newRegistry, type Registry } from "../../core/metrics/registry.ts";
import { ManualClock } from "../../core/ports/clock.ts";
import { DASHBOARDS } from "../../grafana/generate.ts";
import { hostRules } from "../../grafana/rules/hosts.ts";
import { pipelineRules } from "../../grafana/rules/pipeline.ts";
import { registerOwn, Reloads } from "../../monitor/own_metrics.ts";
import { MapFiles } from "../../monitor/read/map_files.ts";
import { createProcReader } from "../../monitor/read/proc_reader.ts";
import { writeHost } from "../../monitor/write/prometheus.ts";
import { transferMetrics } from "../../transfer/metrics.ts";

const RULES = [...hostRules, ...pipelineRules].flatMap((group) => group.rules);
const NAME =
  /(?<![:\w])(?:weir|node|nodejs|process|kafka|elasticsearch|etcd)_[a-zA-Z0-9_]+(?![:\w])/g;

/** The kernel's files, as far as the names of metrics follow from them. */
const meminfo = [
  "MemTotal",
  "MemFree",
  "MemAvailable",
  "Buffers",
  "Cached",
  "SwapTotal",
  "SwapFree",
]
  .concat(["Dirty", "Writeback", "Slab", "SReclaimable"]).map((key) => `${key}: 1 kB\n`).join("");
const stall = "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n";
const HOST_FILES: Record<string, string> = {
  "/proc/stat": "cpu  1 1 1 1 1 1 1 1 1 1\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 1\nctxt 1\nbtime 1\n" +
    "processes 1\nprocs_running 1\nprocs_blocked 0\n",
  "/proc/uptime": "1.00 1.00\n",
  "/proc/meminfo": meminfo,
  "/proc/loadavg": "1.00 2.00 3.00 1/2 3\n",
  "/proc/vmstat": "pgmajfault 1\npswpin 1\npswpout 1\n",
  "/proc/diskstats": " 254 0 vda 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n",
  "/proc/pressure/cpu": stall,
  "/proc/pressure/io": stall + stall.replace("some", "full"),
  "/proc/pressure/memory": stall + stall.replace("some", "full"),
  "/proc/sys/fs/file-nr": "1\t0\t9\n",
  "/proc/sys/kernel/ostype": "Linux\n",
  "/proc/sys/kernel/osrelease": "6.1\n",
  "/proc/sys/kernel/version": "#1\n",
  "/proc/sys/kernel/hostname": "h\n",
  "/proc/sys/kernel/domainname": "(none)\n",
  "/proc/sys/net/netfilter/nf_conntrack_count": "1\n",
  "/proc/sys/net/netfilter/nf_conntrack_max": "9\n",
  "/proc/net/dev": "Inter-| Receive | Transmit\n face |bytes\n" +
    " eth0: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n",
  "/proc/net/netstat": "TcpExt: ListenDrops\nTcpExt: 1\n",
  "/proc/net/snmp": "Tcp: ActiveOpens PassiveOpens CurrEstab RetransSegs\nTcp: 1 1 1 1\n",
  "/proc/net/sockstat": "sockets: used 1\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 1\n" +
    "UDP: inuse 1 mem 1\n",
  "/proc/mdstat": "md0 : active raid1 sda[0] sdb[1]\n      9 blocks [2/2] [UU]\n",
  "/sys/class/net/bonding_masters": "bond0\n",
  "/proc/net/softnet_stat": `${Array(13).fill("00000001").join(" ")}\n`,
};

/** PromQL of every panel and rule, and where it stands. */
function expressions(): [where: string, text: string][] {
  const panels = DASHBOARDS.filter((spec) => spec.source === "prometheus")
    .flatMap((spec) => spec.rows.flatMap((row) => row.panels));
  return [
    ...panels.flatMap((panel) =>
      panel.queries.map((query): [string, string] => [panel.title, query.text])
    ),
    ...RULES.map((rule): [string, string] => [
      "record" in rule ? rule.record : rule.name,
      rule.expr,
    ]),
  ];
}

function registered(registry: Registry): string[] {
  return registry.getMetricsAsArray().flatMap((metric) =>
    metric instanceof Histogram
      ? ["_bucket", "_sum", "_count"].map((end) => metric.name + end)
      : [metric.name]
  );
}

/** What the three programs register of themselves. */
function ownNames(): string[] {
  const registry = newRegistry("test");
  const unused = () => assert.fail("no value is asked for");
  new AgentMetrics(registry, unused, unused);
  transferMetrics(registry, unused);
  registerOwn(registry, unused, new Reloads(0));
  return registered(registry);
}

/** Families of a page about a host whose kernel has what the prepared files say. */
async function hostNames(): Promise<string[]> {
  const never = /(?!)/;
  const reader = createProcReader({
    files: new MapFiles(HOST_FILES),
    clock: new ManualClock(),
    ignore: { mountPoints: never, fsTypes: never, disks: never },
    mountLimitMs: 5000,
    collectorLimitMs: 8000,
  });
  const sample = await reader.read(new Set(reader.collectors));
  reader.close();
  const counts = { sizeBytes: 1, freeBytes: 1, availableBytes: 1, files: 1, filesFree: 1 };
  const mount = { device: "/dev/vda1", mountPoint: "/", fsType: "ext4", readOnly: false };
  sample.filesystems = [{ ...mount, counts }];
  sample.timex = new Map(["maxerror_seconds", "offset_seconds", "sync_status"].map((k) => [k, 0]));
  const out = new Exposition(false, 10_000);
  writeHost(out, sample);
  return [...out.text().matchAll(/^# TYPE (\S+)/gm)].map((found) => found[1]);
}

Deno.test("every metric that a dashboard or a rule names is exported", async () => {
  const known = new Set([...ownNames(), ...await hostNames()]);
  const missing = new Map<string, string>();
  let named = 0;
  for (const [where, text] of expressions()) {
    for (const [name] of text.matchAll(NAME)) {
      named++;
      if (!known.has(name)) missing.set(name, where);
    }
  }
  assert(named > 100, `only ${named} names were found`);
  assert.deepEqual(Object.fromEntries(missing), {});
});
