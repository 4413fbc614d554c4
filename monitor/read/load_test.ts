import assert from "node:assert/strict";
import { parseFileNr, parseLoadavg, parsePressure, parseUptime } from "./load.ts";

Deno.test("parseLoadavg() reads three averages and the number of tasks", () => {
  assert.deepEqual(parseLoadavg("0.21 12.28 0.17 1/216 9357\n"), {
    load1: 0.21,
    load5: 12.28,
    load15: 0.17,
    tasks: 216,
  });
  assert.throws(() => parseLoadavg("nonsense"), /unknown form/);
});

Deno.test("parsePressure() reads seconds of both kinds, or of one", () => {
  const line = (kind: string, total: number) =>
    `${kind} avg10=4.72 avg60=1.08 avg300=1.13 total=${total}\n`;
  assert.deepEqual(parsePressure("io", line("some", 22274061) + line("full", 1000000)), {
    resource: "io",
    some: 22.274061,
    full: 1,
  });
  assert.deepEqual(parsePressure("irq", line("full", 5e6)), { resource: "irq", full: 5 });
});

Deno.test("parseFileNr() and parseUptime() read their numbers", () => {
  assert.deepEqual(parseFileNr("786\t0\t2466170\n"), { allocated: 786, maximum: 2466170 });
  assert.throws(() => parseFileNr("786\n"), /unknown form/);
  assert.equal(parseUptime("2095.47 3940.76\n"), 2095.47);
});
