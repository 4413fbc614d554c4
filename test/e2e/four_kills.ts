/**
 * `npm run test:kill`: kill -9 of agent, Kafka, transfer and Elasticsearch in turn, in a loop, while 20
 * rotating files get 200,000 numbered lines; at the end each line is in Elasticsearch exactly once,
 * or it ends with 1 and says which are not. With servers of its own. `--lines N`, `--rounds N` (of
 * four kills, default 3), `--seed N`. Needs the executables: npm run build. `npm test` runs a sample.
 */
import { Client } from "@elastic/elasticsearch";
import { stringify } from "yaml";
import { indexedMessages } from "./indexed.ts";
import { countNumbered, numberedLine } from "../support/numbered.ts";
import { type Program, startProgram } from "../support/process.ts";
import { Random } from "../support/random.ts";
import { startElasticsearch, startKafka } from "../support/servers.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DIST = Deno.env.get("WEIR_TEST_DIST") ?? `${ROOT}dist`;
const FILES = 20;
const ROTATIONS = 3;
const TOPIC = "kill";

export interface Options {
  lines: number;
  rounds: number;
  seed: number;
}

/** The two programs, started anew after each kill with the same settings. */
class Programs {
  readonly #folder: TempDir;
  readonly #running = new Map<string, Program>();

  constructor(folder: TempDir) {
    this.#folder = folder;
  }

  async settings(kafka: string, elasticsearch: string): Promise<void> {
    const { path } = this.#folder;
    await Deno.writeTextFile(
      `${path}/collect.json`,
      JSON.stringify([{ path: `${path}/logs/*.log*`, topic: TOPIC }]),
    );
    await Deno.writeTextFile(
      `${path}/weir-agent.yaml`,
      stringify({
        state: `${path}/state`,
        source: { file: `${path}/collect.json` },
        kafka: { brokers: [kafka], newTopicPartitions: 4 },
        tail: { roots: [`${path}/logs`] },
        listen: "127.0.0.1:0",
      }),
    );
    await Deno.writeTextFile(
      `${path}/weir-transfer.yaml`,
      stringify({
        kafka: { brokers: [kafka] },
        consumer: {
          topics: [TOPIC],
          sessionTimeout: "6s",
          heartbeat: "500ms",
          topicsRefresh: "1s",
        },
        elasticsearch: { nodes: [elasticsearch], requestTimeout: "10s" },
        bulk: { retryMax: "2s" },
        index: { replicas: 0 },
        listen: "127.0.0.1:0",
      }),
    );
  }

  start(name: string): void {
    const config = this.#folder.join(`${name}.yaml`);
    this.#running.set(name, startProgram(`${DIST}/${name}`, ["--config", config]));
  }

  async kill(name: string): Promise<void> {
    await this.#running.get(name)?.kill9();
  }
}

/** Writes all lines, never more than `allowed` says by then; resolves when they are there. */
async function writeLines(
  folder: string,
  options: Options,
  allowed: () => number,
): Promise<void> {
  const each = options.lines / FILES, random = new Random(options.seed);
  const written = new Array<number>(FILES).fill(0), turned = new Array<number>(FILES).fill(0);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  for (let left = options.lines; left > 0;) {
    while (options.lines - left >= allowed()) await pause();
    const file = random.below(FILES), from = written[file];
    const to = Math.min(each, from + 1 + random.below(200));
    if (to === from) continue;
    const name = `f${file}`, path = `${folder}/${name}.log`;
    let text = "";
    for (let n = from + 1; n <= to; n++) text += `${numberedLine(name, n, each)}\n`;
    await Deno.writeTextFile(path, text, { append: true });
    written[file] = to;
    left -= to - from;
    if (to > (turned[file] + 1) * each / (ROTATIONS + 1) && turned[file] < ROTATIONS) {
      await Deno.rename(path, `${path}.${++turned[file]}`);
    }
    if (random.below(4) === 0) await pause();
  }
}

async function documents(elastic: Client): Promise<number> {
  try {
    const index = `weir-${TOPIC}-*`;
    await elastic.indices.refresh({ index, allow_no_indices: true });
    return (await elastic.count({ index, allow_no_indices: true })).count;
  } catch {
    return -1; // down, or just up
  }
}

/** Number of lines that are lost, doubled or damaged. */
function faults(texts: readonly string[], lines: number): number {
  let sum = 0;
  for (let file = 0; file < FILES; file++) {
    const name = `f${file}`;
    const own = texts.filter((text) => text.startsWith(`${name} `));
    const { lost, doubled, damaged, firstLost } = countNumbered(own, name, lines / FILES);
    sum += lost + doubled + damaged;
    if (lost + doubled + damaged > 0) {
      console.log(`${name}: ${lost} lost (${firstLost}), ${doubled} doubled, ${damaged} damaged`);
    }
  }
  return sum;
}

/** Kills and writes as the options say; returns the number of faults. */
export async function runKills(options: Options): Promise<number> {
  const { lines, rounds, seed } = options;
  console.log(`${lines} lines, ${rounds} rounds of four kills, seed ${seed}`);
  await using folder = await tempDir("weir-kill-");
  await Deno.mkdir(folder.join("logs"));
  await using kafka = await startKafka();
  await using elasticsearch = await startElasticsearch();
  const elastic = new Client({ node: elasticsearch.address, maxRetries: 0 });
  const programs = new Programs(folder), random = new Random(seed + 1);
  await programs.settings(kafka.address, elasticsearch.address);
  const victims: [string, () => Promise<void>][] = [
    ["weir-agent", async () => {
      await programs.kill("weir-agent");
      programs.start("weir-agent");
    }],
    ["Kafka", async () => {
      await kafka.kill9();
      await kafka.start();
    }],
    ["weir-transfer", async () => {
      await programs.kill("weir-transfer");
      programs.start("weir-transfer");
    }],
    ["Elasticsearch", async () => {
      await elasticsearch.kill9();
      await elasticsearch.start();
    }],
  ];
  try {
    for (const name of ["weir-agent", "weir-transfer"]) programs.start(name);
    // Each kill comes in a part of the lines of its own, so that there is always something on its way.
    const kills = rounds * victims.length, step = lines / (kills + 1);
    let kill = 0;
    const writing = writeLines(folder.join("logs"), options, () => step * (kill + 1));
    for (; kill < kills; kill++) {
      const [name, act] = victims[kill % victims.length];
      const wanted = Math.floor(step * (kill + random.below(100) / 100));
      const there = await waitFor(`${wanted} documents`, async () => {
        const count = await documents(elastic);
        return count >= wanted ? count + 1 : undefined;
      }, { timeoutMs: 180_000, everyMs: 100 });
      await act();
      console.log(`kill -9 of ${name} at ${there - 1} documents`);
    }
    await writing;
    await waitFor(`${lines} documents`, async () => await documents(elastic) >= lines, {
      timeoutMs: 300_000,
      everyMs: 500,
    });
    const sum = faults(await indexedMessages(elastic, `weir-${TOPIC}-*`), lines);
    console.log(`${await documents(elastic)} documents of ${lines} lines, ${sum} faults`);
    return sum + Math.abs(await documents(elastic) - lines);
  } finally {
    for (const name of ["weir-agent", "weir-transfer"]) await programs.kill(name);
    await elastic.close();
  }
}

if (import.meta.main) {
  const option = (name: string, initial: number) => {
    const at = Deno.args.indexOf(name);
    return at < 0 ? initial : Number(Deno.args[at + 1]);
  };
  const found = await runKills({
    lines: option("--lines", 200_000),
    rounds: option("--rounds", 3),
    seed: option("--seed", Date.now() % 1_000_000),
  });
  Deno.exit(found === 0 ? 0 : 1);
}
