/** `weir selftest` as executable: without a server, over Kafka and Elasticsearch, and where they cannot be reached. */
import assert from "node:assert/strict";
import { Kafka, logLevel } from "kafkajs";
import { startProgram } from "../support/process.ts";
import { servers } from "../support/servers.ts";
import { tempDir } from "../support/temp.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DIST = Deno.env.get("WEIR_TEST_DIST") ?? `${ROOT}dist`;
const LINES = 20_000;

async function selftest(...args: string[]) {
  await using folder = await tempDir("weir-selftest-test-");
  const program = startProgram(`${DIST}/weir`, ["selftest", "--folder", folder.path, ...args]);
  const ended = await program.toEnd();
  const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assert.deepEqual(left, [], "nothing of it stays");
  return ended;
}

const CLEAN = { lines: LINES, lost: 0, doubled: 0, reordered: 0, damaged: 0, failure: "" };

function assertClean(answer: { code: number; stdout: string; stderr: string }, times: number) {
  assert.equal(answer.code, 0, answer.stdout + answer.stderr);
  const report = JSON.parse(answer.stdout);
  for (const [name, value] of Object.entries(CLEAN)) assert.equal(report[name], value, name);
  assert.equal(report.disturbances.length, times);
  assert(report.rotations >= 10);
  assert.deepEqual(report.leftBehind, []);
}

Deno.test("weir selftest: without a server, each line once though its program is killed", async () => {
  assertClean(await selftest("--lines", String(LINES), "--chaos", "--json"), 4);
});

Deno.test({
  name: "weir selftest: over Kafka and Elasticsearch, and nothing of it stays there",
  sanitizeOps: false, // the servers and clients of this process
  sanitizeResources: false,
  async fn() {
    const { kafka, elasticsearch } = await servers("kafka", "elasticsearch");
    const to = ["--kafka", kafka, "--elasticsearch", elasticsearch];
    assertClean(await selftest(...to, "--lines", String(LINES), "--chaos", "--json"), 10);
    const admin = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const topics = (await admin.listTopics()).filter((name) => /^weir-selftest/.test(name));
    await admin.disconnect();
    assert.deepEqual(topics, []);
    const indices = await (await fetch(`${elasticsearch}/_cat/indices/weir-weir-selftest-*`))
      .text();
    assert.equal(indices, "");
  },
});

Deno.test("weir selftest: brokers that cannot be reached are named, with exit code 1", async () => {
  const { code, stderr } = await selftest("--kafka", "127.0.0.1:1");
  assert.equal(code, 1);
  assert.match(stderr, /Cannot reach Kafka at 127\.0\.0\.1:1/);
});
