import assert from "node:assert/strict";
import { tempDir } from "./temp.ts";
import { TestRun } from "./test_run.ts";

/** Runs one folder with these files of tests; returns what was shown, its last line and the exit code. */
async function runOf(files: Record<string, string>, minutes = 1, leavesBehind?: string) {
  await using folder = await tempDir();
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(folder.join(name), text);
  }
  let shown = "";
  const run = new TestRun(folder.path, { write: (text) => shown += text });
  await run.suite("test/some", ["."], { minutes, leavesBehind });
  const code = run.end();
  return { shown, last: shown.trimEnd().split("\n").at(-1), code };
}

const GOOD = `Deno.test("good", () => {});\n`;
const BAD = `Deno.test("bad", () => { throw new Error("it is broken"); });\n`;

Deno.test("TestRun counts what passed", async () => {
  const { last, code } = await runOf({ "a_test.ts": GOOD + GOOD, "b_test.ts": GOOD });
  assert.deepEqual([last, code], ["3 passed, 0 failed", 0]);
});

Deno.test("TestRun shows a failure again above its last line", async () => {
  const { shown, last, code } = await runOf({ "a_test.ts": GOOD + BAD });
  assert.deepEqual([last, code], ["1 passed, 1 failed", 1]);
  assert.match(shown.slice(shown.indexOf("--- failed: test/some:")), /it is broken[\s\S]*bad => /);
});

Deno.test("TestRun fails a test that leaves something behind, unless it is said why it may", async () => {
  const timer = `Deno.test("timer", () => { setTimeout(() => {}, 60_000); });\n`;
  const file = `Deno.test("file", async () => { await Deno.open("a_test.ts"); });\n`;
  const { last, code } = await runOf({ "a_test.ts": GOOD + timer + file });
  assert.deepEqual([last, code], ["1 passed, 2 failed", 1]);
  const unchecked = await runOf({ "a_test.ts": GOOD + timer }, 1, "a library does");
  assert.deepEqual([unchecked.last, unchecked.code], ["2 passed, 0 failed", 0]);
  assert.match(unchecked.shown, /^test\/some: leaks unchecked: a library does$/m);
});

Deno.test("TestRun counts an error outside of tests and a process that dies as failures", async () => {
  const outside = await runOf({ "a_test.ts": `${GOOD}throw new Error("outside");\n` });
  assert.deepEqual([outside.last, outside.code], ["0 passed, 1 failed", 1]);
  const dies = await runOf({
    "a_test.ts": `${GOOD}Deno.test("dies", () => { Deno.kill(Deno.pid, "SIGKILL"); });\n`,
  });
  assert.deepEqual([dies.last, dies.code], ["0 passed, 1 failed", 1]);
});

Deno.test("TestRun ends a folder that takes more than its minutes, and says where it stood", async () => {
  const hangs =
    `Deno.test("hangs", () => new Promise((resolve) => setTimeout(resolve, 60_000)));\n`;
  const { shown, last, code } = await runOf({ "a_test.ts": hangs }, 0.02);
  assert.deepEqual([last, code], ["0 passed, 1 failed", 1]);
  assert.match(shown, /took more than its 0\.02 minutes and was ended; its end was[\s\S]*hangs/);
});

Deno.test("TestRun takes neither a folder without budget nor one without a test", async () => {
  const without = await runOf({ "a_test.ts": "" });
  assert.deepEqual([without.last, without.code], ["0 passed, 1 failed", 1]);
  let shown = "";
  const run = new TestRun("/", { write: (text) => shown += text });
  await run.suite("test/some", ["."], { minutes: undefined });
  assert.equal(run.end(), 1);
  assert.match(shown, /test\/some has tests and no budget/);
});

Deno.test("TestRun names the skipped with their reason; a skip without reason is a failure", async () => {
  const ignored = `Deno.test.ignore("later", () => {});\n`;
  const said = await runOf({ "a_test.ts": `${GOOD}console.log("skipped: no go");${ignored}` });
  assert.deepEqual([said.last, said.code], ["1 passed, 0 failed, 1 skipped", 0]);
  assert.match(said.shown, /\ntest\/some: 1 skipped\nskipped: no go\n/);
  const silent = await runOf({ "a_test.ts": GOOD + ignored });
  assert.deepEqual([silent.last, silent.code], ["1 passed, 1 failed, 1 skipped", 1]);
});
