/** What stands in a log folder and is no file, and a configuration that changes all the time: the files go on. */
import assert from "node:assert/strict";
import { parseEntries } from "../../agent/tail/entries.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";
import { TailSite } from "./tail_site.ts";

const append = (path: string, text: string) => Deno.writeTextFile(path, text, { append: true });

Deno.test("TailSet leaves pipes, sockets, devices and directories alone, and does not hang", async () => {
  await using folder = await tempDir("weir-kinds-");
  await using state = await tempDir("weir-kinds-state-");
  const at = (name: string) => folder.join(name);
  await run("mkfifo", [at("pipe.log")]);
  await Deno.mkdir(at("directory.log"));
  using _socket = Deno.listen({ transport: "unix", path: at("socket.log") });
  const isDevice = await run("mknod", [at("zero.log"), "c", "1", "5"]).then(
    () => true,
    () => false,
  );
  if (!isDevice) await Deno.symlink("/dev/zero", at("zero.log"));
  await append(at("a.log"), "1\n");
  const paths = [at("*.log"), at("pipe.log")];
  const site = new TailSite({ root: folder.path, state: state.path, paths });
  await site.start();
  try {
    await waitFor("the first line", () => site.lines.length === 1, { timeoutMs: 60_000 });
    await append(at("a.log"), "2\n");
    await append(at("directory.log/b.log"), "not wanted\n");
    await waitFor("the second line", () => site.lines.length === 2, { timeoutMs: 60_000 });
    await site.quiet();
    assert.deepEqual(site.lines.map(({ text }) => text), ["1", "2"]);
    const told = site.set.problems.map(({ path, code }) => [path, code]);
    assert.deepEqual(
      told,
      [[at("pipe.log"), "NOT_A_FILE"]],
      "told of what is named, not of what a pattern meets",
    );
    assert.deepEqual(new Set(site.set.status(100).map(({ path }) => path)), new Set([at("a.log")]));
  } finally {
    await site.stop();
  }
});

Deno.test("TailSet takes a hundred configurations during rotations: each line once, no handle left", async () => {
  await using folder = await tempDir("weir-reload-");
  await using state = await tempDir("weir-reload-state-");
  const path = folder.join("a.log");
  const entry = { path: `${path}*`, topic: "t" };
  const other = { path: folder.join("other*.log"), topic: "t" };
  const texts = [[entry], [entry, other], [other, entry]].map((one) => JSON.stringify(one));
  const site = new TailSite({ root: folder.path, state: state.path, paths: [entry.path] });
  await append(path, "0\n");
  await site.start();
  const handles = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = handles();
  try {
    const wanted = ["0"];
    for (let n = 1; n <= 100; n++) {
      await append(path, `${n}\n`);
      wanted.push(String(n));
      const applied = site.set.apply(parseEntries(texts[n % texts.length], "test"));
      if (n % 10 === 0) await Deno.rename(path, `${path}.${n}`);
      if (n % 25 === 0) await applied;
    }
    await append(path, "last\n");
    wanted.push("last");
    await waitFor("all lines", () => site.lines.length >= wanted.length, { timeoutMs: 60_000 });
    await site.quiet();
    const got = site.lines.map(({ text }) => text);
    assert.deepEqual([...got].sort(), wanted.sort(), "each line once");
    const generations = Map.groupBy(site.lines, ({ generation }) => generation);
    for (const lines of generations.values()) {
      const numbers = lines.map(({ text }) => text === "last" ? 101 : Number(text));
      assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
    }
    assert(
      handles() <= before + 10,
      `${before} handles, then ${handles()}: 10 files more are open`,
    );
  } finally {
    await site.stop();
  }
});

Deno.test("a second agent on a state folder ends with what to do; with the first one's end it is free", async () => {
  await using state = await tempDir("weir-lock-");
  const lock = new URL("../../core/state_lock.ts", import.meta.url).href;
  const program = (then: string) =>
    `const { lockState } = await import(${JSON.stringify(lock)});
     try { await lockState(${JSON.stringify(state.path)}, 300); ${then} }
     catch (error) { console.log(error.code + ": " + error.hint); Deno.exit(3); }`;
  const start = (then: string) =>
    new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", program(then)],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  const first = start(`console.log("taken"); for await (const _ of Deno.stdin.readable) {}`);
  const said = first.stdout.getReader();
  assert.equal(new TextDecoder().decode((await said.read()).value), "taken\n");
  const second = start("");
  await second.stdin.close();
  const { code, stdout } = await second.output();
  assert.equal(code, 3);
  assert.match(new TextDecoder().decode(stdout), /^STATE_LOCKED: Stop the other one/);
  first.kill("SIGKILL");
  await first.status;
  await first.stdin.close().catch(() => {}); // it ended with the process
  await said.cancel();
  const third = start("Deno.exit(0);");
  await third.stdin.close();
  assert.equal((await third.output()).code, 0);
});
