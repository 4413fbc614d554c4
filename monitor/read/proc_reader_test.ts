import assert from "node:assert/strict";
import { ManualClock } from "../../core/ports/clock.ts";
import { MapFiles } from "./map_files.ts";
import { createProcReader } from "./proc_reader.ts";
import { Sampler } from "./reader.ts";

const never = /(?!)/;

function readerOf(files: MapFiles, clock = new ManualClock()) {
  return createProcReader({
    files,
    clock,
    ignore: { mountPoints: never, fsTypes: never, disks: never },
    mountLimitMs: 5000,
    collectorLimitMs: 8000,
  });
}

Deno.test("a collector fails alone: missing and refused files are told, the others go on", async () => {
  const reader = readerOf(
    new MapFiles({
      "/proc/loadavg": "1.00 2.00 3.00 1/2 3\n",
      "/proc/meminfo": new Deno.errors.PermissionDenied("Permission denied"),
      "/proc/stat": "nothing of use\n",
    }),
  );
  const sample = await reader.read(
    new Set(["loadavg", "meminfo", "stat", "cpu", "vmstat", "hwmon"]),
  );
  assert.equal(sample.load?.load5, 2);
  const result = (name: string) => sample.collectors.find((found) => found.name === name)!;
  assert.equal(result("loadavg").ok, true);
  assert.match(result("meminfo").reason, /Permission denied/);
  assert.match(result("stat").reason, /no line of CPU times/);
  assert.match(result("vmstat").reason, /no such file/);
  assert.match(result("hwmon").reason, /nothing of this kind/);
  assert.equal(sample.collectors.length, 6);
});

Deno.test("CPU times never go back between two samples", async () => {
  const files = new MapFiles({ "/proc/stat": "cpu  5 0 0 900 70\ncpu0 5 0 0 900 70\n" });
  const reader = readerOf(files);
  await reader.read(new Set(["cpu"]));
  files.files["/proc/stat"] = "cpu  6 0 0 890 60\ncpu0 6 0 0 890 60\n";
  const { cpus } = await reader.read(new Set(["cpu"]));
  assert.deepEqual([cpus![0].user, cpus![0].idle, cpus![0].iowait], [0.06, 9, 0.7]);
});

Deno.test("Sampler gives one look to all who ask within its time, if it has what they want", async () => {
  const clock = new ManualClock();
  const files = new MapFiles({
    "/proc/loadavg": "1.00 2.00 3.00 1/2 3\n",
    "/proc/uptime": "5.5 6\n",
  });
  let looks = 0;
  const reader = readerOf(files, clock);
  const counting = {
    ...reader,
    read: (names: ReadonlySet<string>) => (looks++, reader.read(names)),
  };
  const sampler = new Sampler(counting, clock, 500);
  assert.equal(sampler.latest, undefined);
  const both = new Set(["loadavg", "time"]), one = new Set(["loadavg"]);
  const [a, b] = await Promise.all([sampler.sample(both), sampler.sample(one)]);
  assert.equal(a, b);
  assert.equal(looks, 1);
  assert.equal(sampler.latest, a);
  await clock.advance(400);
  assert.equal(await sampler.sample(one), a);
  await clock.advance(200);
  assert.notEqual(await sampler.sample(one), a);
  assert.equal(looks, 2);
  await sampler.sample(both);
  assert.equal(looks, 3, "the last look had not everything");
});
