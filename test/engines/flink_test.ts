/**
 * Flink's jobs on the topics of Weir, over real servers: the documents are those of weir-transfer, each line is there
 * once over kill -9 of a TaskManager and over a savepoint, and repeats are dropped.
 */
import assert from "node:assert/strict";
import { CompressionTypes } from "kafkajs";
import { Flink } from "../support/real/flink.ts";
import { numberedLines } from "../support/numbered.ts";
import { startProgram } from "../support/process.ts";
import { freePort, tempDir } from "../support/temp.ts";
import { kafkaBroker } from "../transfer/servers.ts";
import { elastic, type Line, Site, until } from "../transfer/site.ts";
import { forgetGroups, hasReadAll, idsOf, jobScript, readCommitted } from "./flink_jobs.ts";

const lenient = { sanitizeOps: false, sanitizeResources: false }; // the clients keep sockets for a while
const flink = await Flink.start();

/** One of each kind of record. */
function kinds(topic: string): Line[] {
  const bytes = (...values: number[]) => new Uint8Array(values);
  const ours = (
    n: number,
    value: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Line => {
    return { topic, value, generation: "kinds-of-records", offset: n * 1000, headers };
  };
  return [
    ours(0, "plain words"),
    ours(1, ""),
    ours(2, "日志 größer 🚚"),
    ours(3, bytes(97, 0xff, 0xe6, 0x97, 98, 0xf0, 0x9f, 0x9a, 99)),
    ours(4, 'quotes " and \\ and \t tabs and \u0001'),
    ours(5, "of yesterday", { "weir.day": "2026-11-20" }),
    ours(6, "of no day", { "weir.day": "2026-02-30" }),
    ours(7, "with fields", { "team": "shop", "größe": "naïve" }),
    ours(8, "an ERROR near its beginning"),
    ours(9, "offset with zeros", { "log.offset": "0009000" }),
    ours(10, "no number", { "log.offset": "0x10" }),
    ours(11, "another format", { "weir.v": "2" }),
    ours(12, "no host", { "host.name": "" }),
    {
      topic,
      value: "of another producer",
      headers: { "host.name": "web-2", "weir.day": "2026-11-20" },
    },
    { topic, value: "größer", timestampMs: Date.now() - 86_400_007 },
    { topic, value: "a key that is no generation", generation: "short" },
    { topic, value: null, generation: "kinds-of-records", offset: 99_000 },
  ];
}

Deno.test({
  name: "Flink: documents, ids and indices are those of weir-transfer",
  ...lenient,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("kinds");
      const lines = kinds(topic), count = lines.length - 1; // the last is no line
      await site.send(lines, 1000, CompressionTypes.ZSTD);
      await site.transfer({
        consumer: { topicPatterns: [topic] },
        index: { name: `${site.prefix}-ours-{topic}-{day}` },
      });
      const prefix = `${site.prefix}-flink`;
      const [job] = await flink.submit(await jobScript("transfer", { prefix, topics: [topic] }));
      const documents = async (who: string) => {
        const found = await site.documents(`${site.prefix}-${who}-*`);
        return found.map(({ _id, _index, _source: { "event.ingested": ingested, ...rest } }) => {
          assert.ok(Date.parse(ingested) > Date.now() - 600_000, ingested);
          return { _id, index: _index.replace(`-${who}-`, "-"), ...rest };
        }).sort((a, b) => a._id < b._id ? -1 : 1);
      };
      for (const who of ["ours", "flink"]) {
        await until(
          `the documents of ${who}`,
          async () => (await documents(who)).length >= count,
          120_000,
        );
      }
      assert.deepEqual(await documents("flink"), await documents("ours"));
      await flink.cancel(job);
    } finally {
      await site.close();
    }
  },
});

const ROOT = new URL("../../", import.meta.url).pathname;
const TOTAL = 5000;

Deno.test({
  name: "Flink: lines of a real weir-agent, beside a transfer on the same index, each once",
  ...lenient,
  async fn() {
    const site = await Site.open();
    await using folder = await tempDir();
    try {
      const topic = await site.topic("agent", 3), prefix = site.prefix;
      const files = ["a", "b", "c", "d"].map((name) => folder.join(`${name}.log`));
      const settings = {
        state: folder.join("state"),
        source: { file: folder.join("collect.json") },
        kafka: { brokers: [await kafkaBroker()] },
        tail: { roots: [folder.path] },
        listen: "127.0.0.1:0",
      };
      await Deno.writeTextFile(folder.join("agent.yaml"), JSON.stringify(settings));
      const entries = files.map((path) => ({ path, topic }));
      await Deno.writeTextFile(folder.join("collect.json"), JSON.stringify(entries));
      const write = async (from: number, to: number) => {
        for (const file of files) {
          const lines = [...numberedLines(file, TOTAL, from, to)].join("\n");
          await Deno.writeTextFile(file, `${lines}\n`, { append: true });
        }
      };
      await write(1, 2000);
      await using _agent = startProgram(Deno.execPath(), [
        ...["run", "-A", "--quiet", "--no-check", `${ROOT}agent/main.ts`],
        ...["--config", folder.join("agent.yaml")],
      ]);
      await site.transfer({ consumer: { topicPatterns: [topic] } });
      const indices = `${prefix}-${topic}-*`, count = () => site.count(indices);
      await until(
        "the first lines",
        async () => await count() === 2000 * files.length,
        120_000,
        200,
      );
      const [job] = await flink.submit(await jobScript("transfer", { prefix, topics: [topic] }));
      await write(2001, TOTAL);
      await until("all lines", async () => await count() >= TOTAL * files.length, 120_000, 200);
      await until("the end", () => hasReadAll(site, "transfer", topic), 120_000, 200);
      const ids = await idsOf(site, indices);
      assert.equal(ids.length, TOTAL * files.length);
      assert.equal(new Set(ids).size, ids.length);
      // Each line was written by one of the two, and found by the other.
      const sum = async (name: string) => await flink.metric(job, name);
      await until(
        "the counters",
        async () => {
          const written = await sum("documentsWritten"), existing = await sum("documentsExisting");
          return written + existing === ids.length && existing >= 2000 * files.length;
        },
        120_000,
        200,
      );
      await flink.cancel(job);
      await forgetGroups(site, ["transfer"]);
    } finally {
      await site.close();
    }
  },
});

Deno.test({
  name: "Flink: the first line of each new error pattern",
  ...lenient,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("patterns"), prefix = site.prefix;
      await site.topic("new-patterns");
      const line = (n: number, value: string): Line => {
        return { topic, value, generation: "patterns-0000001", offset: n * 1000 };
      };
      const lines = Array.from({ length: 100 }, (_, n) => [
        line(n * 4, `${n} ERROR order ${n * 7} of "customer ${n}" failed after ${n} ms`),
        line(n * 4 + 1, `${n} ERROR session ${crypto.randomUUID()} is gone`),
        line(n * 4 + 2, `${n} INFO order ${n} done`),
        line(n * 4 + 3, `{"level":"error","id":${n},"msg":"queue full"}`),
      ]).flat();
      await site.send([...lines, ...lines]);
      const [job] = await flink.submit(
        await jobScript("new_patterns", { prefix, topics: [topic] }),
      );
      await until("the end", () => hasReadAll(site, "new_patterns", topic), 120_000, 200);
      await flink.stopWithSavepoint(job);
      const found = (await readCommitted(`${prefix}-new-patterns`)).map(({ value }) => value);
      const first = [lines[0], lines[1], lines[3]].map(({ value }) => value);
      assert.deepEqual(found.map((one) => one.line).sort(), first.sort());
      assert.deepEqual(found.map((one) => one.pattern).sort(), [
        '# ERROR order # of "*" failed after # ms',
        "# ERROR session ID is gone",
        '{"*":"*","*":#,"*":"*"}',
      ]);
      await forgetGroups(site, ["new_patterns"]);
    } finally {
      await site.close();
    }
  },
});

Deno.test({
  name: "Flink's sink: a host that is gone, and a document that is refused",
  ...lenient,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("refused"), prefix = site.prefix, now = Date.now();
      const index = `${prefix}-${topic}-${
        new Date(now).toISOString().slice(0, 10).replaceAll("-", ".")
      }`;
      await elastic("PUT", `/${index}`, {
        mappings: {
          dynamic: false,
          properties: { log: { properties: { level: { type: "long" } } } },
        },
      });
      const lines = ["one", "an ERROR in a field of numbers", "three"].map((value, n): Line => {
        return { topic, value, generation: "refused-00000001", offset: n * 1000, timestampMs: now };
      });
      await site.send(lines);
      const script = await jobScript("transfer", { prefix, topics: [topic] });
      const changed = script.replaceAll("'hosts' = '", `'hosts' = 'http://127.0.0.1:${freePort()};`)
        .replace("'operation' = 'create'", `$&, 'refused.index' = '${prefix}x-refused'`);
      const [job] = await flink.submit(changed);
      const refused = () => site.documents(`${prefix}x-refused`);
      await until("the refused one", async () => (await refused()).length === 1, 120_000, 200);
      await until("the others", async () => await site.count(index) === 2, 120_000, 200);
      const [{ _id, _source }] = await refused();
      assert.equal(_id, `refused-00000001:1000-${1000 + String(lines[1].value).length + 1}`);
      assert.equal(_source.index, index);
      assert.match(_source.reason, /document_parsing_exception/);
      assert.equal(JSON.parse(_source.document).message, lines[1].value);
      await until(
        "its counters",
        async () => {
          const count = async (name: string) => await flink.metric(job, name);
          return await count("documentsWritten") === 3 && await count("documentsRefused") === 1 &&
            await count("bulkRepeated") >= 1;
        },
        120_000,
        200,
      );
      await flink.cancel(job);
      await elastic("DELETE", `/${prefix}x-refused`);
    } finally {
      await site.close();
    }
  },
});

const PAGE = Deno.readTextFileSync(new URL("../../docs/record-format.md", import.meta.url));

Deno.test({
  name: "docs/record-format.md: Flink counts errors per minute, each line once",
  ...lenient,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("errors", 2), minute = Date.UTC(2026, 10, 21, 10, 0);
      const lines = Array.from({ length: 40 }, (_, i): Line => {
        const value = i % 4 === 0 ? `request ${i} ERROR failed` : `request ${i} done`;
        const generation = i % 2 === 0 ? "AAAAAAAAAAAAAAAA" : "BBBBBBBBBBBBBBBB";
        const timestampMs = minute + (i < 20 ? 0 : 60_000);
        return {
          topic,
          value,
          generation,
          offset: Math.floor(i / 2) * 30,
          length: 30,
          timestampMs,
        };
      });
      await site.send([...lines, ...lines.slice(0, 9)]);
      const example = /```sql\n([\s\S]*?)```/.exec(PAGE)![1];
      const text = example.replace("127.0.0.1:9092", await kafkaBroker()).replace(
        "'web_log'",
        `'${topic}'`,
      );
      assert.notEqual(text, example);
      const output = await flink.sql(text);
      const rows = [...output.matchAll(/\| (2026-11-21 10:\d\d):\S* *\| *(\d+) \|/g)];
      assert.deepEqual(rows.map(([, minute, count]) => [minute, count]), [
        ["2026-11-21 10:00", "5"],
        ["2026-11-21 10:01", "5"],
      ], output);
    } finally {
      await site.close();
    }
  },
});

Deno.test("Flink ends", async () => {
  await flink[Symbol.asyncDispose]();
});
