import assert from "node:assert/strict";
import { HostHistory } from "./history.ts";
import type { CpuTimes, DiskCounters, HostSample, NetCounters } from "./read/host_sample.ts";

const START_MS = Date.UTC(2026, 10, 21, 8);

/** A host after `seconds`: a quarter of its time busy, 1000 B/s read, 500 B/s received. */
function sampleAt(seconds: number, more: { counted?: number } = {}): HostSample {
  const counted = more.counted ?? seconds;
  const cpu = { cpu: "", nice: 0, irq: 0, softirq: 0, steal: 0, guest: 0, guestNice: 0, iowait: 0 };
  const disk = (device: string, hidden = false) => ({
    device,
    hidden,
    sectorsRead: counted * 1000 / 512,
    sectorsWritten: 0,
  });
  const net = (device: string) => ({
    device,
    receive: { bytes: counted * 500 },
    transmit: { bytes: 0 },
  });
  return {
    timeMs: START_MS + seconds * 1000,
    reader: "procfs",
    collectors: [],
    cpuTotal: { ...cpu, user: counted / 4, system: 0, idle: counted * 3 / 4 } as CpuTimes,
    memory: [
      { key: "MemTotal", value: 1000, bytes: true },
      { key: "MemAvailable", value: 400, bytes: true },
    ],
    disks: [disk("vda"), disk("vda1", true), disk("dm-0")] as DiskCounters[],
    network: [net("lo"), net("eth0")] as NetCounters[],
  };
}

Deno.test("history: shares and rates by step, nothing where nothing was looked at", () => {
  const history = new HostHistory();
  for (let seconds = 0; seconds <= 60; seconds += 10) history.add(sampleAt(seconds));
  const answer = history.range(START_MS - 30_000, 30_000, 4)!;
  const { cpu, memory, diskRead, netIn, netOut } = answer.figures;
  assert.deepEqual(cpu, [null, 0.25, 0.25, 0.25]);
  assert.deepEqual(memory, [null, 0.6, 0.6, 0.6]);
  assert.deepEqual(diskRead, [null, 1000, 1000, 1000]);
  assert.deepEqual(netIn, [null, 500, 500, 500]);
  assert.deepEqual(netOut, [null, 0, 0, 0]);
});

Deno.test("history: counters that went back and long pauses give no figure", () => {
  const history = new HostHistory();
  history.add(sampleAt(0, { counted: 1000 }));
  history.add(sampleAt(10, { counted: 10 }));
  const answer = history.range(START_MS, 10_000, 2)!;
  assert.deepEqual(answer.figures.cpu, [null, null]);
  assert.deepEqual(answer.figures.diskRead, [null, 0]);
  history.add(sampleAt(1000));
  assert.equal(history.range(START_MS + 900_000, 10_000, 20), undefined);
});

Deno.test("history: bounded; older times have five-minute means", () => {
  const history = new HostHistory();
  for (let i = 0; i <= 3 * 8640; i++) history.add(sampleAt(i * 10));
  const early = history.range(START_MS, 300_000, 12)!;
  assert.equal(early.figures.cpu.filter((value) => value === 0.25).length, 12);
  const late = history.range(START_MS + 3 * 86_400_000 - 60_000, 10_000, 7)!;
  assert.deepEqual(late.figures.cpu, Array(7).fill(0.25));
});

Deno.test("history: nothing is known before the second sample", () => {
  const history = new HostHistory();
  history.add(sampleAt(0));
  assert.equal(history.range(START_MS, 1000, 10), undefined);
});
