import assert from "node:assert/strict";
import type { LiveProgram } from "../../core/fleet/live_table.ts";
import { plainScreen, screen, type ScreenOptions } from "./screen.ts";

const OPTIONS: ScreenOptions = {
  order: "state",
  offset: 0,
  columns: 100,
  rows: 12,
  colour: false,
  time: "10:20:31",
  fault: "",
};

function agent(number: number, change: Partial<LiveProgram> = {}): LiveProgram {
  return {
    v: 1,
    program: "agent",
    id: `id-${number}`,
    instance: "i",
    host: `host-${String(number).padStart(2, "0")}`,
    version: "1",
    started: "",
    labels: {},
    groups: [],
    ip: "",
    status: "",
    applied: { revision: 7, state: "APPLIED", reason: "", candidate: "", keys: {} },
    health: { ok: true, reasons: [], problems: 0 },
    summary: { files: 2, lagBytes: number * 1000 },
    rates: { lines: 1.4 },
    ...change,
  };
}

const refused = agent(3, {
  applied: { revision: 8, state: "FAILED", reason: "bad \x1b[2J pattern", candidate: "", keys: {} },
});
const transfer = agent(50, {
  program: "transfer",
  host: "kafka-1",
  summary: { partitions: 6, lagRecords: 12_300, deadLetters: 3 },
  rates: {},
});
const FLEET = [...Array.from({ length: 20 }, (_, i) => agent(i)), refused, transfer];

Deno.test("screen() has sums, the troubled first, and exactly as many lines as the terminal", () => {
  const { lines, offsetMax } = screen(FLEET, OPTIONS);
  assert.equal(lines.length, 12);
  assert.equal(
    lines[0],
    "weir top 10:20:31   agents: 20 well, 1 refused   transfers: 1 well",
  );
  assert.equal(
    lines[1],
    "lines/s 29   behind 193.0 kB in files   12.3k records in Kafka   dead letters 3",
  );
  assert.match(lines[4], /^refused +host-03 +agent +FAILED 8 +2 files +3.0 kB +1 +bad \\u001b\[2J/);
  assert.equal(offsetMax, 22 - (12 - 3 - 2));
  assert.match(lines[11], /^q ends, s sorts \(state\), arrows scroll; 15 more$/);
});

Deno.test("screen() scrolls no further than its end and orders by lag and host", () => {
  const end = screen(FLEET, { ...OPTIONS, order: "host", offset: 1000 }).lines;
  assert.match(end[10], /kafka-1/);
  assert.doesNotMatch(end[11], /more/);
  const lag = screen(FLEET, { ...OPTIONS, order: "lag" }).lines;
  assert.match(lag[4], /host-19/);
});

Deno.test("screen() is never wider or higher than the terminal, whatever names there are", () => {
  const wide = agent(1, {
    host: "主机".repeat(100),
    health: { ok: false, reasons: ["x".repeat(300)], problems: 1 },
  });
  for (const columns of [20, 33, 200]) {
    for (const rows of [8, 9, 40]) {
      const { lines } = screen([wide, ...FLEET], { ...OPTIONS, columns, rows });
      assert.equal(lines.length, rows);
      for (const line of lines) {
        const width = [...line].reduce((sum, one) => sum + (one >= "\u1100" ? 2 : 1), 0);
        assert(width <= columns, `${width} of ${columns}: ${line}`);
      }
    }
  }
});

Deno.test("screen() keeps what was known where nothing newer comes, and says why", () => {
  const { lines } = screen(FLEET, { ...OPTIONS, fault: "no connection\x07" });
  assert.equal(lines[2], "! no connection\\u0007");
  assert.equal(lines.length, 12);
  assert.deepEqual(screen([], OPTIONS).lines[0], "weir top 10:20:31   nothing is registered");
});

Deno.test("plainScreen() prints the first ones and says how many are left", () => {
  const lines = plainScreen(FLEET, { order: "host", time: "10:20:31", limit: 5 });
  assert.equal(lines.length, 3 + 1 + 5 + 1);
  assert.equal(lines.at(-1), "17 more: --limit");
});
