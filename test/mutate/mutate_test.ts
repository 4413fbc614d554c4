/** The mutator finds what a test notices, what it does not, and what never ends; then a sample of the modules' score. */
import assert from "node:assert/strict";
import { MODULES } from "./modules.ts";
import { mutate } from "./mutate.ts";

Deno.test("of a planted module the tested bound is killed, the untested one survives", async () => {
  const folder = "test/mutate/planted";
  const judged = await mutate({
    name: "planted",
    sources: [`${folder}/between.ts`],
    tests: [`${folder}/between_test.ts`],
  });
  const killedBy = (what: string) => judged.find((one) => one.what === what)?.killedBy;
  assert.equal(killedBy(">= to >"), "isBetween() holds its lower bound");
  assert.equal(killedBy("< to <="), "");
  assert.equal(killedBy("&& to ||"), "isBetween() holds its lower bound");
  assert.equal(killedBy("-- to ++"), "its time limit");
  assert.equal(killedBy("steps++; left out"), "countDown() counts");
  assert.equal(judged.filter(({ source }) => source !== `${folder}/between.ts`).length, 0);
});

Deno.test("a sample of the modules is judged, and their score printed", async () => {
  for (const module of MODULES.slice(0, 3)) {
    const judged = await mutate(module, { sample: 6, seed: 1 });
    assert(judged.length > 0, `${module.name} has mutants`);
    const killed = judged.filter((one) => one.killedBy !== "").length;
    console.log(`${module.name}: ${killed} of ${judged.length} sampled mutants killed`);
  }
});
