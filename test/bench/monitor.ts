/**
 * What a scrape costs: weir-monitor and Debian's node_exporter with the same collectors and filters
 * on this host, in turns in one run. Prints CPU time a scrape (user and system, of the whole
 * process) and resident memory; asserts nothing.
 *
 *     deno run -A test/bench/monitor.ts [--executable dist/weir-monitor] [--rounds 3] [--scrapes
 * 200]
 */
import { monitorSettings } from "../../monitor/config.ts";
import { startNodeExporter } from "../monitor/servers.ts";
import { Site } from "../monitor/site.ts";

function option(name: string, initial: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at === -1 ? initial : Deno.args[at + 1] ?? initial;
}

const executable = option("executable", "");
const rounds = Number(option("rounds", "3")), scrapes = Number(option("scrapes", "200"));

/** CPU milliseconds of a process so far, at the kernel's hundredths of a second. */
function cpuMs(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return 10 * (Number(words[11]) + Number(words[12]));
}

function rssMb(pid: number): string {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return (Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024).toFixed(0);
}

async function scrape(url: string, times: number): Promise<number> {
  let bytes = 0;
  for (let i = 0; i < times; i++) {
    const answer = await fetch(url, { headers: { "accept-encoding": "gzip" } });
    bytes = (await answer.arrayBuffer()).byteLength;
  }
  return bytes;
}

const site = await Site.open();
try {
  const { collectors, seriesMax: _ } = monitorSettings.parse({}).prometheus;
  const theirs = await startNodeExporter(site, [
    "--collector.disable-defaults",
    "--web.disable-exporter-metrics",
    ...collectors.map((name) => `--collector.${name}`),
  ]);
  // Every scrape reads the host anew.
  const monitor = await site.monitor({ sharedFor: 0 }, executable === "" ? undefined : executable);
  const programs = [
    { name: "node_exporter", url: theirs.url, pid: theirs.pid },
    {
      name: executable === "" ? "weir-monitor (source)" : executable,
      url: `${monitor.url}/metrics`,
      pid: monitor.program.pid,
    },
  ];
  for (const program of programs) await scrape(program.url, 100);
  for (let round = 1; round <= rounds; round++) {
    for (const { name, url, pid } of programs) {
      const before = cpuMs(pid);
      const bytes = await scrape(url, scrapes);
      const each = (cpuMs(pid) - before) / scrapes;
      console.log(
        `round ${round}  ${name.padEnd(24)} ${each.toFixed(2)} ms CPU a scrape, ${bytes} bytes, ${
          rssMb(pid)
        } MB`,
      );
    }
  }
} finally {
  await site.close();
}
