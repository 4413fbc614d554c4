import assert from "node:assert/strict";
import type { FleetDetail } from "../../core/fleet/detail.ts";
import type { LiveProgram } from "../../core/fleet/live_table.ts";
import { findFiles, type FleetRequest, selectFleet } from "./fleet_view.ts";

const ALL: FleetRequest = {
  program: "",
  words: "",
  state: "",
  order: "host",
  offset: 0,
  limit: 100,
};

function agent(number: number, change: Partial<LiveProgram> = {}): LiveProgram {
  return {
    v: 1,
    program: "agent",
    id: `id-${number}`,
    instance: "i",
    host: `host-${String(number).padStart(4, "0")}`,
    version: "1",
    started: "",
    labels: { rack: String(number % 3) },
    groups: ["web"],
    ip: `10.0.0.${number}`,
    status: "",
    applied: { revision: 1, state: "APPLIED", reason: "", candidate: "", keys: {} },
    health: { ok: true, reasons: [], problems: 0 },
    summary: { files: 2, lagBytes: number, lines: 10 },
    rates: { lines: 1.5 },
    ...change,
  };
}

const FLEET = Array.from({ length: 2000 }, (_, i) => agent(i));

Deno.test("selectFleet: one page of many, with sums over all of them", () => {
  const answer = selectFleet(FLEET, { ...ALL, offset: 1990, limit: 100 });
  assert.equal(answer.matches, 2000);
  assert.deepEqual(answer.programs.map(({ host }) => host).slice(0, 2), ["host-1990", "host-1991"]);
  assert.equal(answer.programs.length, 10);
  assert.equal(answer.totals.files, 4000);
  assert.equal(answer.totals.linesPerSecond, 3000);
  assert.deepEqual(answer.counts, { agent: { well: 2000, unwell: 0, failed: 0 } });
});

Deno.test("selectFleet: words fit host, address, groups and labels, all of them", () => {
  const hosts = (words: string) =>
    selectFleet(FLEET.slice(0, 12), { ...ALL, words }).programs.map(({ host }) => host);
  assert.deepEqual(hosts("0011"), ["host-0011"]);
  assert.deepEqual(hosts("RACK=2 host-000"), ["host-0002", "host-0005", "host-0008"]);
  assert.deepEqual(hosts("rack=2 mail"), []);
});

Deno.test("selectFleet: states by configuration and health; those that fail can stand first", () => {
  const failed = agent(1, { applied: { ...agent(1).applied, state: "FAILED", reason: "no" } });
  const unwell = agent(2, { health: { ok: true, reasons: ["a"], problems: 1 } });
  const fleet = [agent(0), failed, unwell];
  const ordered = selectFleet(fleet, { ...ALL, order: "state" });
  assert.deepEqual(ordered.programs.map(({ state }) => state), ["failed", "unwell", "well"]);
  assert.equal(selectFleet(fleet, { ...ALL, state: "unwell" }).matches, 1);
  assert.deepEqual(selectFleet(fleet, { ...ALL, order: "lag" }).programs[0].host, "host-0002");
});

Deno.test("findFiles: by words of the path and by host, bounded", () => {
  const detail = (host: string): FleetDetail => ({
    v: 1,
    id: host,
    instance: "",
    host,
    program: "agent",
    atMs: 0,
    files: ["/var/log/nginx/access.log", "/var/log/syslog"].map((path) => ({
      path,
      topic: "t",
      generation: "g",
      size: 1,
      offset: 1,
      lagBytes: 0,
      lines: 1,
      rate: 0,
      lastLineMs: 0,
      detached: false,
      failure: "",
    })),
    problems: [],
    partitions: [],
    filesTotal: 2,
    problemsTotal: 0,
    partitionsTotal: 0,
  });
  const details = [detail("a"), detail("b"), detail("c")];
  const nginx = findFiles(details, { words: "NGINX", host: "", limit: 2 });
  assert.equal(nginx.matches, 3);
  assert.deepEqual(nginx.files.map(({ host }) => host), ["a", "b"]);
  assert.equal(findFiles(details, { words: "", host: "c", limit: 10 }).matches, 2);
});
