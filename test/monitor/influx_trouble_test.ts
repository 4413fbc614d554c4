/**
 * A real InfluxDB that is slow, answers 429, or is away when the monitor is stopped: what waits is
 * bounded, what is lost is the oldest and is counted, and data goes on when the server does.
 */
import assert from "node:assert/strict";
import type { Point } from "../../core/ports/metric_sink.ts";
import { numbered } from "../../core/ports/metric_sink_conformance.ts";
import { patience, waitFor } from "../support/wait.ts";
import { Gate } from "./gate.ts";
import { BUFFER_POINTS_MAX, pointsOf, RETRY_MAX_MS, sinkTo } from "./influx_sink.ts";
import { type Bucket, builtMonitor, Site } from "./site.ts";

function countOf(point: Point): number {
  return (point.fields.count as { int: number }).int;
}

Deno.test("InfluxDB too slow: the buffer is bounded, the oldest go and are counted, data goes on after it", async () => {
  const site = await Site.open();
  const bucket = await site.bucket();
  const gate = new Gate(bucket.access.url);
  const sink = sinkTo(gate.url, bucket, 200 * patience());
  const of = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => numbered("slow", from + n));
  try {
    sink.write(of(0, 40));
    await sink.flush(10_000 * patience());
    assert.equal(sink.stats().written, 40);
    gate.state = "silent";
    for (let at = 40; at < 1000; at += 40) {
      sink.write(of(at, at + 40));
      assert(sink.stats().buffered <= BUFFER_POINTS_MAX, "beyond the bound");
    }
    await waitFor("the time limit of a try", () => sink.stats().lastError !== "" || undefined);
    assert.match(sink.stats().lastError, /Cannot write to InfluxDB/);
    gate.release();
    await sink.flush(10_000 * patience());
    sink.write(of(1000, 1040));
    await sink.flush(10_000 * patience());
    const { written, dropped, rejected, buffered, lastError } = sink.stats();
    assert.deepEqual([rejected, buffered, lastError], [0, 0, ""]);
    assert.equal(written + dropped, 1040, "each point is accounted for");
    assert.equal(dropped, 960 - BUFFER_POINTS_MAX);
    const arrived = (await pointsOf(bucket, "slow")).map(countOf);
    const expected = [...of(0, 40), ...of(1000 - BUFFER_POINTS_MAX, 1040)].map(countOf);
    assert.deepEqual(arrived, expected, "the oldest went, no other");
  } finally {
    await sink.close(1000);
    await gate.close();
    await site.close();
  }
});

Deno.test("InfluxDB answers 429: nothing is asked before Retry-After has passed, and nothing is lost", async () => {
  const site = await Site.open();
  const bucket = await site.bucket();
  const gate = new Gate(bucket.access.url);
  const sink = sinkTo(gate.url, bucket);
  try {
    gate.state = "busy";
    sink.write(Array.from({ length: 100 }, (_, n) => numbered("busy", n)));
    await waitFor("three tries", () => gate.requests.length >= 3 || undefined);
    gate.state = "open";
    await waitFor("delivery", () => sink.stats().written === 100 || undefined);
    const { dropped, rejected, lastError } = sink.stats();
    assert.deepEqual([dropped, rejected, lastError], [0, 0, ""]);
    assert.equal((await pointsOf(bucket, "busy")).length, 100);
    const busy = gate.requests.filter(({ state }) => state === "busy");
    // Without the header it would have been 20 ms, 40 ms, 80 ms.
    for (let i = 1; i < busy.length; i++) {
      assert(busy[i].atMs - busy[i - 1].atMs >= RETRY_MAX_MS - 1, "asked again too early");
    }
  } finally {
    await sink.close(1000);
    await gate.close();
    await site.close();
  }
});

/** A monitor that writes through a gate, and whose tries after a failure come late. */
async function monitorBehind(site: Site, bucket: Bucket, gate: Gate) {
  const influx = { ...bucket.settings(), url: gate.url, interval: "1s", retryMin: "60s" };
  const settings = { shutdown: "2s", influx, prometheus: { enabled: false } };
  const monitor = await site.monitor(settings, builtMonitor());
  const sink = async () => (await (await fetch(`${monitor.url}/api/status`)).json()).sinks[0];
  return { monitor, sink };
}

Deno.test("stopped after an outage: what waited is sent before the end", async () => {
  const site = await Site.open();
  const bucket = await site.bucket();
  const gate = new Gate(bucket.access.url);
  try {
    gate.state = "shut";
    const { monitor, sink } = await monitorBehind(site, bucket, gate);
    await waitFor("points that wait", async () => (await sink()).buffered > 20 || undefined);
    assert.equal((await sink()).written, 0);
    gate.state = "open";
    assert.equal((await monitor.stop()).code, 0);
    const rows = await bucket.flux(
      `from(bucket: "${bucket.name}") |> range(start: -5m) ` +
        `|> filter(fn: (r) => r._measurement == "system" and r._field == "load1") |> count()`,
    );
    assert(Number(rows[0]?.values._value) >= 1, "nothing arrived");
    assert.doesNotMatch(monitor.program.stderr, /Points are lost/);
  } finally {
    await gate.close();
    await site.close();
  }
});

for (const state of ["shut", "silent"] as const) {
  Deno.test(`stopped while InfluxDB is ${state}: it ends within its deadline and says what is lost`, async () => {
    const site = await Site.open();
    const bucket = await site.bucket();
    const gate = new Gate(bucket.access.url);
    try {
      gate.state = state;
      const { monitor, sink } = await monitorBehind(site, bucket, gate);
      await waitFor("points that wait", async () => (await sink()).buffered > 20 || undefined);
      // SIGKILL would follow after 15 s: 0 says that it ended by itself.
      assert.equal((await monitor.stop()).code, 0);
      assert.match(monitor.program.stderr, /Points are lost/);
    } finally {
      await gate.close();
      await site.close();
    }
  });
}
