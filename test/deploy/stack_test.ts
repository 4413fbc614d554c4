/** `npm run stack`: the whole chain without Docker comes up, carries lines, says its state, and goes without a trace. */
import assert from "node:assert/strict";
import { run, startProgram } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { waitFor } from "../support/wait.ts";

const MAIN = new URL("../../deploy/stack/main.ts", import.meta.url).pathname;

function stack(folder: string, ...args: string[]): Promise<string> {
  return run(Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    "--no-check",
    MAIN,
    "--data",
    `${folder}/stack`,
    ...args,
  ], { env: { NO_COLOR: "1" } });
}

Deno.test("stack: up, documents in Elasticsearch, status, logs, down", async () => {
  await using folder = await tempDir("weir-stack-test-");
  const up = await stack(folder.path, "up", "--free-ports");
  try {
    assert.match(up, /search page +http:\/\/127\.0\.0\.1:\d+\//);
    const status = await waitFor("documents", async () => {
      const status = JSON.parse(await stack(folder.path, "status", "--json"));
      return status.documents > 0 ? status : undefined;
    }, { timeoutMs: 30_000 });
    console.log(`${status.documents} documents`);
    const page = /search page +(http\S+)/.exec(up)![1];
    const found = await waitFor("lines on the page", async () => {
      const answer = await fetch(`${page}api/count?q=*`);
      const text = await answer.text();
      return answer.ok && Number(/\d+/.exec(text)?.[0]) > 0 ? text : undefined;
    });
    console.log(`the page counts ${found.slice(0, 100)}`);
    const names = status.processes.map((process: { name: string }) => process.name);
    for (const name of ["kafka", "etcd", "elasticsearch", "influxdb", "demo", "weir-agent"]) {
      assert.ok(names.includes(name), `${name} is among ${names}`);
    }
    assert.match(await stack(folder.path, "logs", "weir-agent"), /Listening/);
    await assert.rejects(stack(folder.path, "logs", "weir-agnet"), /There are: .*weir-agent/);
    await assert.rejects(stack(folder.path, "up"), /is up already/);
    const pids: number[] = status.processes.map((process: { pid: number }) => process.pid);
    await stack(folder.path, "down");
    for (const pid of pids) {
      const left = startProgram("kill", ["-0", String(pid)]);
      assert.notEqual((await left.exit).code, 0, `process ${pid} is gone`);
    }
    await assert.rejects(Deno.stat(folder.join("stack")), Deno.errors.NotFound);
    await assert.rejects(stack(folder.path, "status"), /There is no stack/);
  } finally {
    await stack(folder.path, "down").catch(() => {}); // down already, as it should be
  }
});
