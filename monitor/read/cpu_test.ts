import assert from "node:assert/strict";
import { keepRising, parsePhysicalCpus, parseSchedstat, parseStat } from "./cpu.ts";
import type { CpuTimes } from "./host_sample.ts";

const STAT = `cpu  17502 12 5222 394074 1055 3 134 31 40 2
cpu0 5949 4 1899 201024 77 1 44 10 30 1
cpu1 11553 8 3323 193050 978 2 90 21 10 1
intr 468871 0 9 0 0 4711
ctxt 1716873
btime 1795234473
processes 7776
procs_running 2
procs_blocked 1
softirq 99 1 2 3
`;

Deno.test("parseStat() gives seconds by CPU and mode, and the kernel's counters", () => {
  const stat = parseStat(STAT);
  assert.equal(stat.total.user, 175.02);
  assert.equal(stat.total.guestNice, 0.02);
  assert.deepEqual(stat.cpus.map((cpu) => cpu.cpu), ["0", "1"]);
  assert.deepEqual(stat.cpus[1], {
    cpu: "1",
    user: 115.53,
    nice: 0.08,
    system: 33.23,
    idle: 1930.5,
    iowait: 9.78,
    irq: 0.02,
    softirq: 0.9,
    steal: 0.21,
    guest: 0.1,
    guestNice: 0.01,
  });
  assert.deepEqual(stat.kernel, {
    bootTimeSeconds: 1795234473,
    contextSwitches: 1716873,
    interrupts: 468871,
    forks: 7776,
    running: 2,
    blocked: 1,
  });
});

Deno.test("parseStat() takes a short line of an old kernel, and CPUs with gaps", () => {
  const stat = parseStat("cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu12 5 6 7 8\n");
  assert.deepEqual(stat.cpus.map((cpu) => cpu.cpu), ["0", "12"]);
  assert.equal(stat.cpus[1].idle, 0.08);
  assert.equal(stat.cpus[1].steal, 0);
});

Deno.test("parseStat() refuses a file without CPU times", () => {
  assert.throws(() => parseStat("intr 5\nctxt 6\n"), /no line of CPU times/);
  assert.throws(() => parseStat(""), /no line of CPU times/);
});

function times(idle: number, iowait: number, user: number): CpuTimes {
  const zero = { nice: 0, system: 0, irq: 0, softirq: 0, steal: 0, guest: 0, guestNice: 0 };
  return { cpu: "0", idle, iowait, user, ...zero };
}

Deno.test("keepRising() never goes back for a wobble, and begins again after a reset", () => {
  assert.deepEqual(keepRising(undefined, times(5, 1, 1)), times(5, 1, 1));
  assert.deepEqual(keepRising(times(100, 5, 7), times(101, 4.9, 8)), times(101, 5, 8));
  assert.deepEqual(keepRising(times(100, 5, 7), times(99, 6, 8)), times(100, 6, 8));
  assert.deepEqual(keepRising(times(100, 5, 7), times(96.9, 6, 1)), times(96.9, 6, 1));
});

Deno.test("parsePhysicalCpus() counts cores, not their threads", () => {
  const block = (package_: number, core: number) =>
    `processor\t: 0\nphysical id\t: ${package_}\ncore id\t\t: ${core}\nflags : a`;
  const text = [block(0, 0), block(0, 0), block(0, 1), block(1, 0), block(1, 0)].join("\n\n");
  assert.equal(parsePhysicalCpus(text), 3);
  assert.equal(parsePhysicalCpus("processor : 0\nBogoMIPS : 5\n"), undefined);
});

Deno.test("parseSchedstat() reads seconds and timeslices", () => {
  const text = "version 15\ntimestamp 4295\ncpu0 0 0 0 0 0 0 2000000000 500000000 42\n" +
    "domain0 3 1 2\ncpu1 0 0 0 0 0 0 1 2 3\n";
  assert.deepEqual(parseSchedstat(text), [
    { cpu: "0", runningSeconds: 2, waitingSeconds: 0.5, timeslices: 42 },
    { cpu: "1", runningSeconds: 1e-9, waitingSeconds: 2e-9, timeslices: 3 },
  ]);
});
