/** `weir up` as executable: lines on the page's API within seconds, there again after a restart, kill -9 included. */
import assert from "node:assert/strict";
import { distFolder } from "../support/dist.ts";
import { type Program, startProgram } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

function start(folder: TempDir, ...args: string[]): Program {
  const dist = distFolder("npm test -- e2e");
  const options = ["--listen", "127.0.0.1:0", "--data", folder.join("data")];
  return startProgram(`${dist}/weir`, ["up", ...options, ...args]);
}

async function urlOf(program: Program): Promise<string> {
  const [, url] = await program.waitForLine(/Weir is at\s+(http:\S+)/);
  return url;
}

async function count(url: string, query = ""): Promise<number> {
  const answer = await fetch(`${url}api/count?q=${encodeURIComponent(query)}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(JSON.stringify(body));
  return body.count;
}

Deno.test("weir up, executable: what a file holds and what is appended is found; the page and the metrics answer", async () => {
  await using folder = await tempDir("weir-up-");
  const log = folder.join("app.log");
  await Deno.writeTextFile(log, "2026-11-20 10:00:00,000 ERROR first\nlast without a line end");
  await using program = start(folder, log);
  const url = await urlOf(program);
  assert.match(program.stdout, /Tailing 1 file/);
  await waitFor("both lines", async () => await count(url) === 2);
  await Deno.writeTextFile(log, "\n2026-11-20 10:00:01,000 WARN second\n", { append: true });
  await waitFor("the appended line", async () => await count(url, "level:warn second") === 1);
  const page = await (await fetch(url)).text();
  assert.match(page, /<script type="module" src="\/script.js">/);
  const script = await fetch(`${url}script.js`);
  assert((await script.text()).length > 10_000, "the executable carries the page");
  const metrics = await (await fetch(`${url}metrics`)).text();
  for (
    const name of [
      "node_cpu_seconds_total",
      "weir_agent_acknowledged_lines_total",
      "weir_build_info",
    ]
  ) {
    assert(metrics.includes(`\n${name}{`), name);
  }
  assert.equal((await fetch(`${url}readyz`)).status, 200);
  assert.equal((await program.stop()).code, 0);
});

Deno.test("weir up, executable: a pattern that would be tried in countless ways is answered all the same", async () => {
  await using folder = await tempDir("weir-up-");
  const log = folder.join("app.log");
  await Deno.writeTextFile(log, `${"a".repeat(200_000)}\nshort\n`);
  await using program = start(folder, log);
  const url = await urlOf(program);
  await waitFor("both lines", async () => await count(url) === 2);
  // From each of 200,000 places to the end of the line: 20 billion steps for an engine that goes back.
  assert.equal(await count(url, "/(?:a|b)*c/"), 0);
  assert.equal(await count(url, "/(?:a|b|s|h|o|r|t)*t$/"), 1);
});
