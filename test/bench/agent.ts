/**
 * `npm run bench:agent`: the same lines from files to one real Kafka, acks=all, by the executable of weir-agent and by
 * the peers that are on the PATH (shippers.ts), in turn. Once all lines are in one file, once line by line in 1,000
 * files. CPU seconds are those of the whole process, its start included, at the moment when the broker has every
 * record; our start alone is given beside them. The run with the median CPU counts.
 *
 *     --lines N (5000000)  --runs N (3)  --files 1|1000  --codec none|zstd  --only NAME,NAME  --seed N  --json
 */
import { Buffer } from "node:buffer";
import { Kafka, logLevel } from "kafkajs";
import type { Program } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { describe, type LinesMade, makeLines } from "./lines.ts";
import { BEST_PEER, type Codec, isThere, NAMES, startShipper, type Work } from "./shippers.ts";

const CODECS: readonly Codec[] = ["none", "zstd"];
const FILE_COUNTS = [1, 1000];
const PARTITIONS = 3;
const CLOCK_TICKS = 100;

interface Figures {
  lines_per_cpu_s: number;
  wall_s: number;
  cpu_s: number;
  rss_mb: number;
  /** CPU seconds of every run, lowest first. */
  cpu_s_runs: number[];
}

type Results = Record<string, Record<string, Figures>>;

/** Name of a column: "none" or "zstd" for one file, "zstd_1000_files" for many. */
function columnOf(codec: Codec, files: number): string {
  return files === 1 ? codec : `${codec}_${files}_files`;
}

/** One program over all the lines, until the broker has them. */
async function measure(
  name: string,
  work: Work,
  lines: number,
  kafka: Kafka,
): Promise<Figures> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic: work.topic, numPartitions: PARTITIONS }],
    waitForLeaders: true,
  });
  const since = performance.now();
  const program = await startShipper(name, work);
  try {
    await waitFor(`${lines} records by ${name}`, async () => {
      if (program.ended) throw new Error(`${name} ended: ${program.tail()}`);
      const offsets = await admin.fetchTopicOffsets(work.topic);
      return offsets.reduce((sum, { high }) => sum + Number(high), 0) >= lines;
    }, { timeoutMs: 900_000, everyMs: 50 });
    const wall = (performance.now() - since) / 1000;
    const cpu = cpuOf(program);
    return {
      lines_per_cpu_s: Math.round(lines / cpu),
      wall_s: round(wall),
      cpu_s: round(cpu),
      rss_mb: peakRssMb(program),
      cpu_s_runs: [round(cpu)],
    };
  } finally {
    await program.kill9();
    await admin.deleteTopics({ topics: [work.topic] });
    await admin.disconnect();
  }
}

/** User and system seconds of a process, all its threads. */
function cpuOf({ pid }: Program): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

function peakRssMb({ pid }: Program): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1000);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Our executable until it has nothing to do: what every run pays once. */
async function startCost(broker: string): Promise<{ cpu_s: number; rss_mb: number }> {
  await using folder = await tempDir("weir-bench-start-");
  const path = folder.join("empty.log");
  await Deno.writeTextFile(path, "");
  const work: Work = { folder, path, files: 1, broker, codec: "none", topic: "empty" };
  const program = await startShipper("weir", work);
  await program.waitForLine(/Configuration applied/);
  const cost = { cpu_s: round(cpuOf(program)), rss_mb: peakRssMb(program) };
  await program.kill9();
  return cost;
}

function median(all: readonly Figures[]): Figures {
  const sorted = [...all].sort((a, b) => a.cpu_s - b.cpu_s);
  return { ...sorted[sorted.length >> 1], cpu_s_runs: sorted.map((figures) => figures.cpu_s) };
}

/** Writes the lines into files `0.log`…, line by line in turn; the bytes are the same for the same seed. */
function writeFiles(folder: TempDir, files: number, lines: number, seed: number): LinesMade {
  const open = Array.from(
    { length: files },
    (_, i) => Deno.openSync(folder.join(`${i}.log`), { create: true, write: true }),
  );
  let next = 0;
  const made = makeLines({ lines, seed }, (piece) => {
    if (files === 1) return writeAll(open[0], piece);
    const parts = open.map((): Uint8Array[] => []);
    for (let start = 0; start < piece.length;) {
      const end = piece.indexOf(10, start) + 1;
      parts[next++ % files].push(piece.subarray(start, end));
      start = end;
    }
    parts.forEach((lines, i) => writeAll(open[i], Buffer.concat(lines)));
  });
  for (const file of open) file.close();
  return made;
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

interface Options {
  lines: number;
  runs: number;
  seed: number;
  fileCounts: number[];
  codecs: Codec[];
  names: string[];
  json: boolean;
}

function parseOptions(args: readonly string[]): Options {
  const value = (name: string) => args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const files = value("--files"), codec = value("--codec"), only = value("--only");
  return {
    lines: Number(value("--lines") ?? 5_000_000),
    runs: Number(value("--runs") ?? 3),
    seed: Number(value("--seed") ?? 1),
    fileCounts: files === undefined ? FILE_COUNTS : [Number(files)],
    codecs: codec === undefined ? [...CODECS] : [codec as Codec],
    names: only === undefined ? [...NAMES] : only.split(","),
    json: args.includes("--json"),
  };
}

async function main(): Promise<void> {
  const options = parseOptions(Deno.args);
  const say = (text: string) => options.json ? console.error(text) : console.log(text);
  const { kafka: broker } = await servers("kafka");
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const names = options.names.filter((name) => {
    if (!isThere(name)) {
      say(name === "weir" ? "weir: run `npm run build` first" : `${name}: not on the PATH`);
    }
    return isThere(name);
  });
  const results: Results = {};
  let data = "";
  for (const files of options.fileCounts) {
    await using source = await tempDir("weir-bench-lines-");
    data = describe(writeFiles(source, files, options.lines, options.seed));
    say(`${files} file${files === 1 ? "" : "s"}: ${data}`);
    for (const codec of options.codecs) {
      const all: Record<string, Figures[]> = {};
      for (let run = 0; run < options.runs; run++) {
        for (const name of names) {
          await using folder = await tempDir("weir-bench-");
          const topic = uniqueName("bench");
          const work = { folder, path: source.join("*.log"), files, broker, codec, topic };
          const figures = await measure(name, work, options.lines, kafka);
          (all[name] ??= []).push(figures);
          const { cpu_s, wall_s, rss_mb } = figures;
          const load = (await Deno.readTextFile("/proc/loadavg")).split(" ")[0];
          say(`  ${name} ${codec}: ${cpu_s} CPU s, ${wall_s} s, ${rss_mb} MB (load ${load})`);
        }
      }
      for (const [name, figures] of Object.entries(all)) {
        (results[name] ??= {})[columnOf(codec, files)] = median(figures);
      }
    }
  }
  const start = names.includes("weir") ? await startCost(broker) : undefined;
  const ratio = ratios(results);
  if (options.json) console.log(JSON.stringify({ ...results, ratio, start, data }));
  else print(results, ratio, start);
  Deno.exit(0); // the clients keep timers
}

/** Our CPU as a part of the best peer's; nothing can be said without that peer. */
function ratios(results: Results): Record<string, number | "not comparable"> {
  const ratio: Record<string, number | "not comparable"> = {};
  for (const [column, ours] of Object.entries(results.weir ?? {})) {
    const peers = Object.entries(results).filter(([name]) => name !== "weir");
    const cpus = peers.flatMap(([, columns]) => columns[column]?.cpu_s ?? []);
    ratio[column] = results[BEST_PEER]?.[column] === undefined
      ? "not comparable"
      : round(ours.cpu_s / Math.min(...cpus));
  }
  return ratio;
}

function print(
  results: Results,
  ratio: Record<string, number | "not comparable">,
  start: { cpu_s: number; rss_mb: number } | undefined,
): void {
  for (const [name, columns] of Object.entries(results)) {
    for (const [column, f] of Object.entries(columns)) {
      console.log(
        `${name.padEnd(10)} ${column.padEnd(15)} ${
          String(f.lines_per_cpu_s).padStart(9)
        } lines/CPU s` +
          `  cpu ${f.cpu_s} s (${f.cpu_s_runs.join(", ")})  wall ${f.wall_s} s  rss ${f.rss_mb} MB`,
      );
    }
  }
  if (start !== undefined) {
    console.log(`start of weir-agent: ${start.cpu_s} CPU s, in its figures; ${start.rss_mb} MB`);
  }
  for (const [column, part] of Object.entries(ratio)) {
    console.log(`${column}: our CPU by the best peer's: ${part}`);
  }
}

await main();
