/**
 * The clock of a running agent jumps by a day while lines come: a topic that takes such times goes on, another one
 * waits until the clock is right; nothing is lost or doubled, and each line is in the index of the day on which the
 * agent read it.
 */
import assert from "node:assert/strict";
import { Client } from "@elastic/elasticsearch";
import { Kafka, logLevel } from "kafkajs";
import { stringify } from "yaml";
import { dayOf } from "../../core/record/identity.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { numberedLine } from "../support/numbered.ts";
import { type Program, startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { type TempDir, tempDir, uniqueName } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DIST = Deno.env.get("WEIR_TEST_DIST") ?? `${ROOT}dist`;
const DAY_S = 86_400, EACH = 300, BATCHES = 5, ALL = EACH * BATCHES;

Deno.test({
  name:
    "weir-agent: its clock jumps a day ahead and a day back; each line once, in its day's index",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    await using site = await Site.open();
    const { strict, open } = site;
    await site.write(0);
    await site.arrived(strict, 1), await site.arrived(open, 1);
    site.clock.jump(DAY_S);
    await site.write(1);
    await site.arrived(open, 2);
    await site.agent.waitForLine(/KAFKA_CLOCK/, 60_000);
    assert.equal(await site.count(strict), EACH, "the broker refuses its time");
    site.clock.jump(0);
    await site.arrived(strict, 2);
    await site.write(0);
    await site.arrived(strict, 3), await site.arrived(open, 3);
    site.clock.jump(-DAY_S);
    await site.write(-1);
    await site.arrived(strict, 4), await site.arrived(open, 4);
    site.clock.jump(0);
    await site.write(0);
    for (const topic of [strict, open]) {
      await site.arrived(topic, BATCHES);
      await site.assertEach(topic);
    }
  },
});

class Site implements AsyncDisposable {
  readonly strict = uniqueName("clock-strict");
  readonly open = uniqueName("clock-open");
  readonly clock: FakeClock;
  readonly #folder: TempDir;
  readonly #elastic: Client;
  readonly #kafka: Kafka;
  readonly #programs: Program[] = [];
  /** The days that each batch may have: two where it is written at midnight. */
  readonly #days: string[][] = [];

  private constructor(
    at: { kafka: string; elasticsearch: string },
    folder: TempDir,
    clock: FakeClock,
  ) {
    this.#folder = folder;
    this.clock = clock;
    this.#elastic = new Client({ node: at.elasticsearch, requestTimeout: 60_000 });
    this.#kafka = new Kafka({ brokers: [at.kafka], logLevel: logLevel.NOTHING });
  }

  static async open(): Promise<Site> {
    const { kafka, elasticsearch } = await servers("kafka", "elasticsearch");
    const site = new Site({ kafka, elasticsearch }, await tempDir(), await FakeClock.make());
    await site.#start(kafka, elasticsearch);
    return site;
  }

  get agent(): Program {
    return this.#programs[0];
  }

  async #start(kafka: string, elasticsearch: string): Promise<void> {
    await this.#withAdmin((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [
          { topic: this.strict, numPartitions: 2 },
          {
            topic: this.open,
            numPartitions: 2,
            configEntries: [{ name: "message.timestamp.after.max.ms", value: "9000000000" }],
          },
        ],
      })
    );
    const { path } = this.#folder, names = [this.strict, this.open];
    await Deno.mkdir(`${path}/logs`);
    const entries = names.map((topic) => ({ path: `${path}/logs/${topic}.log`, topic }));
    await Deno.writeTextFile(`${path}/collect.json`, JSON.stringify(entries));
    const listen = "127.0.0.1:0", side = { ledger: { enabled: false } };
    await this.#run("weir-agent", {
      ...side,
      state: `${path}/state`,
      source: { file: `${path}/collect.json` },
      kafka: { brokers: [kafka] },
      tail: { roots: [`${path}/logs`] },
      listen,
    }, this.clock.env);
    await this.#run("weir-transfer", {
      ...side,
      kafka: { brokers: [kafka] },
      consumer: { groupId: this.strict, topics: names, sessionTimeout: "6s", heartbeat: "500ms" },
      elasticsearch: { nodes: [elasticsearch] },
      index: { replicas: 0 },
      listen,
    });
  }

  async #run(name: string, settings: unknown, env: Record<string, string> = {}): Promise<void> {
    const config = this.#folder.join(`${name}.yaml`);
    await Deno.writeTextFile(config, stringify(settings));
    this.#programs.push(startProgram(`${DIST}/${name}`, ["--config", config], { env }));
  }

  /** One batch more into each file, which the agent reads `days` from today. */
  async write(days: number): Promise<void> {
    const from = this.#days.length * EACH, day = () => dayOf(Date.now() + days * DAY_S * 1000);
    const dayBefore = day();
    for (const topic of [this.strict, this.open]) {
      let text = "";
      for (let n = from + 1; n <= from + EACH; n++) text += `${numberedLine("f", n, ALL)}\n`;
      await Deno.writeTextFile(this.#folder.join(`logs/${topic}.log`), text, { append: true });
    }
    this.#days.push([dayBefore, dayOf(Date.now() + (days * DAY_S + 60) * 1000)]);
  }

  async count(topic: string): Promise<number> {
    const index = `weir-${topic}-*`;
    await this.#elastic.indices.refresh({ index, allow_no_indices: true });
    return (await this.#elastic.count({ index, allow_no_indices: true })).count;
  }

  async arrived(topic: string, batches: number): Promise<void> {
    await waitFor(`${batches} batches of ${topic}`, async () => {
      return await this.count(topic) >= batches * EACH;
    }, {
      timeoutMs: 180_000,
      everyMs: 100,
      detail: () => this.#programs.map((p) => p.tail()).join(),
    });
  }

  /** Each line is there once, in the index of its batch's day. */
  async assertEach(topic: string): Promise<void> {
    const { hits: { hits } } = await this.#elastic.search<{ message: string }>({
      index: `weir-${topic}-*`,
      size: ALL * 2,
      sort: ["log.offset"],
      _source: ["message"],
    });
    assert.deepEqual(
      hits.map(({ _source }) => _source!.message),
      Array.from({ length: ALL }, (_, i) => numberedLine("f", i + 1, ALL)),
    );
    hits.forEach(({ _index }, i) => {
      const days = this.#days[Math.floor(i / EACH)].map((day) => day.replaceAll("-", "."));
      assert(days.some((day) => _index.endsWith(day)), `line ${i + 1} in ${_index}, not ${days}`);
    });
  }

  async #withAdmin<T>(use: (admin: ReturnType<Kafka["admin"]>) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill9()));
    const topics = [this.strict, this.open];
    await this.#withAdmin((admin) => admin.deleteTopics({ topics }));
    for (const topic of topics) {
      const found = await this.#elastic.indices.get({ index: `weir-${topic}-*` });
      for (const index of Object.keys(found)) await this.#elastic.indices.delete({ index });
    }
    await this.#elastic.close();
    await this.clock[Symbol.asyncDispose]();
    await this.#folder.remove();
  }
}
