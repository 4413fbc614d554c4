/**
 * The monitor writing to a real InfluxDB: types, dashboards, and what happens while the server is
 * away.
 */
import assert from "node:assert/strict";
import { freePort } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { hostsInfluxdb } from "../../grafana/hosts_influxdb.ts";
import { fetchPage } from "./page.ts";
import { type Bucket, builtMonitor, Site } from "./site.ts";

/** Measurement → field → type in InfluxDB, as Telegraf writes them on Linux. */
const TYPES: Record<string, Record<string, string>> = {
  cpu: {
    usage_user: "double",
    usage_system: "double",
    usage_idle: "double",
    usage_nice: "double",
    usage_iowait: "double",
    usage_irq: "double",
    usage_softirq: "double",
    usage_steal: "double",
    usage_guest: "double",
    usage_guest_nice: "double",
  },
  mem: {
    total: "long",
    available: "long",
    used: "long",
    free: "long",
    cached: "long",
    buffered: "long",
    slab: "long",
    swap_total: "long",
    huge_pages_total: "long",
    used_percent: "double",
    available_percent: "double",
  },
  swap: {
    total: "long",
    used: "long",
    free: "long",
    used_percent: "double",
    in: "long",
    out: "long",
  },
  disk: {
    total: "long",
    free: "long",
    used: "long",
    used_percent: "double",
    inodes_total: "long",
    inodes_free: "long",
    inodes_used: "long",
    inodes_used_percent: "double",
  },
  diskio: {
    reads: "long",
    writes: "long",
    read_bytes: "long",
    write_bytes: "long",
    read_time: "long",
    write_time: "long",
    io_time: "long",
    weighted_io_time: "long",
    iops_in_progress: "long",
    io_util: "double",
  },
  system: {
    load1: "double",
    load5: "double",
    load15: "double",
    n_cpus: "long",
    uptime: "long",
    uptime_format: "string",
  },
  processes: {
    total: "long",
    running: "long",
    sleeping: "long",
    zombies: "long",
    total_threads: "long",
  },
  kernel: {
    boot_time: "long",
    context_switches: "long",
    interrupts: "long",
    processes_forked: "long",
  },
};

for (const executable of new Set([undefined, builtMonitor()])) {
  const how = executable === undefined ? "from source" : "executable";
  Deno.test(`InfluxDB gets Telegraf's fields and types (${how}); each panel's query returns rows`, async () => {
    const site = await Site.open();
    try {
      const bucket = await site.bucket();
      const monitor = await site.monitor({
        host: "this-host",
        tags: "env=test",
        influx: { ...bucket.settings(), interval: "1s" },
      }, executable);
      await waitFor("two samples", async () => {
        const rows = await bucket.flux(
          `from(bucket: "${bucket.name}") |> range(start: -5m) ` +
            `|> filter(fn: (r) => r._measurement == "cpu" and r.cpu == "cpu-total") |> count()`,
        );
        return rows.length > 0 && Number(rows[0].values._value) >= 2 || undefined;
      });
      await fieldTypes(bucket);
      await everyPanelHasRows(bucket);
      assert.equal((await monitor.stop()).code, 0, "SIGTERM ends it with 0");
    } finally {
      await site.close();
    }
  });
}

async function fieldTypes(bucket: Bucket): Promise<void> {
  const rows = await bucket.flux(`from(bucket: "${bucket.name}") |> range(start: -5m) |> last()`);
  const found: Record<string, Record<string, string>> = {};
  for (const { values, types } of rows) {
    (found[values._measurement] ??= {})[values._field] = types._value;
    assert.equal(values.host, "this-host");
    assert.equal(values.env, "test");
  }
  for (const [measurement, fields] of Object.entries(TYPES)) {
    for (const [field, type] of Object.entries(fields)) {
      assert.equal(found[measurement]?.[field], type, `${measurement}.${field}`);
    }
  }
  const disk = rows.find(({ values }) => values._measurement === "disk" && values.path === "/");
  assert.deepEqual(
    ["device", "fstype", "mode"].map((tag) => disk?.values[tag] !== ""),
    [true, true, true],
  );
}

async function everyPanelHasRows(bucket: Bucket): Promise<void> {
  const head = "option v = {timeRangeStart: -5m, timeRangeStop: now(), windowPeriod: 1s}\n";
  let asked = 0;
  for (const panel of hostsInfluxdb.rows.flatMap((row) => row.panels)) {
    for (const { text } of panel.queries) {
      const query = text.replaceAll("${bucket}", bucket.name).replaceAll("${host}", "this-host");
      await waitFor(`rows for "${panel.title}"`, async () => {
        const rows = await bucket.flux(head + query);
        return rows.length > 0 || undefined;
      });
      asked++;
    }
  }
  console.log(`${asked} queries of ${hostsInfluxdb.title} asked`);
  assert(asked >= 20);
}

Deno.test("InfluxDB away: the buffer is bounded, drops are counted, /metrics goes on", async () => {
  const site = await Site.open();
  try {
    const tokenFile = `${site.folder}/token`;
    await Deno.writeTextFile(tokenFile, "none\n");
    const monitor = await site.monitor({
      shutdown: "500ms",
      influx: {
        enabled: true,
        url: `http://127.0.0.1:${freePort()}`,
        org: "o",
        bucket: "b",
        tokenFile,
        interval: "1s",
        bufferPointsMax: 30,
        retryMin: "50ms",
      },
    });
    const figure = async (series: string) =>
      (await fetchPage(`${monitor.url}/metrics`)).series.get(series) ?? 0;
    const points = (result: string) =>
      figure(`weir_monitor_sink_points_total{result="${result}",sink="influxdb"}`);
    await waitFor("drops", async () => await points("dropped") > 30 || undefined);
    assert.equal(await figure('weir_monitor_sink_buffered_points{sink="influxdb"}'), 30);
    assert.equal(await points("written"), 0);
    const page = await fetchPage(`${monitor.url}/metrics`);
    assert(page.series.has("node_load1{}"));
    const status = await (await fetch(`${monitor.url}/api/status`)).json();
    assert.match(status.sinks[0].lastError, /^INFLUX_UNAVAILABLE: Cannot write to InfluxDB/);
    assert.match(status.sinks[0].hint, /influx\.bufferPointsMax/);
    assert.equal((await monitor.stop()).code, 0);
    assert.match(monitor.program.stderr, /Points cannot be delivered/);
  } finally {
    await site.close();
  }
});

Deno.test("a wrong token is told, points wait, and arrive once the token file is right", async () => {
  const site = await Site.open();
  try {
    const bucket = await site.bucket();
    const tokenFile = `${site.folder}/late-token`;
    await Deno.writeTextFile(tokenFile, "wrong\n");
    const monitor = await site.monitor({
      influx: {
        ...bucket.settings(),
        tokenFile,
        interval: "1s",
        retryMin: "50ms",
        retryMax: "200ms",
      },
    });
    const sinkOf = async () => (await (await fetch(`${monitor.url}/api/status`)).json()).sinks[0];
    await waitFor(
      "the refusal",
      async () => /unauthorized/.test((await sinkOf()).lastError) || undefined,
    );
    const { rejected, lastError, hint } = await sinkOf();
    assert.equal(rejected, 0);
    assert.match(lastError, /^INFLUX_DENIED: Cannot write to InfluxDB: .*unauthorized/);
    assert.match(hint, /^Check token, organisation and bucket/);
    await Deno.writeTextFile(tokenFile, `${bucket.access.token}\n`);
    await waitFor("delivery", async () => (await sinkOf()).written > 0 || undefined);
    assert.equal((await sinkOf()).dropped, 0);
  } finally {
    await site.close();
  }
});

Deno.test("api v1 writes to /write?db=, with user and password", async () => {
  const site = await Site.open();
  try {
    // InfluxDB 2 answers version 1's way of writing too: the database is the bucket, the password its token.
    const bucket = await site.bucket();
    const { enabled, url, tokenFile } = bucket.settings();
    const target = { enabled, url, tokenFile, api: "v1", database: bucket.name, username: "any" };
    await site.monitor({ influx: { ...target, interval: "1s" } });
    await waitFor("points", async () => {
      const rows = await bucket.flux(
        `from(bucket: "${bucket.name}") |> range(start: -5m) ` +
          `|> filter(fn: (r) => r._measurement == "mem" and r._field == "total")`,
      );
      return rows.length > 0 && rows[0].types._value === "long" || undefined;
    });
  } finally {
    await site.close();
  }
});
