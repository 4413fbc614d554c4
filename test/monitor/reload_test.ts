/**
 * Settings taken while the monitor runs: by the file's change and by SIGHUP; what does not fit, or
 * is gone, changes nothing and is told.
 */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { waitFor } from "../support/wait.ts";
import { fetchPage } from "./page.ts";
import { type RunningMonitor, Site } from "./site.ts";

const RESULT = (result: string) => `weir_monitor_config_reloads_total{result="${result}"}`;

Deno.test("the monitor takes a changed file, refuses a wrong one, keeps the last when it is gone", async () => {
  const site = await Site.open();
  try {
    const monitor = await site.monitor({ prometheus: { collectors: ["loadavg"] } });
    const file = `${site.folder}/monitor-${monitor.address.split(":")[1]}.yaml`;
    const write = (settings: Record<string, unknown>) =>
      replace(file, { listen: monitor.address, ...settings });
    assert.equal(await collectors(monitor), "loadavg");

    await write({ prometheus: { collectors: ["loadavg", "stat"] } });
    await counted(monitor, "applied", 1);
    assert.equal(await collectors(monitor), "loadavg stat");

    await write({ prometheus: { collectors: "nonsense", seriesMax: -1 } });
    await counted(monitor, "refused", 1);
    assert.match((await statusOf(monitor)).error, /prometheus\.(collectors|seriesMax)/);
    await write({ listen: "127.0.0.1:1" });
    await counted(monitor, "refused", 2);
    assert.match((await statusOf(monitor)).error, /listen cannot be changed/);
    assert.equal(await collectors(monitor), "loadavg stat");

    Deno.removeSync(file);
    await counted(monitor, "kept", 1);
    assert.equal(await collectors(monitor), "loadavg stat");

    await write({ prometheus: { collectors: ["meminfo"] } });
    await counted(monitor, "applied", 2);
    assert.equal(await collectors(monitor), "meminfo");
    assert.equal((await statusOf(monitor)).error, "");

    Deno.kill(monitor.program.pid, "SIGHUP");
    await counted(monitor, "applied", 3);
    assert.equal((await monitor.stop()).code, 0);
  } finally {
    await site.close();
  }
});

Deno.test("a target is switched on and off by the settings; a kept sink goes on counting", async () => {
  const site = await Site.open();
  try {
    const bucket = await site.bucket();
    const monitor = await site.monitor({});
    const file = `${site.folder}/monitor-${monitor.address.split(":")[1]}.yaml`;
    const write = (influx: Record<string, unknown>) =>
      replace(file, { listen: monitor.address, influx });
    const written = async () => {
      const { series } = await fetchPage(`${monitor.url}/metrics?collect[]=loadavg`);
      return series.get('weir_monitor_sink_points_total{result="written",sink="influxdb"}');
    };
    assert.equal(await written(), undefined);
    await write({ ...bucket.settings(), interval: "1s" });
    const before = await waitFor("points", async () => (await written() ?? 0) > 0 && written());
    await write({ ...bucket.settings(), interval: "2s" });
    await counted(monitor, "applied", 2);
    assert(await written() as number >= (before as number), "the sink is the same");
    await write({ enabled: false });
    await counted(monitor, "applied", 3);
    assert.equal(await written(), undefined);
  } finally {
    await site.close();
  }
});

/** In one step: a file that is half written may be read, and would count as one more. */
async function replace(file: string, settings: Record<string, unknown>): Promise<void> {
  await Deno.writeTextFile(`${file}.new`, stringify(settings));
  await Deno.rename(`${file}.new`, file);
}

async function collectors(monitor: RunningMonitor): Promise<string> {
  const { series } = await fetchPage(`${monitor.url}/metrics`);
  return [...series.keys()].map((key) => /_success\{collector="(.*)"\}/.exec(key)?.[1])
    .filter((name) => name !== undefined).sort().join(" ");
}

async function statusOf(monitor: RunningMonitor): Promise<{ error: string }> {
  return (await (await fetch(`${monitor.url}/api/status`)).json()).settings;
}

function counted(monitor: RunningMonitor, result: string, count: number): Promise<unknown> {
  return waitFor(`${count} ${result}`, async () => {
    const { series } = await fetchPage(`${monitor.url}/metrics?collect[]=loadavg`);
    return series.get(RESULT(result)) === count;
  }, { detail: () => monitor.program.tail() });
}
