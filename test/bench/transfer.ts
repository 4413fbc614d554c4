/**
 * `npm run bench:transfer`: lines from a real Kafka into a real Elasticsearch, and into a bulk
 * endpoint that only answers, by the executable of weir-transfer and by the peers that are there, in
 * turn, from the same topic. CPU seconds are those of the program alone, read from /proc when the
 * last document has arrived, its start included. `--json` prints one object, `--lines N` (default
 * 200,000 for elasticsearch; five times as many for the sink), `--runs N` (default 3; the median
 * counts), `--target elasticsearch|sink`, `--only NAME`.
 */
import { Kafka, logLevel } from "kafkajs";
import { type Program, startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { makeLines } from "./lines.ts";
import { TRANSFER_PROGRAMS } from "./transfer_programs.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FILES = 12;
const PARTITIONS = 6;
const TARGETS = ["elasticsearch", "sink"] as const;
type Target = typeof TARGETS[number];

interface Figures {
  documents_per_cpu_s: number;
  wall_s: number;
  cpu_s: number;
  rss_mb: number;
  documents: number;
}

/** User and system seconds of a process, all its threads. */
function cpuOf(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function peakRss(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024;
}

const round = (value: number) => Math.round(value * 100) / 100;

/** Documents that a target has got, as soon as they are in. */
type Arrived = (index: string) => Promise<number>;

function arrivedIn(target: Target, url: string): Arrived {
  const get = async (path: string) => {
    const response = await fetch(url + path);
    return response.ok ? await response.json() : (await response.body?.cancel(), undefined);
  };
  if (target === "sink") return async () => (await get("/count"))?.documents ?? 0;
  return async (index) => {
    const filter = "filter_path=_all.primaries.indexing.index_total";
    const found = await get(`/${index}*/_stats/indexing?${filter}&ignore_unavailable=true`);
    return found?._all?.primaries?.indexing?.index_total ?? 0;
  };
}

/** Fills a topic as agents do: FILES files, their keys, headers and partitions. */
async function fill(broker: string, kafka: Kafka, topic: string, lines: number): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: PARTITIONS }],
    waitForLeaders: true,
  });
  await using folder = await tempDir("weir-bench-");
  const files = Array.from({ length: FILES }, (_, i) => folder.join(`${i}.log`));
  let piece = 0;
  const { bytes } = makeLines({ lines, seed: 1 }, (text) => {
    Deno.writeFileSync(files[piece++ % FILES], text, { append: true, create: true });
  });
  await Deno.writeTextFile(
    folder.join("collect.json"),
    JSON.stringify([{ path: `${folder.path}/*.log`, topic }]),
  );
  await Deno.writeTextFile(
    folder.join("agent.yaml"),
    JSON.stringify({
      state: folder.join("state"),
      source: { file: folder.join("collect.json") },
      kafka: { brokers: [broker], compression: "none" },
      tail: { roots: [folder.path] },
      listen: "127.0.0.1:0",
    }),
  );
  const agent = startProgram(`${ROOT}dist/weir-agent`, ["--config", folder.join("agent.yaml")]);
  await waitFor(`${lines} records in ${topic}`, async () => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high }) => sum + Number(high), 0) >= lines;
  }, { timeoutMs: 300_000, everyMs: 100 });
  await agent.kill9();
  await admin.disconnect();
  return bytes / lines;
}

async function measure(
  name: string,
  target: Target,
  url: string,
  work: { broker: string; topic: string; lines: number },
): Promise<Figures | undefined> {
  const index = uniqueName("bench");
  const arrived = arrivedIn(target, url);
  const before = await arrived(index);
  await using folder = await tempDir("weir-bench-");
  const since = performance.now();
  const program = await TRANSFER_PROGRAMS[name]({ ...work, folder, url, index });
  if (program === undefined) return undefined;
  try {
    await waitFor(`${work.lines} documents by ${name}`, async () => {
      if (program.ended) throw new Error(`${name} ended${program.tail()}`);
      return await arrived(index) - before >= work.lines;
    }, { timeoutMs: 300_000, everyMs: 50, detail: () => program.tail() });
    const cpu = cpuOf(program.pid);
    return {
      documents_per_cpu_s: Math.round(work.lines / cpu),
      wall_s: round((performance.now() - since) / 1000),
      cpu_s: round(cpu),
      rss_mb: Math.round(peakRss(program.pid)),
      documents: await arrived(index) - before,
    };
  } finally {
    await program.kill9();
    if (target === "elasticsearch") await clean(url, index);
  }
}

async function clean(url: string, index: string): Promise<void> {
  for (
    const path of [`/${index}*?ignore_unavailable=true`, `/_index_template/weir-${index}-x-x`]
  ) {
    const response = await fetch(url + path, { method: "DELETE" });
    await response.body?.cancel();
  }
}

function median(all: Figures[]): Figures {
  return [...all].sort((a, b) => a.cpu_s - b.cpu_s)[Math.floor(all.length / 2)];
}

function option(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}

async function targetUrl(target: Target): Promise<{ url: string; sink?: Program }> {
  if (target === "elasticsearch") return { url: (await servers("elasticsearch")).elasticsearch };
  const sink = startProgram(Deno.execPath(), ["run", "-A", "-q", `${ROOT}test/bench/bulk_sink.ts`]);
  const [, port] = await sink.waitForLine(/listening on (\d+)/);
  return { url: `http://127.0.0.1:${port}`, sink };
}

async function main(): Promise<void> {
  const json = Deno.args.includes("--json"), runs = Number(option("--runs") ?? 3);
  const say = (text: string) => json ? console.error(text) : console.log(text);
  const { kafka: broker } = await servers("kafka");
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const results: Record<string, Record<string, Figures>> = {};
  for (const target of TARGETS.filter((one) => (option("--target") ?? one) === one)) {
    const lines = Number(option("--lines") ?? (target === "sink" ? 1_000_000 : 200_000));
    const topic = uniqueName("bench");
    const average = await fill(broker, kafka, topic, lines);
    say(`${target}: ${lines} lines, ${average.toFixed(0)} B a line, ${PARTITIONS} partitions`);
    const { url, sink } = await targetUrl(target);
    const all: Record<string, Figures[]> = {};
    for (let i = 0; i < runs; i++) {
      for (const name of Object.keys(TRANSFER_PROGRAMS)) {
        if ((option("--only") ?? name) !== name) continue;
        const figures = await measure(name, target, url, { broker, topic, lines });
        if (figures !== undefined) (all[name] ??= []).push(figures);
        else if (i === 0) say(`${name}: not there`);
      }
    }
    results[target] = Object.fromEntries(
      Object.entries(all).map(([name, figures]) => [name, median(figures)]),
    );
    await sink?.kill9();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
    print(target, results[target], say);
  }
  if (json) console.log(JSON.stringify(results));
  Deno.exit(0);
}

function print(
  target: string,
  programs: Record<string, Figures>,
  say: (text: string) => void,
): void {
  for (const [name, f] of Object.entries(programs)) {
    say(
      `${target.padEnd(14)} ${name.padEnd(12)} ${
        String(f.documents_per_cpu_s).padStart(8)
      } documents/CPU s  cpu ${f.cpu_s} s  wall ${f.wall_s} s  rss ${f.rss_mb} MB`,
    );
  }
  const peers = Object.entries(programs).filter(([name]) => !name.startsWith("weir"));
  if (peers.length === 0 || programs.weir === undefined) return;
  const best = peers.reduce((a, b) => a[1].cpu_s <= b[1].cpu_s ? a : b);
  say(`${target}: weir's CPU is ${round(programs.weir.cpu_s / best[1].cpu_s)} of ${best[0]}'s`);
}

await main();
