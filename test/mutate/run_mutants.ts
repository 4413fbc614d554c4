/**
 * Runs in a copy of the project in which one source is woven with its mutants: each of the numbers in the arguments
 * against the tests, one worker a mutant. Prints one line of JSON a mutant.
 *
 *     deno run -A run_mutants.ts 1,2,3 agent/tail/splitter_test.ts
 */
import type { Order, Verdict } from "./mutant_worker.ts";

/** The tests of the unchanged source take a part of it; a mutant that takes longer never ends. */
const LIMIT_FACTOR = 10, LIMIT_MS_MIN = 10_000;
const WORKERS = 2;

const root = new URL("../../", import.meta.url);
const numbers = Deno.args[0].split(",").map(Number);
const tests = Deno.args.slice(1).map((test) => new URL(test, root).href);

function judge(mutant: number, limitMs: number): Promise<Verdict> {
  const worker = new Worker(new URL("./mutant_worker.ts", import.meta.url), { type: "module" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new Promise<Verdict>((resolve) => {
    timer = setTimeout(() => resolve({ killedBy: "its time limit" }), limitMs);
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve({ killedBy: "an error outside of a test" });
    };
    const order: Order = { mutant, tests };
    worker.postMessage(order);
  }).finally(() => {
    clearTimeout(timer);
    worker.terminate();
  });
}

const since = performance.now();
const { killedBy, why = "" } = await judge(0, 120_000);
if (killedBy !== "") {
  console.error(`The tests fail without a mutant: ${killedBy}\n${why}`);
  Deno.exit(1);
}
const limitMs = Math.max(LIMIT_MS_MIN, LIMIT_FACTOR * (performance.now() - since));
const left = [...numbers];
await Promise.all(Array.from({ length: WORKERS }, async () => {
  for (let number = left.shift(); number !== undefined; number = left.shift()) {
    const { killedBy } = await judge(number, limitMs);
    console.log(JSON.stringify({ number, killedBy }));
  }
}));
// A worker that was ended within a loop would keep the process.
Deno.exit(0);
