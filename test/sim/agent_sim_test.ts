/** The agent's tail in simulated worlds: test/sim/agent_world.ts says what happens in them, and what must hold. */
import assert from "node:assert/strict";
import { startLog } from "../../core/log.ts";
import { seedsToRun } from "../support/random.ts";
import { World } from "./agent_world.ts";

startLog({ level: "error", write: () => {} });

const STEPS = 60;

async function run(seed: number): Promise<World> {
  const world = new World(seed);
  await world.start().catch(() => world.set = undefined);
  for (let i = 0; i < STEPS; i++) await world.step();
  await world.heal();
  await world.kill();
  world.check();
  assert.equal(world.files.openHandles, 0, "all handles are closed");
  return world;
}

Deno.test("agent simulation: nothing lost, nothing doubled, in order, one day a line", async () => {
  const seeds = seedsToRun(200);
  const failed: number[] = [];
  let lines = 0, first: unknown;
  for (const seed of seeds) {
    try {
      lines += (await run(seed)).written.length;
    } catch (error) {
      failed.push(seed);
      first ??= error;
      console.error(
        `seed ${seed}; play it again: WEIR_SEED=${seed} deno test -A test/sim/agent_sim_test.ts`,
      );
    }
  }
  console.log(`${seeds.length} seeds from ${seeds[0]}, ${lines} lines written`);
  if (failed.length > 0) {
    console.error(`${failed.length} failed: ${failed.join(" ")}`);
    throw first;
  }
});
