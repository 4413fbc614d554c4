/**
 * `npm run bench:ledger`: what the ledger costs. The same lines go through the executables of weir-agent and
 * weir-transfer into a bulk endpoint that only answers, with the ledger and without, in turn. A rule drops every second
 * line, so that each dropped line is a range of its own: the most that the ledger can have to do. CPU seconds of both
 * programs, start included. `--lines N` (default 1,000,000), `--runs N` (default 5; medians count), `--no-drops`: without
 * such a rule.
 */
import { Kafka, logLevel } from "kafkajs";
import { loadSettings } from "../../core/config/load.ts";
import { createKafka } from "../../core/kafka/client.ts";
import { LedgerLog } from "../../core/ledger/ledger_log.ts";
import { transferSettings } from "../../transfer/config.ts";
import { DropLedger } from "../../transfer/ledger/drop_ledger.ts";
import { type Program, startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FILES = 12, PARTITIONS = 6;
/** `--no-drops`: the usual case, in which a transfer writes nothing into the ledger. */
const DROPS = !Deno.args.includes("--no-drops");
const WAIT = { timeoutMs: 120_000, everyMs: 50 };

interface Cost {
  agent: number;
  transfer: number;
}

/** User and system seconds of a process, all its threads. */
function cpuOf(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function option(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? otherwise : Number(Deno.args[at + 1]);
}

async function writeLogs(folder: TempDir, lines: number): Promise<void> {
  await Deno.mkdir(folder.join("logs"));
  for (let file = 0; file < FILES; file++) {
    let text = "";
    for (let i = file; i < lines; i += FILES) {
      const level = Math.floor(i / FILES) % 2 === 0 ? "INFO" : "DEBUG";
      const id = (i * 2654435761 >>> 0).toString(16);
      text += `2026-11-21T10:00:00.000Z ${level} [worker-${i % 8}] request id=${id} ` +
        `path=/api/v1/orders/${i} status=200 took ${i % 400} ms for customer ${id}\n`;
    }
    await Deno.writeTextFile(folder.join(`logs/${file}.log`), text);
  }
}

class Bench {
  readonly #folder: TempDir;
  readonly #broker: string;
  readonly #kafka: Kafka;
  readonly #sink: string;
  readonly #lines: number;

  constructor(folder: TempDir, broker: string, sink: string, lines: number) {
    this.#folder = folder;
    this.#broker = broker;
    this.#sink = sink;
    this.#lines = lines;
    this.#kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  }

  async #start(name: string, settings: unknown): Promise<Program> {
    const file = this.#folder.join(`${uniqueName(name)}.json`);
    await Deno.writeTextFile(file, JSON.stringify(settings));
    return startProgram(`${ROOT}dist/${name}`, ["--config", file]);
  }

  async run(enabled: boolean): Promise<Cost> {
    const topic = uniqueName("bench"), ledger = { enabled, topic: `${topic}-ledger` };
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      await admin.createTopics({
        topics: [{ topic, numPartitions: PARTITIONS }],
        waitForLeaders: true,
      });
      const agent = await this.#agent(topic, ledger, async () => {
        const offsets = await admin.fetchTopicOffsets(topic);
        return offsets.reduce((sum, { high }) => sum + Number(high), 0) >= this.#lines;
      });
      const transfer = await this.#transfer(topic, ledger, async () => {
        const [found] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
        const done = found.partitions.reduce(
          (sum, { offset }) => sum + Math.max(0, Number(offset)),
          0,
        );
        return done >= this.#lines;
      });
      return { agent, transfer };
    } finally {
      const topics = (await admin.listTopics()).filter((name) => name.startsWith(topic));
      await admin.deleteTopics({ topics });
      await admin.disconnect();
    }
  }

  async #agent(topic: string, ledger: object, done: () => Promise<boolean>): Promise<number> {
    const collect = this.#folder.join(`${topic}.json`), logs = this.#folder.join("logs");
    await Deno.writeTextFile(collect, JSON.stringify([{ path: `${logs}/*.log`, topic }]));
    return await this.#cost(
      await this.#start("weir-agent", {
        state: this.#folder.join(`${topic}-state`),
        source: { file: collect },
        kafka: { brokers: [this.#broker], compression: "none" },
        tail: { roots: [logs] },
        ledger: { ...ledger, interval: "1s" },
        listen: "127.0.0.1:0",
      }),
      done,
    );
  }

  async #transfer(topic: string, ledger: object, done: () => Promise<boolean>): Promise<number> {
    const rules = this.#folder.join("rules.json");
    const drop = DROPS ? [{ name: "noise", contains: " DEBUG " }] : [];
    await Deno.writeTextFile(rules, JSON.stringify([{ topic: "*", drop }]));
    return await this.#cost(
      await this.#start("weir-transfer", {
        kafka: { brokers: [this.#broker] },
        consumer: { groupId: topic, topics: [topic], commitInterval: "1s" },
        elasticsearch: { nodes: [this.#sink] },
        index: { name: `${topic}-{topic}-{day}`, replicas: 0 },
        dead: { topic: `${topic}-dead` },
        topics: { file: rules },
        ledger,
        listen: "127.0.0.1:0",
      }),
      done,
    );
  }

  async #cost(program: Program, done: () => Promise<boolean>): Promise<number> {
    try {
      await waitFor("all lines", () => {
        if (program.ended) throw new Error(`it ended${program.tail()}`);
        return done();
      }, { ...WAIT, detail: () => program.tail() });
      return cpuOf(program.pid);
    } finally {
      await program.kill9();
    }
  }
}

/**
 * CPU seconds that ranges cost the transfer's part of the ledger alone, into a real Kafka, in this process: what the
 * difference of whole runs cannot show on a machine that does other things too. The last of several rounds, warm.
 */
async function alone(broker: string, ranges: number): Promise<number> {
  const topic = uniqueName("bench-ledger");
  const settings = loadSettings(
    transferSettings,
    JSON.stringify({ kafka: { brokers: [broker] } }),
    { name: "bench" },
  );
  const kafka = createKafka(settings.kafka, "bench");
  let lost = 0;
  const ledger = new DropLedger({
    log: new LedgerLog(kafka, topic),
    wallMs: () => Date.now(),
    onLost: (count) => lost += count,
  });
  const record = { generation: "", topic: "t", offset: 0, length: 150 };
  let cost = 0;
  for (let round = 0; round < 5; round++) {
    const before = cpuOf(Deno.pid);
    for (let commit = 0; commit < 10; commit++) {
      for (let i = 0; i < ranges / 10; i++) {
        record.generation = `gggggggggggggg${10 + Math.floor(i / 500) % FILES}`;
        record.offset += 300;
        ledger.add(record as never, "noise");
      }
      await ledger.flush();
    }
    cost = cpuOf(Deno.pid) - before;
  }
  if (lost + ledger.waiting > 0) throw new Error("the ledger was not written");
  await ledger.close();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  return cost;
}

const median = (all: number[]) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const round = (value: number) => Math.round(value * 100) / 100;

async function main(): Promise<void> {
  const lines = option("--lines", 1_000_000), runs = option("--runs", 5);
  const { kafka: broker } = await servers("kafka");
  await using folder = await tempDir("weir-bench-");
  await writeLogs(folder, lines);
  const sink = startProgram(Deno.execPath(), ["run", "-A", "-q", `${ROOT}test/bench/bulk_sink.ts`]);
  try {
    const [, port] = await sink.waitForLine(/listening on (\d+)/);
    const bench = new Bench(folder, broker, `http://127.0.0.1:${port}`, lines);
    const on: Cost[] = [], off: Cost[] = [];
    for (let i = 0; i < runs; i++) {
      for (const enabled of i % 2 === 0 ? [true, false] : [false, true]) {
        const cost = await bench.run(enabled);
        (enabled ? on : off).push(cost);
        console.error(`ledger ${enabled ? "on " : "off"}  ${JSON.stringify(cost)}`);
      }
    }
    const of = (all: Cost[], part: (cost: Cost) => number) => round(median(all.map(part)));
    const sums = (all: Cost[]) => ({
      agent: of(all, ({ agent }) => agent),
      transfer: of(all, ({ transfer }) => transfer),
      both: of(all, ({ agent, transfer }) => agent + transfer),
    });
    const with_ = sums(on), without = sums(off);
    const aloneS = round(await alone(broker, lines / 2));
    const alonePercent = round(aloneS / without.both * 100);
    const share = round((with_.both - without.both) / with_.both * 100);
    console.log(
      JSON.stringify({
        lines,
        runs,
        with: with_,
        without,
        share_percent: share,
        aloneS,
        alonePercent,
      }),
    );
  } finally {
    await sink.kill9();
  }
}

if (import.meta.main) await main();
