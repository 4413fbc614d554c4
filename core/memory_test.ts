/** Memory is collected where it has grown, once a look, and not before, beside or after. */
import assert from "node:assert/strict";
import { memoryPart, processMemory } from "./memory.ts";
import { ManualClock, systemClock } from "./ports/clock.ts";

const MIB = 2 ** 20, LOOK_MS = 30_000;

/** A part over a heap whose size the test sets; a collection brings it down to what lives. */
async function over(sizes: { used: number; live: number }) {
  const clock = new ManualClock();
  let collected = 0;
  const part = memoryPart({
    clock,
    usedBytes: () => sizes.used,
    collect() {
      collected++;
      sizes.used = sizes.live;
    },
  });
  await part.start();
  return { part, look: () => clock.advance(LOOK_MS), collected: () => collected };
}

Deno.test("what has not grown by much is let be", async () => {
  const sizes = { used: 100 * MIB, live: 40 * MIB };
  const { part, look, collected } = await over(sizes);
  await look();
  sizes.used += 15 * MIB;
  await look();
  assert.equal(collected(), 0);
  await part.stop(0);
});

Deno.test("growth is collected, the next one is counted from what then lives", async () => {
  const sizes = { used: 50 * MIB, live: 40 * MIB };
  const { part, look, collected } = await over(sizes);
  sizes.used = 67 * MIB;
  await look();
  assert.equal(collected(), 1);
  assert.equal(sizes.used, 40 * MIB);
  sizes.used = 55 * MIB;
  await look();
  assert.equal(collected(), 1);
  sizes.used = 57 * MIB;
  await look();
  assert.equal(collected(), 2);
  await part.stop(0);
});

Deno.test("where V8 collected by itself, growth is counted from there", async () => {
  const sizes = { used: 90 * MIB, live: 40 * MIB };
  const { part, look, collected } = await over(sizes);
  sizes.used = 45 * MIB;
  await look();
  sizes.used = 62 * MIB;
  await look();
  assert.equal(collected(), 1);
  await part.stop(0);
});

Deno.test("what lives is not collected again and again", async () => {
  const sizes = { used: 50 * MIB, live: 200 * MIB };
  const { part, look, collected } = await over(sizes);
  sizes.used = 200 * MIB;
  for (let i = 0; i < 5; i++) await look();
  assert.equal(collected(), 1);
  await part.stop(0);
});

Deno.test("it ends at once, and looks no more", async () => {
  const sizes = { used: 50 * MIB, live: 40 * MIB };
  const { part, look, collected } = await over(sizes);
  await part.stop(0);
  sizes.used = 500 * MIB;
  await look();
  assert.equal(collected(), 0);
});

Deno.test("a runtime without collections on demand has none", async () => {
  const memory = processMemory(systemClock);
  assert(memory.usedBytes() > 0);
  assert.equal(memory.collect, undefined); // the tests run without --expose-gc
  const part = memoryPart(memory);
  await part.start();
  await part.stop(0);
});
