/**
 * The monitor scraped by a real Prometheus: from source, and as an executable where one has been
 * built.
 */
import assert from "node:assert/strict";
import { waitFor } from "../support/wait.ts";
import { hostsPrometheus } from "../../grafana/hosts_prometheus.ts";
import { Prometheus, promtoolComplaints } from "./servers.ts";
import { builtMonitor, type RunningMonitor, Site } from "./site.ts";

for (const [how, executable] of ways()) {
  Deno.test(`Prometheus scrapes the monitor (${how}); each panel's query returns rows`, async () => {
    const site = await Site.open();
    try {
      const monitor = await site.monitor({}, executable);
      const prometheus = await Prometheus.start(site, [monitor.address]);
      await waitFor("up == 1", async () => {
        const [series] = await prometheus.query(`up{instance="${monitor.address}"}`);
        return series?.value[1] === "1" || undefined;
      });
      await everyPanelHasRows(prometheus, monitor);
      assert.equal((await monitor.stop()).code, 0, "SIGTERM ends it with 0");
    } finally {
      await site.close();
    }
  });
}

function ways(): [string, string | undefined][] {
  const built = builtMonitor();
  return built === undefined
    ? [["from source", undefined]]
    : [["from source", undefined], ["executable", built]];
}

async function everyPanelHasRows(prometheus: Prometheus, monitor: RunningMonitor): Promise<void> {
  const absent = await collectorsThatFail(monitor);
  let asked = 0;
  for (const panel of hostsPrometheus.rows.flatMap((row) => row.panels)) {
    for (const { text } of panel.queries) {
      const query = text.replaceAll("$__rate_interval", "10s")
        .replaceAll("$job", Prometheus.JOB).replaceAll("$instance", monitor.address);
      assert.equal(/\$/.test(query), false, `a macro is left: ${query}`);
      if (text.includes("node_pressure") && absent.includes("pressure")) {
        console.log(`not asked, this kernel has no pressure information: ${panel.title}`);
        continue;
      }
      // Counters need two scrapes.
      await waitFor(`rows for "${panel.title}": ${query}`, async () => {
        const rows = await prometheus.query(query);
        return rows.length > 0 || undefined;
      });
      asked++;
    }
  }
  console.log(`${asked} queries of ${hostsPrometheus.title} asked`);
  assert(asked >= 60);
}

async function collectorsThatFail(monitor: RunningMonitor): Promise<string[]> {
  const status = await (await fetch(`${monitor.url}/api/status`)).json();
  return status.failing.map((collector: { name: string }) => collector.name);
}

Deno.test("/metrics: OpenMetrics, gzip, collect[], and promtool has no complaint beyond names", async () => {
  const site = await Site.open();
  try {
    const monitor = await site.monitor({ prometheus: { seriesMax: 5000 } });
    const plain = await fetch(`${monitor.url}/metrics`, { headers: { "accept-encoding": "gzip" } });
    assert.match(plain.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
    assert.equal(await encodingOf(monitor), "gzip");
    // The names are node_exporter's; promtool would have them in snake_case and without "bits".
    const complaints = (await promtoolComplaints(await plain.text()))
      .filter((line) => !/camelCase|use base unit "bytes" instead of "bits"/.test(line));
    assert.deepEqual(complaints, []);

    const open = await fetch(`${monitor.url}/metrics`, {
      headers: { accept: "application/openmetrics-text; version=1.0.0" },
    });
    assert.match(
      open.headers.get("content-type")!,
      /^application\/openmetrics-text; version=1\.0\.0/,
    );
    const text = await open.text();
    assert.match(text, /# TYPE node_cpu_seconds counter\n/);
    assert.match(text, /\n# EOF\n$/);

    const few = await (await fetch(`${monitor.url}/metrics?collect[]=loadavg&collect[]=stat`))
      .text();
    assert.match(few, /^node_load1 /m);
    assert.match(few, /^node_boot_time_seconds /m);
    assert.doesNotMatch(few, /^node_memory_|^node_cpu_/m);
  } finally {
    await site.close();
  }
});

/** fetch unpacks and hides the encoding, so this asks over a plain connection. */
async function encodingOf(monitor: RunningMonitor): Promise<string | undefined> {
  const [hostname, port] = monitor.address.split(":");
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const request = `GET /metrics HTTP/1.1\r\nHost: ${monitor.address}\r\n` +
    "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  const bytes = await new Response(connection.readable).bytes();
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 2000));
  return /^content-encoding: (\S+)\r$/mi.exec(head)?.[1];
}
