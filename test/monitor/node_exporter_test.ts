/**
 * Side by side with Debian's node_exporter on this host: the same families, types, series and
 * values, for the collectors that both have.
 */
import assert from "node:assert/strict";
import { monitorSettings } from "../../monitor/config.ts";
import { waitFor } from "../support/wait.ts";
import { writeHardware } from "./hardware.ts";
import { fetchPage, nameOf, type Page } from "./page.ts";
import { startLoad, startNodeExporter } from "./servers.ts";
import { Site } from "./site.ts";

const settings = monitorSettings.parse({});

/** Off by default in both. */
const MORE = ["interrupts", "processes", "tcpstat"];
const COLLECTORS = [...settings.prometheus.collectors, ...MORE];

/** What newer versions of node_exporter have and Debian's does not. */
const NEWER =
  /^node_(pressure_irq_stalled_seconds_total|softnet_(cpu_collision_total|flow_limit_count_total|received_rps_total|softnet_backlog_len)|netstat_TcpExt_(TCPOFOQueue|TCPRcvQDrop))$/;

/**
 * Theirs alone: it says of itself, and of its own collectors; and what docs/monitor.md lists as not
 * exported.
 */
const THEIRS =
  /^(node_exporter_build_info|node_scrape_collector_|process_|go_|promhttp_|node_disk_(ata_|filesystem_info|device_mapper_info)|node_cpu_(core|package)_throttles_total)/;
/** The kernel's other interface counts the room of listening sockets as waiting bytes. */
const OTHERWISE = /tx_queued_bytes/;
/** Series that are there only while something is in that state. */
const FLEETING =
  /^node_(tcp_connection_states\{state="(?!established|listen|.x_queued)|processes_(threads_)?state\{)/;
const OURS = /^(weir_|process_|node_scrape_collector_)/;

/**
 * Gauges that move between two looks: compared within a share of the larger value, and an absolute
 * slack.
 */
const MOVING: [RegExp, share: number, slack: number][] = [
  [/^node_memory_/, 0.3, 200e6],
  [/^node_filesystem_(avail|free)_bytes/, 0.02, 500e6],
  [/^node_filesystem_files_free/, 0.02, 5000],
  [/^node_(load\d+|procs_(running|blocked))/, 0.5, 20],
  // What waits in sockets changes with every packet.
  [/^node_(sockstat_.*_bytes|tcp_connection_states\{state=".x_queued_bytes)/, 1, 20e6],
  [
    /^node_(sockstat|netstat_Tcp_CurrEstab|nf_conntrack_entries$|udp_queues|arp_entries)/,
    0.5,
    300_000,
  ],
  [/^node_(filefd_allocated|entropy_available_bits|disk_io_now|softnet_)/, 0.5, 2000],
  // Threads come and go, and change their state, while they are counted.
  [/^node_(processes_|tcp_connection_states)/, 0.5, 300],
  [/^node_timex_/, 0.1, 1e-3],
  [/^node_time_seconds/, 0, 5],
  [/^node_cpu_(scaling_)?frequency/, 1, 0],
  [/^node_(hwmon|thermal)/, 0.5, 10],
];

function exporterArguments(): string[] {
  const { filters } = settings;
  // Go's flags: one for each collector, so that none runs that we do not have.
  return [
    "--collector.disable-defaults",
    "--web.disable-exporter-metrics",
    ...COLLECTORS.map((name) => `--collector.${name}`),
    `--collector.filesystem.mount-points-exclude=${filters.mountPointsIgnore}`,
    `--collector.filesystem.fs-types-exclude=${filters.fsTypesIgnore}`,
    `--collector.diskstats.device-exclude=${filters.disksIgnore}`,
    "--collector.netdev.device-exclude=",
  ];
}

Deno.test("/metrics has node_exporter's families, types, series and values while the host is busy", async () => {
  const site = await Site.open();
  try {
    const load = await startLoad(site);
    // Debian's own folder of text files is there only where its package is installed.
    const textfileDir = `${site.folder}/text`;
    await Deno.mkdir(textfileDir);
    const args = [...exporterArguments(), `--collector.textfile.directory=${textfileDir}`];
    const { url: theirs } = await startNodeExporter(site, args);
    const monitor = await site.monitor({ sharedFor: 0, prometheus: { collectors: COLLECTORS } });
    const ours = `${monitor.url}/metrics`;
    // Both once before it counts: opening a file and a connection changes what is counted.
    await fetchPage(theirs);
    await fetchPage(ours);
    const before = await fetchPage(theirs);
    const mine = await fetchPage(ours);
    const after = await waitFor("the load to be seen", async () => {
      const page = await fetchPage(theirs);
      return userSeconds(page) > userSeconds(before) ? page : undefined;
    });
    assert.equal(load.ended, false, "the load ended before the comparison did");
    sameNames(before, mine);
    sameTypes(before, mine);
    sameValues(before, mine, after);
  } finally {
    await site.close();
  }
});

/** Collectors of the hardware that the trees of hardware.ts have. */
const HARDWARE = [
  "arp",
  "bonding",
  "conntrack",
  "cpufreq",
  "hwmon",
  "interrupts",
  "mdadm",
  "meminfo",
  "powersupplyclass",
  "schedstat",
  "textfile",
  "thermal_zone",
];

Deno.test("sensors, power, frequencies and cooling of a prepared /proc and /sys are the same", async () => {
  const site = await Site.open();
  try {
    const { procDir, sysDir } = await writeHardware(site.folder);
    const textfileDir = `${site.folder}/text`;
    await writeTextFiles(textfileDir);
    const { url: theirs } = await startNodeExporter(site, [
      "--collector.disable-defaults",
      "--web.disable-exporter-metrics",
      `--path.procfs=${procDir}`,
      `--path.sysfs=${sysDir}`,
      `--collector.textfile.directory=${textfileDir}`,
      ...HARDWARE.map((name) => `--collector.${name}`),
    ]);
    const monitor = await site.monitor({
      procDir,
      sysDir,
      textfileDir,
      prometheus: { collectors: HARDWARE },
    });
    const expected = await fetchPage(theirs);
    const mine = await fetchPage(`${monitor.url}/metrics`);
    const failing = [...mine.series].filter(([key, value]) =>
      /^node_scrape_collector_success/.test(key) && value !== 1
    );
    assert.deepEqual(failing, [], "collectors that fail");
    sameNames(expected, mine);
    sameTypes(expected, mine);
    for (const [series, value] of mine.series) {
      const other = expected.series.get(series);
      // Hertz from kilohertz and the like: the last digit of a fraction may differ.
      if (other !== undefined && !/^node_scrape/.test(series)) {
        assert(Math.abs(value - other) <= roundingOf(other), `${series}: ${value}, not ${other}`);
      }
    }
    console.log(`${expected.series.size} series of node_exporter compared`);
  } finally {
    await site.close();
  }
});

/** What other programs may leave: every type, odd spelling, and files that are not taken. */
async function writeTextFiles(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const files: Record<string, string> = {
    "backup.prom": "# HELP backup_age_seconds Age of the newest backup.\n" +
      '# TYPE backup_age_seconds gauge\nbackup_age_seconds{ host = "a\\"b" , disk="c" } 1.5e3\n',
    "times.prom": "# TYPE job_seconds histogram\n" +
      'job_seconds_bucket{le="1"} 2\njob_seconds_bucket{le="+Inf"} 3\n' +
      "job_seconds_sum 4.5\njob_seconds_count 3\nno_type_at_all 7\n",
    "with_a_time.prom": "late 1 1700000000000\n",
    "not_taken.txt": "other 1\n",
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
}

/** CPU time of all CPUs in mode user. */
function userSeconds({ series }: Page): number {
  const found = [...series].filter(([key]) => /^node_cpu_seconds_total\{.*mode="user"/.test(key));
  return found.reduce((sum, [, value]) => sum + value, 0);
}

function sameNames(theirs: Page, ours: Page): void {
  const missing = [...theirs.series.keys()]
    .filter((series) => !THEIRS.test(series) && !FLEETING.test(series) && !ours.series.has(series));
  assert.deepEqual(missing, [], "series of node_exporter that we lack");
  const more = [...ours.series.keys()]
    .filter((key) => !OURS.test(key) && !NEWER.test(nameOf(key)) && !FLEETING.test(key))
    .filter((key) => !theirs.series.has(key));
  assert.deepEqual(more, [], "series of ours that node_exporter lacks");
}

function sameTypes(theirs: Page, ours: Page): void {
  for (const [family, type] of theirs.types) {
    if (!THEIRS.test(family)) assert.equal(ours.types.get(family), type, family);
  }
}

function sameValues(before: Page, ours: Page, after: Page): void {
  let compared = 0;
  const wrong: string[] = [];
  for (const [series, value] of ours.series) {
    const first = before.series.get(series), last = after.series.get(series);
    if (OURS.test(series) || OTHERWISE.test(series) || first === undefined || last === undefined) {
      continue;
    }
    compared++;
    const low = Math.min(first, last), high = Math.max(first, last);
    const rule = MOVING.find(([name]) => name.test(series));
    const slack = rule === undefined ? roundingOf(high) : rule[1] * Math.abs(high) + rule[2];
    if (value < low - slack || value > high + slack) {
      wrong.push(`${series}: ${value} is not between ${first} and ${last}`);
    }
  }
  assert.deepEqual(wrong, [], "a value must lie between node_exporter's before and after");
  console.log(`${compared} series compared`);
  assert(compared > 200);
}

/** The last digits of a sum of fractions differ between the two languages. */
function roundingOf(value: number): number {
  return Math.abs(value) * 1e-9;
}
