/** The compose profile `flink`, as docker-compose itself reads it, and that everything it names is there. */
import assert from "node:assert/strict";
import { run } from "../support/process.ts";
import { sayOnStderr } from "../support/real/install.ts";
import { installCompose } from "./engine.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("compose: the profile flink has a cluster and its jobs", async () => {
  const compose = await installCompose(sayOnStderr);
  const file = ["-f", `${ROOT}deploy/docker-compose.yml`];
  const read = async (...profiles: string[]) => {
    const args = profiles.flatMap((profile) => ["--profile", profile]);
    return JSON.parse(await run(compose, [...file, ...args, "config", "--format", "json"]));
  };
  const { services } = await read("core", "flink"), { services: full } = await read("full");
  const names = ["flink-jobmanager", "flink-taskmanager", "flink-jobs"];
  for (const name of names) {
    assert.ok(!(name in full), `${name} is not of full`);
    assert.ok(Deno.statSync(ROOT + services[name].build.dockerfile).isFile);
  }
  assert.ok("kafka" in services && "elasticsearch" in services);
  const [, , script] = services["flink-jobs"].command;
  const jobs: string[] = /for job in (.*);/.exec(script)![1].split(" ");
  for (const job of [...jobs, "tables", "transfer"]) {
    assert.ok(Deno.statSync(`${ROOT}deploy/flink/${job}.sql`).isFile, job);
  }
  const dockerfile = await Deno.readTextFile(`${ROOT}deploy/flink/Dockerfile`);
  for (const [, path] of dockerfile.matchAll(/^COPY (deploy\/\S+?)(\/\*\.sql)? /gm)) {
    assert.ok(Deno.statSync(ROOT + path).isDirectory, path);
  }
});
