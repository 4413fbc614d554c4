import assert from "node:assert/strict";
import { VERSION } from "../core/metrics/registry.ts";
import { startSource } from "./start.ts";

async function ran(...args: string[]): Promise<{ said: string[]; loaded: boolean }> {
  const said: string[] = [];
  let loaded = false;
  class Ended extends Error {}
  const deno = {
    args,
    exit: () => {
      throw new Ended();
    },
  };
  const load = (path: string) => {
    assert.equal(path, "./weir.js");
    loaded = true;
  };
  const source = startSource("weir").replace("import(", "load(");
  const run = new Function("Deno", "console", "load", `return (async () => {${source}})()`);
  await run(deno, { log: (text: string) => said.push(text) }, load).catch((error: unknown) => {
    if (!(error instanceof Ended)) throw error;
  });
  return { said, loaded };
}

Deno.test("start: --version is answered without the bundle", async () => {
  assert.deepEqual(await ran("--version"), { said: [VERSION], loaded: false });
});

Deno.test("start: anything else is the bundle's", async () => {
  for (const args of [[], ["up"], ["--version", "--help"], ["up", "--version"]]) {
    assert.deepEqual(await ran(...args), { said: [], loaded: true });
  }
});

Deno.test("start: nothing is imported before the arguments are looked at", () => {
  assert.doesNotMatch(startSource("weir-agent"), /^import\b/m);
});
