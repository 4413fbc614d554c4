import assert from "node:assert/strict";
import type { Point } from "../../core/ports/metric_sink.ts";
import { parseStat } from "../read/cpu.ts";
import { parseDiskstats } from "../read/disk.ts";
import type { HostSample } from "../read/host_sample.ts";
import { parseMeminfo } from "../read/memory.ts";
import { IGNORED_FS_TYPES, PointWriter, uptimeText } from "./influx_points.ts";

const MEMINFO = "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nBuffers: 50 kB\n" +
  "Cached: 200 kB\nSReclaimable: 30 kB\nSwapTotal: 10 kB\nSwapFree: 5 kB\nHugePages_Total: 2\n";

function writer(): PointWriter {
  return new PointWriter({
    tags: { host: "h", env: "t" },
    ignoreFsTypes: new Set(IGNORED_FS_TYPES),
  });
}

function sampleOf(timeMs: number, cpu: string, disk = ""): HostSample {
  const stat = parseStat(`cpu  ${cpu}\ncpu0 ${cpu}\nbtime 5\n`);
  return {
    timeMs,
    reader: "procfs",
    collectors: [],
    cpus: stat.cpus,
    cpuTotal: stat.total,
    kernel: stat.kernel,
    memory: parseMeminfo(MEMINFO),
    vmstat: new Map([["pswpin", 2], ["pswpout", 3]]),
    disks: disk === "" ? undefined : parseDiskstats(`8 0 sda ${disk}`, /(?!)/),
    load: { load1: 1, load5: 0.5, load15: 0.25, tasks: 9 },
    uptimeSeconds: 93784.5,
  };
}

function of(points: readonly Point[], measurement: string, key = ""): Point {
  const found = points.filter((point) =>
    point.measurement === measurement && (key === "" || Object.values(point.tags).includes(key))
  );
  assert.equal(found.length, 1, `${measurement} ${key}`);
  return found[0];
}

Deno.test("PointWriter gives CPU shares of the time between two samples, guests taken out", () => {
  const points = writer();
  const first = points.points(sampleOf(1000, "100 10 20 800 5 0 5 0 10 2"));
  assert.equal(first.some((point) => point.measurement === "cpu"), false);
  const cpu = of(points.points(sampleOf(2000, "140 20 30 830 15 0 5 0 30 7")), "cpu", "cpu0");
  assert.deepEqual(cpu.tags, { host: "h", env: "t", cpu: "cpu0" });
  // 100 ticks passed: user 40 (20 of them guest), nice 10 (5 guest), system 10, idle 30, iowait 10.
  const shares = Object.fromEntries(
    Object.entries(cpu.fields).map((
      [name, value],
    ) => [name, Math.round((value as { float: number }).float)]),
  );
  assert.deepEqual(shares, {
    usage_user: 20,
    usage_system: 10,
    usage_idle: 30,
    usage_nice: 5,
    usage_iowait: 10,
    usage_irq: 0,
    usage_softirq: 0,
    usage_steal: 0,
    usage_guest: 20,
    usage_guest_nice: 5,
  });
});

Deno.test("PointWriter gives no CPU share where no time passed or the counters began again", () => {
  const points = writer();
  points.points(sampleOf(1000, "100 10 20 800"));
  assert.equal(
    points.points(sampleOf(2000, "100 10 20 800")).some((p) => p.measurement === "cpu"),
    false,
  );
  assert.equal(
    points.points(sampleOf(3000, "1 1 1 1")).some((p) => p.measurement === "cpu"),
    false,
  );
});

Deno.test("PointWriter types memory as Telegraf does", () => {
  const points = writer().points(sampleOf(1000, "1 1 1 1"));
  const mem = of(points, "mem").fields;
  assert.deepEqual(mem.total, { int: 1024000 });
  assert.deepEqual(mem.used, { int: 600 * 1024 });
  assert.deepEqual(mem.cached, { int: 230 * 1024 });
  assert.deepEqual(mem.used_percent, { float: 60 });
  assert.deepEqual(mem.huge_pages_total, { int: 2 });
  assert.deepEqual(mem.vmalloc_total, { int: 0 });
  const [sizes, counters] = points.filter((point) => point.measurement === "swap");
  assert.deepEqual(sizes.fields.used_percent, { float: 50 });
  assert.deepEqual(counters.fields, { in: { int: 8192 }, out: { int: 12288 } });
});

Deno.test("PointWriter counts disk use as df does and leaves out what Telegraf leaves out", () => {
  const sample = sampleOf(1000, "1 1 1 1");
  const counts = { sizeBytes: 1000, freeBytes: 300, availableBytes: 200, files: 50, filesFree: 40 };
  const mount = { device: "/dev/sda1", mountPoint: "/", fsType: "ext4", readOnly: true };
  sample.filesystems = [
    { ...mount, counts },
    { ...mount, mountPoint: "/run", fsType: "tmpfs", counts },
    { ...mount, mountPoint: "/dead", error: "no answer" },
    { ...mount, mountPoint: "/empty", counts: { ...counts, sizeBytes: 0 } },
  ];
  const disk = of(writer().points(sample), "disk");
  assert.deepEqual(disk.tags, {
    host: "h",
    env: "t",
    path: "/",
    device: "sda1",
    fstype: "ext4",
    mode: "ro",
  });
  assert.deepEqual(disk.fields, {
    total: { int: 1000 },
    free: { int: 200 },
    used: { int: 700 },
    inodes_total: { int: 50 },
    inodes_free: { int: 40 },
    inodes_used: { int: 10 },
    used_percent: { float: 100 * 700 / 900 },
    inodes_used_percent: { float: 20 },
  });
});

Deno.test("PointWriter gives disk times of an interval, and none after a counter wrapped", () => {
  const points = writer();
  const cpu = "1 1 1 1";
  points.points(sampleOf(1000, cpu, "10 0 0 100 10 0 0 100 0 50 0"));
  const second = of(points.points(sampleOf(2000, cpu, "15 0 8 150 15 0 8 250 0 300 7")), "diskio");
  assert.deepEqual(second.fields.reads, { int: 15 });
  assert.deepEqual(second.fields.read_bytes, { int: 4096 });
  assert.deepEqual(second.fields.io_util, { float: 25 });
  assert.deepEqual(second.fields.io_await, { float: 20 });
  assert.deepEqual(second.fields.io_svctm, { float: 25 });
  const wrapped = of(points.points(sampleOf(3000, cpu, "3 0 8 150 15 0 8 250 0 300 7")), "diskio");
  assert.equal(wrapped.fields.io_util, undefined);
  assert.deepEqual(wrapped.fields.reads, { int: 3 });
});

Deno.test("PointWriter says nothing of a disk that was never used", () => {
  const points = writer().points(sampleOf(1000, "1 1 1 1", "0 0 0 0 0 0 0 0 0 0 0"));
  assert.equal(points.some((point) => point.measurement === "diskio"), false);
});

Deno.test("PointWriter chooses network devices that are up and no loopback", () => {
  const sample = sampleOf(1000, "1 1 1 1");
  const zero = { bytes: 1, packets: 2, errs: 3, drop: 4, fifo: 0, compressed: 0 };
  const counters = (device: string) => ({
    device,
    receive: { ...zero, frame: 0, multicast: 0 },
    transmit: { ...zero, colls: 0, carrier: 0 },
  });
  const text = { address: "", broadcast: "", duplex: "", ifalias: "", operstate: "up" };
  sample.network = ["lo", "eth0", "down0"].map(counters);
  sample.interfaces = [["lo", 9], ["eth0", 4099], ["down0", 4098]].map(([device, flags]) => ({
    device: String(device),
    up: true,
    text,
    numbers: new Map([["flags", Number(flags)], ["speed", 1000]]),
  }));
  const net = of(writer().points(sample), "net");
  assert.equal(net.tags.interface, "eth0");
  assert.deepEqual(net.fields.speed, { int: 1000 });
  assert.deepEqual(net.fields.drop_in, { int: 4 });
});

Deno.test("PointWriter gives system, kernel and processes", () => {
  const sample = sampleOf(1000, "1 1 1 1");
  sample.users = ["ann", "bob", "ann"];
  sample.processes = {
    threadStates: new Map(),
    states: new Map([["S", 5], ["R", 1], ["t", 1], ["T", 1], ["?", 2]]),
    total: 10,
    threads: 30,
    threadsMax: 0,
    pidMax: 0,
  };
  const points = writer().points(sample);
  const system = of(points, "system").fields;
  assert.deepEqual(system.load5, { float: 0.5 });
  assert.deepEqual(system.uptime, { int: 93784 });
  assert.deepEqual(system.uptime_format, { text: "1 day,  2:03" });
  assert.deepEqual([system.n_users, system.n_unique_users], [{ int: 3 }, { int: 2 }]);
  const processes = of(points, "processes").fields;
  assert.deepEqual([processes.stopped, processes.unknown, processes.zombies], [
    { int: 2 },
    { int: 2 },
    { int: 0 },
  ]);
  assert.deepEqual(of(points, "kernel").fields.boot_time, { int: 5 });
});

Deno.test("uptimeText() writes as uptime does", () => {
  assert.equal(uptimeText(59), " 0:00");
  assert.equal(uptimeText(3 * 86400 + 13 * 3600 + 60), "3 days, 13:01");
});
