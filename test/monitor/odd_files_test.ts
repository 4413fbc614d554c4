/**
 * A /proc that is not as it should be: files that are missing, files that this user may not read, and
 * counters that began again at 0. Beside Debian's node_exporter, which sees the same files.
 */
import assert from "node:assert/strict";
import { systemClock } from "../../core/ports/clock.ts";
import { monitorSettings } from "../../monitor/config.ts";
import { createReader } from "../../monitor/works.ts";
import { PointWriter } from "../../monitor/write/influx_points.ts";
import { writeHardware } from "./hardware.ts";
import { fetchPage, type Page } from "./page.ts";
import { startNodeExporter } from "./servers.ts";
import { builtMonitor, Site } from "./site.ts";

/** Root without the right to read every file: as an ordinary user is with files of others. */
const ORDINARY = Deno.uid() === 0
  ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]
  : [];

function exporterOn(trees: { procDir: string; sysDir: string }, collectors: readonly string[]) {
  return [
    "--collector.disable-defaults",
    "--web.disable-exporter-metrics",
    `--path.procfs=${trees.procDir}`,
    `--path.sysfs=${trees.sysDir}`,
    ...collectors.map((name) => `--collector.${name}`),
  ];
}

function resultsOf({ series }: Page): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [key, value] of series) {
    const name = /^node_scrape_collector_success\{collector="(.*)"\}$/.exec(key)?.[1];
    if (name !== undefined) found[name] = value;
  }
  return found;
}

Deno.test("files that are refused or missing: their collectors fail alone, as node_exporter's do", async () => {
  const site = await Site.open();
  try {
    const trees = await writeHardware(site.folder);
    const { procDir } = trees;
    await Deno.writeTextFile(`${procDir}/vmstat`, "pgfault 5\n");
    await Deno.writeTextFile(`${procDir}/loadavg`, "1.00 2.00 3.00 1/2 3\n");
    await Deno.chmod(`${procDir}/vmstat`, 0);
    await Deno.chmod(`${procDir}/schedstat`, 0);
    await Deno.chmod(`${procDir}/interrupts`, 0);
    const collectors = ["diskstats", "filefd", "interrupts", "loadavg", "meminfo", "netdev"]
      .concat("schedstat", "sockstat", "stat", "vmstat");
    const { url } = await startNodeExporter(site, exporterOn(trees, collectors), ORDINARY);
    const monitor = await site.monitor(
      { ...trees, prometheus: { collectors } },
      builtMonitor(),
      ORDINARY,
    );
    const theirs = await fetchPage(url), ours = await fetchPage(`${monitor.url}/metrics`);
    const { netdev, sockstat, ...expected } = resultsOf(theirs);
    const { netdev: devices, sockstat: sockets, ...results } = resultsOf(ours);
    assert.deepEqual(results, expected);
    assert.deepEqual(
      Object.keys(results).filter((name) => results[name] === 0).sort(),
      ["diskstats", "filefd", "interrupts", "schedstat", "vmstat"],
    );
    // This node_exporter asks the kernel for devices, and takes a missing sockstat for a kernel without
    // sockets; we say that the files are missing.
    assert.deepEqual([netdev, sockstat, devices, sockets], [1, 1, 0, 0]);
    assert.equal(ours.series.get("node_load5{}"), 2);
    assert.equal(ours.series.has("node_vmstat_pgfault{}"), false, "nothing made up");
    const { failing } = await (await fetch(`${monitor.url}/api/status`)).json();
    const reason = (name: string) =>
      failing.find((one: { name: string }) => one.name === name)?.reason;
    assert.match(reason("vmstat"), /ermission denied/);
    assert.match(reason("diskstats"), /No such file/);
  } finally {
    await site.close();
  }
});

/** /proc with counters that have come to `n`; a 32-bit counter has at most 4294967295. */
async function writeCounters(procDir: string, n: number): Promise<void> {
  const disk = Array(17).fill(n).join(" ");
  const net = Array(16).fill(n).join(" ");
  const files = {
    "diskstats": ` 254 0 vda ${disk}\n`,
    "net/dev": `Inter-| Receive | Transmit\n face |bytes\n  eth0: ${net}\n`,
    "vmstat": `pgfault ${n}\npgmajfault ${n}\npswpin ${n}\npswpout ${n}\n`,
    "stat": `cpu  ${Array(10).fill(n).join(" ")}\ncpu0 ${Array(10).fill(n).join(" ")}\n` +
      `intr ${n}\nctxt ${n}\nbtime 1700000000\nprocesses ${n}\nprocs_running 1\nprocs_blocked 0\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(`${procDir}/${name}`.replace(/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${procDir}/${name}`, text);
  }
}

const WRAPPED = 4_294_967_295;

Deno.test("counters that wrap are shown as the kernel has them, as node_exporter does", async () => {
  const site = await Site.open();
  try {
    const trees = { procDir: `${site.folder}/proc`, sysDir: `${site.folder}/sys` };
    await Deno.mkdir(trees.sysDir);
    await writeCounters(trees.procDir, WRAPPED);
    const collectors = ["cpu", "diskstats", "stat", "vmstat"];
    const { url } = await startNodeExporter(site, exporterOn(trees, collectors));
    const monitor = await site.monitor(
      { ...trees, sharedFor: 0, prometheus: { collectors: [...collectors, "netdev"] } },
      builtMonitor(),
    );
    for (const n of [WRAPPED, 7]) {
      await writeCounters(trees.procDir, n);
      const theirs = await fetchPage(url), ours = await fetchPage(`${monitor.url}/metrics`);
      let compared = 0;
      for (const [series, value] of theirs.series) {
        if (!/^node_(?!scrape|exporter)/.test(series) || series.includes("_info{")) continue;
        const own = ours.series.get(series) ?? NaN;
        assert(Math.abs(own - value) <= Math.abs(value) * 1e-9, `${series}: ${own}, not ${value}`);
        compared++;
      }
      assert(compared > 30, `${compared} compared`);
      assert.equal(ours.series.get('node_network_receive_bytes_total{device="eth0"}'), n);
    }
  } finally {
    await site.close();
  }
});

Deno.test("points after a wrap: counters as they are, and no share or average out of the step", async () => {
  const site = await Site.open();
  try {
    const procDir = `${site.folder}/proc`;
    await writeCounters(procDir, WRAPPED);
    const settings = monitorSettings.parse({ procDir, sysDir: `${site.folder}/sys` });
    const reader = createReader(settings, systemClock);
    const names = new Set(["cpu", "diskstats", "netdev", "vmstat", "stat"]);
    const writer = new PointWriter({ tags: {}, ignoreFsTypes: new Set() });
    writer.points(await reader.read(names));
    await writeCounters(procDir, 7);
    const points = writer.points(await reader.read(names));
    reader.close();
    assert.equal(points.filter(({ measurement }) => measurement === "cpu").length, 0);
    const disk = points.find(({ measurement }) => measurement === "diskio")!;
    assert.deepEqual(disk.fields.read_time, { int: 7 });
    for (const name of ["io_util", "io_await", "io_svctm"]) assert(!(name in disk.fields), name);
    for (const { measurement, fields } of points) {
      for (const [name, value] of Object.entries(fields)) {
        const number = Object.values(value)[0];
        if (name === "speed") continue; // -1: unknown
        assert(typeof number === "string" || number >= 0, `${measurement}.${name} is ${number}`);
      }
    }
  } finally {
    await site.close();
  }
});
