/**
 * 200,000 numbered lines through agent, Kafka and transfers into Elasticsearch and archives on S3 and HDFS, and through
 * a Flink job into a topic, with a kill -9 of each program on the way: each line is in each of them once; then a day is
 * deleted from the index, comes back from the archive, and the audit finds nothing missing.
 */
import assert from "node:assert/strict";
import { checkTopic } from "../../transfer/archive/inspect.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { deleteIndices } from "../e2e/indexed.ts";
import { countNumbered } from "../support/numbered.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { askDuckdb, copyTopic } from "./duckdb.ts";
import { FlinkOutput } from "./flink_output.ts";
import { FILES, type Output, WholeChain } from "./whole_chain.ts";

const LINES = 200_000, EACH = LINES / FILES, STEPS = 10;
const lenient = { sanitizeOps: false, sanitizeResources: false }; // the clients keep sockets for a while
const WAIT = { timeoutMs: 180_000, everyMs: 300 };

/** Numbers of each file's lines, as DuckDB reads the message. */
const NUMBERS =
  `SELECT split_part(message, ' ', 1) AS file, count(*)::INT, count(DISTINCT message)::INT,
  count(DISTINCT uid)::INT, min(split_part(message, ' ', 2)::INT), max(split_part(message, ' ', 2)::INT)
  FROM ARCHIVE GROUP BY file`;

function elasticsearch(chain: WholeChain): Output {
  return {
    name: "Elasticsearch",
    lines: () => chain.documents(),
    async check() {
      const texts = await chain.messages();
      for (let file = 0; file < FILES; file++) {
        const name = `f${file}`, own = texts.filter((text) => text.startsWith(`${name} `));
        const { found, lost, doubled, damaged } = countNumbered(own, name, EACH);
        assert.deepEqual([found, lost, doubled, damaged], [EACH, 0, 0, 0], name);
      }
      assert.equal(texts.length, LINES);
    },
  };
}

/** The archive of one of the transfers. */
function archive(chain: WholeChain, name: "s3" | "hdfs", store: ObjectStore): Output {
  return {
    name: `archive on ${name}`,
    async lines() {
      const { partitions } = await checkTopic(store, chain.topic);
      return partitions.reduce((sum, { records }) => sum + records, 0);
    },
    kill: () => chain.kill(name),
    async check() {
      const { partitions } = await checkTopic(store, chain.topic);
      for (const { gaps, missing, pending, lost } of partitions) {
        assert.deepEqual([gaps, missing, pending, lost], [[], [], [], []]);
      }
      await using folder = await tempDir();
      await copyTopic(store, chain.topic, folder.path);
      const rows = await askDuckdb(folder.path, NUMBERS);
      const wanted = Array.from({ length: FILES }, (_, i) => [`f${i}`, EACH, EACH, EACH, 1, EACH]);
      assert.deepEqual(rows.map(String).sort(), wanted.map(String).sort());
    },
  };
}

/** Writes all lines, in steps, and kills one program after the other while lines are on their way. */
async function writeAndKill(chain: WholeChain, outputs: readonly Output[]): Promise<void> {
  const agent = { name: "agent", kill: () => chain.kill("agent") };
  const due = [agent, ...outputs].filter(({ kill }) => kill !== undefined), step = EACH / STEPS;
  for (let i = 0; i < STEPS; i++) {
    await chain.writeLines(i * step + 1, (i + 1) * step, EACH);
    const victim = i % 2 === 1 ? due[(i - 1) / 2] : undefined;
    if (victim === undefined) continue;
    // Some of this step has come, and some of it is still on its way.
    const there = await waitFor(`the begin of step ${i + 1}`, async () => {
      const count = await chain.documents();
      return count > i * step * FILES ? count : undefined;
    }, { ...WAIT, everyMs: 20 });
    await victim.kill!();
    console.log(`kill -9 of ${victim.name} at ${there} documents`);
  }
}

/** Takes each day of the topic out of the index, and back from the archive. */
async function restoreAll(chain: WholeChain): Promise<void> {
  const listed = await chain.weir("archive", "list", chain.topic, "--json");
  const days = listed.stdout.trim().split("\n").map((line) => JSON.parse(line).day);
  await deleteIndices(chain.elastic, chain.indices);
  await waitFor("an empty index", async () => await chain.documents() === 0, WAIT);
  for (const day of days) {
    const { code, stdout, stderr } = await chain.weir("restore", chain.topic, day);
    assert.equal(code, 0, stderr);
    console.log(stdout.trim());
  }
}

Deno.test({
  name:
    `whole chain: ${LINES} lines once in Elasticsearch, on S3, on HDFS and by Flink, over kill -9`,
  ...lenient,
  async fn() {
    await using chain = await WholeChain.open();
    await using flink = await FlinkOutput.start(chain, LINES);
    const outputs: Output[] = [
      elasticsearch(chain),
      archive(chain, "s3", chain.s3),
      archive(chain, "hdfs", chain.hdfs),
      flink,
    ];
    for (const name of ["agent", "s3", "hdfs"]) chain.start(name);
    await writeAndKill(chain, outputs);
    for (const one of outputs) {
      await waitFor(`${LINES} lines in ${one.name}`, async () => await one.lines() >= LINES, WAIT);
    }
    await Promise.all(["agent", "s3", "hdfs"].map((name) => chain.stop(name)));
    for (const one of outputs) {
      await one.check();
      console.log(`${one.name}: each of ${LINES} lines once`);
    }
    await restoreAll(chain);
    await waitFor("all that was restored", async () => await chain.documents() >= LINES, WAIT);
    await outputs[0].check();
    const audited = await chain.weir(
      "audit",
      "--topic",
      chain.topic,
      "--ledger",
      chain.ledger,
      "--json",
    );
    const found = JSON.parse(audited.stdout);
    assert.deepEqual(
      [audited.code, found.indexed, found.missingBytes, found.doubledBytes],
      [0, LINES, 0, 0],
    );
    assert.deepEqual(
      [found.archived, found.archiveMissingBytes, found.archiveDoubledBytes],
      [LINES, 0, 0],
    );
    console.log(
      `audit: ${found.indexed} lines indexed, ${found.archived} archived, nothing missing`,
    );
  },
});
