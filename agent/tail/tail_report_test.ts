import assert from "node:assert/strict";
import { DeliveryRate } from "./tail_report.ts";
import { bench } from "./tail_bench.ts";

Deno.test("status() says which unread files were renamed or removed", () =>
  bench(async (it) => {
    for (const name of ["a", "b", "c"]) it.files.append(`/var/log/${name}.log`, "1\n");
    await it.settle(12_000);
    it.sink.gate = new Promise(() => {});
    for (const name of ["a", "b", "c"]) it.files.append(`/var/log/${name}.log`, "22\n");
    await it.settle(100);
    it.files.rename("/var/log/a.log", "/var/log/a.log.1");
    await it.files.remove("/var/log/b.log");
    await it.settle(12_000);
    const rows = it.set.status().map(({ path, rotated, lagBytes }) => [path, rotated, lagBytes]);
    assert.deepEqual(rows.sort(), [
      ["/var/log/a.log.1", "renamed", 3],
      ["/var/log/b.log", "removed", 3],
      ["/var/log/c.log", "", 3],
    ]);
  }));

Deno.test("DeliveryRate follows the rate, and ends at a day where nothing is delivered", () => {
  const rate = new DeliveryRate(0);
  assert.equal(rate.secondsFor(0), 0);
  assert.equal(rate.secondsFor(5), 5, "one byte a second at least");
  for (let s = 1; s <= 600; s++) rate.sample(s * 1000, s * 1000);
  assert.equal(Math.round(rate.secondsFor(100_000)), 100);
  for (let s = 601; s <= 2000; s++) rate.sample(600_000, s * 1000);
  assert.equal(rate.secondsFor(10_000_000), 86_400);
});
