import assert from "node:assert/strict";
import { startProgram } from "../support/process.ts";
import { servers, startSet } from "../support/servers.ts";
import { waitFor } from "../support/wait.ts";

Deno.test("servers() gives the same servers each time", async () => {
  const [first, second] = await Promise.all([servers("etcd"), servers("etcd")]);
  assert.deepEqual(first, second);
  assert.deepEqual(await servers("etcd"), first);
});

Deno.test("startSet() names its servers in the environment, and stop() ends them", async () => {
  const set = await startSet(["etcd"], () => {});
  const url = set.env.WEIR_TEST_ETCD;
  const answer = await fetch(`${url}/health`);
  assert.equal((await answer.json()).health, "true");
  await set.stop();
  await set.stop();
  await assert.rejects(fetch(`${url}/health`), TypeError);
});

Deno.test("servers end with the process that started them, and their folders go", async () => {
  const code = `import { startEtcd } from ${
    JSON.stringify(import.meta.resolve("../support/servers.ts"))
  };
    const server = await startEtcd();
    console.log("started", server.pid, server.folder);
    await new Promise(() => setInterval(() => {}, 1000));`;
  const args = ["run", "-A", "--no-check", "-"];
  await using starter = startProgram(Deno.execPath(), args, { input: code });
  const [, pid, folder] = await starter.waitForLine(/^started (\d+) (\S+)$/);
  assert((await Deno.stat(`/proc/${pid}`)).isDirectory);
  await starter.kill9();
  const isGone = (path: string) => Deno.stat(path).then(() => false, () => true);
  await waitFor("the end of the server", () => isGone(`/proc/${pid}`));
  await waitFor("the end of its folder", () => isGone(folder));
});

Deno.test("a kept server outlives the process that started it; its folder goes when it ends", async () => {
  const code = `import { startEtcd } from ${
    JSON.stringify(import.meta.resolve("../support/servers.ts"))
  };
    const server = await startEtcd({ keep: true });
    console.log("started", server.pid, server.folder, server.address);`;
  await using starter = startProgram(Deno.execPath(), ["run", "-A", "--no-check", "-"], {
    input: code,
  });
  const [, pid, folder, address] = await starter.waitForLine(/^started (\d+) (\S+) (\S+)$/);
  assert.equal((await starter.exit).code, 0);
  try {
    const answer = await fetch(`${address}/health`);
    assert.equal((await answer.json()).health, "true");
  } finally {
    Deno.kill(Number(pid), "SIGKILL");
  }
  await waitFor("the end of its folder", () => Deno.stat(folder).then(() => false, () => true));
});
