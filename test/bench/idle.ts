/**
 * `npm run bench:idle`: what many files cost the executable of weir-agent. Two lines in each go to a real Kafka; then
 * nothing is written any more. Prints how many of the files were open at once at most, and the CPU time and memory of
 * the process, first until the broker has all lines, then while nothing happens.
 *
 *     --files N (10000)  --open N (tail.openMax, 1000)  --seconds N (60, of idling)
 */
import { Kafka, logLevel } from "kafkajs";
import { stringify } from "yaml";
import { type Program, startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const COMMAND = new URL("../../dist/weir-agent", import.meta.url).pathname;
const CLOCK_TICKS = 100;
/** The last sweep after the last line, the ledger and the checkpoint are over then. */
const CALM_MS = 15_000;

function option(name: string, initial: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? initial : Number(Deno.args[at + 1]);
}

/** User and system seconds of a process, all its threads. */
function cpuOf({ pid }: Program): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

function memoryMb({ pid }: Program, name: "VmHWM" | "VmRSS"): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1000);
}

/** Files in this folder that the process has open: a read on another thread has a second handle for its time. */
function openIn({ pid }: Program, folder: string): number {
  const found = new Set<string>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      const target = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
      if (target.startsWith(folder)) found.add(target);
    } catch {
      // closed meanwhile
    }
  }
  return found.size;
}

async function start(folder: TempDir, logs: string, broker: string, topic: string, open: number) {
  const collect = folder.join("collect.json");
  await Deno.writeTextFile(collect, JSON.stringify([{ path: `${logs}/*.log`, topic }]));
  const settings = {
    state: folder.join("state"),
    source: { file: collect },
    kafka: { brokers: [broker] },
    tail: { roots: [logs], filesMax: 100_000, openMax: open },
    listen: "127.0.0.1:0",
  };
  await Deno.writeTextFile(folder.join("agent.yaml"), stringify(settings));
  return startProgram(COMMAND, ["--config", folder.join("agent.yaml")]);
}

async function main(): Promise<void> {
  const files = option("files", 10_000), open = option("open", 1000);
  const seconds = option("seconds", 60);
  const { kafka: broker } = await servers("kafka");
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await using folder = await tempDir("weir-idle-");
  await using logs = await tempDir("weir-idle-logs-");
  for (let i = 0; i < files; i++) {
    Deno.writeTextFileSync(logs.join(`${i}.log`), `first line of ${i}\nsecond line of ${i}\n`);
  }
  const topic = uniqueName("idle"), since = performance.now();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
  await using program = await start(folder, logs.path, broker, topic, open);
  const load = async () => (await Deno.readTextFile("/proc/loadavg")).split(" ")[0];
  let openMax = 0;
  await waitFor("all lines", async () => {
    if (program.ended) throw new Error(program.tail());
    openMax = Math.max(openMax, openIn(program, logs.path));
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high }) => sum + Number(high), 0) >= 2 * files;
  }, { timeoutMs: 600_000, everyMs: 50 });
  const wall = (performance.now() - since) / 1000;
  console.log(
    `${files} files: ${wall.toFixed(1)} s, ${
      cpuOf(program).toFixed(1)
    } CPU s, at most ${openMax} ` +
      `open at once, peak RSS ${memoryMb(program, "VmHWM")} MB (load ${await load()})`,
  );
  await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const before = cpuOf(program), at = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const percent = (cpuOf(program) - before) / ((performance.now() - at) / 1000) * 100;
  console.log(
    `idle for ${seconds} s: ${percent.toFixed(2)} % of a core, ${
      openIn(program, logs.path)
    } open, ` +
      `RSS ${memoryMb(program, "VmRSS")} MB (load ${await load()})`,
  );
  await program.kill9();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  Deno.exit(0); // the client keeps timers
}

await main();
