/**
 * `npm run bench:agent`: lines from a file to a real Kafka, acks=all, by the executable of weir-agent and by the peers
 * that are on the PATH, in turn. CPU seconds are read from /proc for the whole process at the moment
 * when the broker has every record, its start included; the start alone is given beside it. `--json` prints one object, `--lines N` (default
 * 1,000,000), `--runs N` (default 3; the median counts).
 */
import { Kafka, logLevel } from "kafkajs";
import { stringify } from "yaml";
import { findCommand, type Program, startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { describe, makeLines } from "./lines.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CODECS = ["none", "zstd"] as const;
type Codec = typeof CODECS[number];

interface Figures {
  lines_per_cpu_s: number;
  wall_s: number;
  cpu_s: number;
  rss_mb: number;
  start_cpu_s: number;
}

interface Work {
  folder: TempDir;
  file: string;
  broker: string;
  codec: Codec;
  topic: string;
}

/** Programs by name; each returns the started program, or undefined where it is not there. */
const PROGRAMS: Record<string, (work: Work) => Promise<Program | undefined>> = {
  weir: async ({ folder, file, broker, codec, topic }) => {
    const name = `${topic}-${codec}`;
    await Deno.writeTextFile(folder.join(`${name}.json`), JSON.stringify([{ path: file, topic }]));
    await Deno.writeTextFile(
      folder.join(`${name}.yaml`),
      stringify({
        state: folder.join(name),
        source: { file: folder.join(`${name}.json`) },
        kafka: { brokers: [broker], compression: codec },
        tail: { roots: [folder.path] },
        listen: "127.0.0.1:0",
      }),
    );
    return startProgram(`${ROOT}dist/weir-agent`, ["--config", folder.join(`${name}.yaml`)]);
  },
  rsyslog: async ({ folder, file, broker, codec, topic }) => {
    if (findCommand("rsyslogd") === undefined) return undefined;
    const work = folder.join(`rsyslog-${topic}`);
    await Deno.mkdir(work);
    await Deno.writeTextFile(
      `${work}/rsyslog.conf`,
      [
        `global(workDirectory="${work}")`,
        'module(load="imfile")',
        'module(load="omkafka")',
        'template(name="line" type="string" string="%msg%")',
        `input(type="imfile" file="${file}" tag="bench")`,
        `action(type="omkafka" broker=["${broker}"] topic="${topic}" template="line" ` +
        `confParam=["compression.codec=${codec}", "acks=-1", "queue.buffering.max.ms=20"] ` +
        'resubmitOnFailure="on" keepFailedMessages="on" failedMsgFile="failed" action.resumeRetryCount="-1")',
      ].join("\n"),
    );
    return startProgram("rsyslogd", ["-n", "-f", `${work}/rsyslog.conf`, "-i", `${work}/pid`]);
  },
};

async function measure(
  name: string,
  work: Work,
  lines: number,
  kafka: Kafka,
): Promise<Figures | undefined> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic: work.topic, numPartitions: 3 }],
    waitForLeaders: true,
  });
  const since = performance.now();
  const program = await PROGRAMS[name](work);
  if (program === undefined) return undefined;
  let startCpu = 0;
  try {
    await waitFor(`${lines} records by ${name}`, async () => {
      if (startCpu === 0 && performance.now() - since > 50) startCpu = cpuOf(program.pid);
      const offsets = await admin.fetchTopicOffsets(work.topic);
      return offsets.reduce((sum, { high }) => sum + Number(high), 0) >= lines;
    }, { timeoutMs: 600_000, everyMs: 50 });
    const cpu = cpuOf(program.pid);
    return {
      lines_per_cpu_s: Math.round(lines / cpu),
      wall_s: round((performance.now() - since) / 1000),
      cpu_s: round(cpu),
      rss_mb: Math.round(peakRss(program.pid)),
      start_cpu_s: 0,
    };
  } finally {
    await program.kill9();
    await admin.deleteTopics({ topics: [work.topic] });
    await admin.disconnect();
  }
}

/** User and system seconds of a process, all its threads. */
function cpuOf(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function peakRss(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1000;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** CPU of the executable until it has nothing to do: what every run pays once. */
async function startCost(folder: TempDir, broker: string): Promise<number> {
  const file = folder.join("empty");
  await Deno.writeTextFile(file, "");
  const program = (await PROGRAMS.weir({ folder, file, broker, codec: "none", topic: "empty" }))!;
  await program.waitForLine(/Configuration applied/);
  const cpu = cpuOf(program.pid);
  await program.kill9();
  return round(cpu);
}

function median(all: Figures[]): Figures {
  return [...all].sort((a, b) => a.cpu_s - b.cpu_s)[Math.floor(all.length / 2)];
}

async function main(): Promise<void> {
  const option = (name: string, initial: number) =>
    Number(Deno.args[Deno.args.indexOf(name) + 1] || initial);
  const lines = Deno.args.includes("--lines") ? option("--lines", 0) : 1_000_000;
  const runs = Deno.args.includes("--runs") ? option("--runs", 0) : 3;
  const json = Deno.args.includes("--json");
  const say = (text: string) => json ? console.error(text) : console.log(text);
  const { kafka: broker } = await servers("kafka");
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  await using folder = await tempDir("weir-bench-");
  const file = folder.join("lines.log");
  using out = await Deno.open(file, { create: true, write: true });
  say(describe(makeLines({ lines, seed: 1 }, (piece) => void out.writeSync(piece))));
  const results: Record<string, Partial<Record<Codec, Figures>>> = {};
  for (const codec of CODECS) {
    const all: Record<string, Figures[]> = {};
    for (let i = 0; i < runs; i++) {
      for (const name of Object.keys(PROGRAMS)) {
        const work = { folder, file, broker, codec, topic: uniqueName("bench") };
        const figures = await measure(name, work, lines, kafka);
        if (figures !== undefined) (all[name] ??= []).push(figures);
        else if (i === 0) say(`${name}: not on the PATH`);
      }
    }
    for (const [name, figures] of Object.entries(all)) {
      (results[name] ??= {})[codec] = median(figures);
    }
  }
  const start = await startCost(folder, broker);
  for (const figures of Object.values(results.weir)) figures.start_cpu_s = start;
  if (json) console.log(JSON.stringify(results));
  else print(results, start);
  Deno.exit(0);
}

function print(results: Record<string, Partial<Record<Codec, Figures>>>, start: number): void {
  for (const [name, byCodec] of Object.entries(results)) {
    for (const [codec, f] of Object.entries(byCodec)) {
      console.log(
        `${name.padEnd(10)} ${codec.padEnd(5)} ${
          String(f.lines_per_cpu_s).padStart(9)
        } lines/CPU s  cpu ${f.cpu_s} s  wall ${f.wall_s} s  rss ${f.rss_mb} MB`,
      );
    }
  }
  console.log(`start of weir-agent: ${start} CPU s, in the figures above`);
  for (const codec of CODECS) {
    const ours = results.weir?.[codec], theirs = results.rsyslog?.[codec];
    if (ours && theirs) {
      console.log(`${codec}: weir's CPU is ${round(ours.cpu_s / theirs.cpu_s)} of rsyslog's`);
    }
  }
  console.log(
    "fluent-bit, vector and telegraf are not measured by this version",
  );
}

await main();
