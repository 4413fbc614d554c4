import assert from "node:assert/strict";
import { ContainerReader } from "./containers.ts";
import { parseIoStat } from "./cgroup_v2.ts";
import { hostFiles } from "./host_files.ts";
import { MapFiles } from "./map_files.ts";
import { Exposition } from "../../core/metrics/exposition.ts";
import { writeContainers } from "../write/prometheus_containers.ts";

const HEX = "0123456789abcdef".repeat(4);
const NONE = /(?!)/;

/** A group of version 2 with every file that is read. */
function group2(id: string): Record<string, string> {
  const files: Record<string, string> = {
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n" +
      "nr_periods 40\nnr_throttled 3\nthrottled_usec 120000\n",
    "cpu.max": "50000 100000\n",
    "cpu.weight": "100\n",
    "memory.current": "1000000\n",
    "memory.stat": "anon 300000\nfile 600000\nfile_mapped 50000\ninactive_file 400000\n" +
      "pgfault 70\npgmajfault 7\n",
    "memory.swap.current": "4096\n",
    "memory.peak": "1500000\n",
    "memory.max": "2000000\n",
    "memory.events": "low 0\noom 2\noom_kill 1\n",
    "pids.current": "12\n",
    "pids.max": "max\n",
    "io.stat": "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n",
    "cpu.pressure":
      "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 total=0\n",
  };
  return under(`/sys/fs/cgroup${id}`, files);
}

function under(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([k, text]) => [`${folder}/${k}`, text]));
}

const ROOT2 = { "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n" };
const VDA = { "/sys/dev/block/254:0@": "../../devices/pci0000:00/virtio0/block/vda" };

Deno.test("ContainerReader reads version 2: time, throttling, memory, disks, pressure", () => {
  const id = "/system.slice/nginx.service";
  const files = new MapFiles({ ...ROOT2, ...VDA, ...group2(id) });
  const { found, leftOut } = new ContainerReader(files, NONE, 10).read();
  assert.deepEqual(found.map((group) => group.id), ["/", "/system.slice", id]);
  assert.equal(leftOut, 0);
  assert.deepEqual(found[2], {
    id,
    name: "",
    image: "",
    cpu: {
      usageSeconds: 2.5,
      userSeconds: 2,
      systemSeconds: 0.5,
      quota: 50000,
      period: 100000,
      periods: 40,
      throttledPeriods: 3,
      throttledSeconds: 0.12,
      shares: 2597,
    },
    memory: {
      usage: 1000000,
      workingSet: 600000,
      anonymous: 300000,
      fileCache: 600000,
      mappedFile: 50000,
      swap: 4096,
      peak: 1500000,
      limit: 2000000,
      faults: 70,
      majorFaults: 7,
      oomKills: 1,
    },
    threads: { current: 12, max: undefined },
    io: new Map([["vda", { readBytes: 4096, writtenBytes: 8192, reads: 1, writes: 2 }]]),
    pressure: [{ resource: "cpu", some: 1.5, full: 0 }],
  });
});

Deno.test("ContainerReader reads version 1, whose controllers have hierarchies of their own", () => {
  const files = new MapFiles({
    ...VDA,
    ...under("/sys/fs/cgroup/cpu,cpuacct/docker/a", {
      "cpuacct.usage": "2500000000\n",
      "cpuacct.stat": "user 200\nsystem 50\n",
      "cpu.shares": "1024\n",
      "cpu.cfs_quota_us": "50000\n",
      "cpu.cfs_period_us": "100000\n",
      "cpu.stat": "nr_periods 40\nnr_throttled 3\nthrottled_time 120000000\n",
    }),
    ...under("/sys/fs/cgroup/memory/docker/a", {
      "memory.usage_in_bytes": "1000000\n",
      "memory.limit_in_bytes": "9223372036854771712\n",
      "memory.max_usage_in_bytes": "1500000\n",
      "memory.stat": "rss 1\ntotal_rss 300000\ntotal_cache 600000\ntotal_inactive_file 400000\n" +
        "total_mapped_file 50000\ntotal_swap 4096\ntotal_pgfault 70\ntotal_pgmajfault 7\n",
      "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
    }),
    ...under("/sys/fs/cgroup/pids/docker/a", { "pids.current": "12\n", "pids.max": "100\n" }),
    ...under("/sys/fs/cgroup/blkio/docker/a", {
      "blkio.throttle.io_service_bytes_recursive":
        "254:0 Read 4096\n254:0 Write 8192\n254:0 Total 12288\nTotal 12288\n",
      "blkio.throttle.io_serviced_recursive": "254:0 Read 1\n254:0 Write 2\nTotal 3\n",
    }),
    ...under("/sys/fs/cgroup/memory/only-there", { "memory.usage_in_bytes": "1\n" }),
  });
  const { found } = new ContainerReader(files, NONE, 10).read();
  assert.deepEqual(found.map((group) => group.id), ["/", "/docker", "/only-there", "/docker/a"]);
  const { cpu, memory, threads, io } = found[3];
  assert.deepEqual(
    [cpu?.usageSeconds, cpu?.userSeconds, cpu?.systemSeconds, cpu?.throttledSeconds, cpu?.quota],
    [2.5, 2, 0.5, 0.12, 50000],
  );
  assert.deepEqual(
    [memory?.usage, memory?.workingSet, memory?.anonymous, memory?.limit, memory?.oomKills],
    [1000000, 600000, 300000, 0, 1],
  );
  assert.deepEqual(threads, { current: 12, max: 100 });
  assert.deepEqual([...io!], [["vda", {
    readBytes: 4096,
    writtenBytes: 8192,
    reads: 1,
    writes: 2,
  }]]);
});

Deno.test("ContainerReader names Docker's containers, leaves out what is ignored, and counts the rest", () => {
  const files = new MapFiles({
    ...ROOT2,
    ...group2(`/system.slice/docker-${HEX}.scope`),
    ...group2("/system.slice/data.mount"),
    ...group2("/system.slice/nginx.service"),
    [`/var/lib/docker/containers/${HEX}/config.v2.json`]:
      '{"Name":"/web","Config":{"Image":"nginx:1.27"}}',
  });
  const reader = new ContainerReader(files, /\.mount$/, 3);
  const { found, leftOut } = reader.read();
  assert.deepEqual(found.map(({ id, name, image }) => [id, name, image]), [
    ["/", "", ""],
    ["/system.slice", "", ""],
    [`/system.slice/docker-${HEX}.scope`, "web", "nginx:1.27"],
  ]);
  assert.equal(leftOut, 1);
  assert.throws(() => new ContainerReader(new MapFiles({}), NONE, 9).read(), /no control groups/);
});

Deno.test("ContainerReader reads a folder of files as it reads the machine's", async () => {
  const folder = await Deno.makeTempDir({ prefix: "weir-cgroup-" });
  try {
    for (const [path, text] of Object.entries({ ...ROOT2, ...group2("/a.slice/b.service") })) {
      await Deno.mkdir(`${folder}${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
      await Deno.writeTextFile(`${folder}${path}`, text);
    }
    const files = hostFiles({ procDir: "/proc", sysDir: `${folder}/sys`, rootDir: folder });
    const { found } = new ContainerReader(files, NONE, 10).read();
    assert.deepEqual(found.map((group) => group.id), ["/", "/a.slice", "/a.slice/b.service"]);
    assert.equal(found[2].memory?.usage, 1000000);
    assert.deepEqual([...found[2].io!.keys()], ["254:0"], "a device without a name is its number");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writeContainers() writes cAdvisor's names, and no family that no group has", () => {
  const files = new MapFiles({ ...ROOT2, ...VDA, ...group2("/a") });
  const containers = new ContainerReader(files, NONE, 10).read();
  const out = new Exposition(false, 1000);
  writeContainers(out, { timeMs: 7000, reader: "procfs", collectors: [], containers });
  const lines = out.text().split("\n");
  for (
    const line of [
      'container_cpu_usage_seconds_total{id="/a",cpu="total"} 2.5',
      'container_cpu_cfs_throttled_periods_total{id="/a"} 3',
      'container_memory_working_set_bytes{id="/a"} 600000',
      'container_memory_failures_total{id="/a",failure_type="pgmajfault",scope="hierarchy"} 7',
      'container_fs_writes_bytes_total{id="/a",device="vda"} 8192',
      'container_pressure_cpu_waiting_seconds_total{id="/a"} 1.5',
      'container_last_seen{id="/"} 7',
      "weir_monitor_cgroups_left_out 0",
    ]
  ) assert(lines.includes(line), line);
  assert(!out.text().includes("threads_max"), "no limit, no series, no family");
  const families = lines.filter((line) => line.startsWith("# TYPE"));
  assert.equal(new Set(families).size, families.length, "each family once");
});

Deno.test("parseIoStat() skips devices that have no numbers yet", () => {
  assert.equal(parseIoStat("8:0 \n", (number) => number).size, 0);
});
