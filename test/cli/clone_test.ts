/** What a person does first: a clean clone, `npm ci`, `npm start -- FILES`. */
import assert from "node:assert/strict";
import { run, startProgram } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const ENV = { npm_config_update_notifier: "false", NO_COLOR: "1" };

Deno.test("npm start from a clean clone: lines on the API, there again after a restart, SIGTERM ends it with 0", async () => {
  await using dir = await tempDir("weir-clone-");
  const clone = dir.join("weir");
  await run("git", ["clone", "--quiet", "--no-hardlinks", ROOT, clone]);
  await run("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: clone, env: ENV });
  const first = dir.join("a b.log"), second = dir.join("app.json");
  await Deno.writeTextFile(
    first,
    "2026-11-20 10:00:00,000 ERROR disk is full\n  at Writer.run()\n",
  );
  await Deno.writeTextFile(
    second,
    '{"time":"2026-11-20T10:00:01Z","level":"info","msg":"hello"}\n',
  );
  const options = ["--listen", "127.0.0.1:0", "--data", dir.join("data")];
  const start = () =>
    startProgram("npm", ["start", "--", first, second, ...options], { cwd: clone, env: ENV });
  const messages = async (url: string) => {
    const text = await (await fetch(`${url}api/search?order=oldest&q=`)).text();
    return text.split("\n").filter(Boolean).map((line) => JSON.parse(line).message);
  };
  const wanted = ["2026-11-20 10:00:00,000 ERROR disk is full", "  at Writer.run()"];
  wanted.push('{"time":"2026-11-20T10:00:01Z","level":"info","msg":"hello"}');
  for (const append of ["", "2026-11-20 10:00:02,000 WARN again\n"]) {
    await Deno.writeTextFile(first, append, { append: true });
    if (append !== "") wanted.push(append.trimEnd());
    await using program = start();
    const [, url] = await program.waitForLine(/Weir is at\s+(http:\S+)/, 60_000);
    assert.match(program.stdout, /Tailing 2 files/);
    await waitFor("all lines", async () => (await messages(url)).length >= wanted.length);
    assert.deepEqual(await messages(url), wanted);
    assert.match(await (await fetch(url)).text(), /<script type="module" src="\/script.js">/);
    const { code } = await program.stop();
    assert.equal(code, 0, program.tail());
    await assert.rejects(fetch(url), "nothing of it is left running");
  }
});
