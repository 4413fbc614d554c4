/**
 * The queries of the public dashboard 1860 ("Node Exporter Full", as of April 2026; its expressions
 * alone are kept here) against a real Prometheus that scrapes the monitor: which panels have data.
 * docs/monitor.md names those that have none, and why.
 */
import assert from "node:assert/strict";
import { monitorSettings } from "../../monitor/config.ts";
import { waitFor } from "../support/wait.ts";
import { writeHardware } from "./hardware.ts";
import { Prometheus } from "./servers.ts";
import { Site } from "./site.ts";

interface Panel {
  row: string;
  panel: string;
  queries: string[];
}

const ROOT = new URL("../../", import.meta.url);
const PANELS: Panel[] = JSON.parse(
  Deno.readTextFileSync(new URL("dashboard_1860.json", import.meta.url)),
);
const HAVE_DATA_MIN = 110;
const MORE = ["interrupts", "processes", "tcpstat"];
const COLLECTORS = [...monitorSettings.parse({}).prometheus.collectors, ...MORE];

Deno.test("at least 110 of the 125 panels of dashboard 1860 have data, the others are explained", async () => {
  const site = await Site.open();
  try {
    const prometheus = { collectors: COLLECTORS };
    const here = await site.monitor({ prometheus });
    const trees = await writeHardware(site.folder);
    const prepared = await site.monitor({ prometheus, ...trees });
    const server = await Prometheus.start(site, [here.address, prepared.address]);
    assert.equal(PANELS.length, 125);
    await waitFor("two scrapes of both", async () => {
      const query = `count_over_time(up{job="${Prometheus.JOB}"}[1m]) >= 3`;
      return (await server.query(query)).length === 2;
    });
    const complete: string[] = [], partly: string[] = [], none: Panel[] = [];
    const empty: string[] = [];
    for (const panel of PANELS) {
      const rows = await rowsOf(server, panel, here.address);
      empty.push(...panel.queries.filter((_, i) => rows[i] === 0 && Math.max(...rows) > 0));
      if (rows.every((count) => count > 0)) complete.push(panel.panel);
      else if (rows.some((count) => count > 0)) partly.push(panel.panel);
      else none.push(panel);
    }
    const withHardware: string[] = [];
    for (const panel of none) {
      const rows = await rowsOf(server, panel, prepared.address);
      if (rows.some((count) => count > 0)) withHardware.push(panel.panel);
    }
    const have = complete.length + partly.length;
    console.log(`${have} of ${PANELS.length} panels have data, ${complete.length} in every query`);
    console.log(`in some of their queries: ${partly.join(", ")}`);
    for (const query of empty) console.log(`  no rows: ${query}`);
    console.log(`none: ${none.map(({ panel }) => panel).join(", ")}`);
    console.log(`of these with a prepared /proc and /sys: ${withHardware.join(", ")}`);
    assert(have >= HAVE_DATA_MIN);
    explained(none.map(({ panel }) => panel));
  } finally {
    await site.close();
  }
});

/** Rows of each query of a panel on a host. */
async function rowsOf(server: Prometheus, panel: Panel, instance: string): Promise<number[]> {
  const counts: number[] = [];
  for (const text of panel.queries) {
    const query = text.replaceAll("$__rate_interval", "10s")
      .replaceAll("$job", Prometheus.JOB).replaceAll("$node", instance);
    assert.equal(/\$/.test(query), false, `a macro is left: ${query}`);
    counts.push((await server.query(query)).length);
  }
  return counts;
}

/** Each panel without data must be a row of the table in docs/monitor.md. */
function explained(panels: readonly string[]): void {
  const text = Deno.readTextFileSync(new URL("docs/monitor.md", ROOT));
  const [, section = ""] = text.split("## Dashboard 1860");
  const named = [...section.split("\n## ")[0].matchAll(/^\| (?!panel|-)([^|]+?) +\|/gm)]
    .flatMap(([, names]) => names.split(", "));
  for (const panel of panels) {
    assert(named.includes(panel), `docs/monitor.md does not say why "${panel}" has no data`);
  }
}
