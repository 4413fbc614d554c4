/**
 * Fuzzes for as long as one likes, each target in turn:
 *
 *     npm run fuzz -- --minutes 10                  all targets, ten minutes in all
 *     npm run fuzz -- --target times --seed 17      one of them, one minute, the same inputs again
 *     npm run fuzz -- --replay test/fuzz/corpus/times/found-1a2b3c4d.bin
 *
 * What is found is kept as a file of the corpus, so that `npm test` fails until it is mended. A target runs in a worker
 * of its own: an input that never ends, or that takes all memory, is seen from outside and kept as well.
 */
import { Command } from "commander";
import { keep } from "./corpus.ts";
import { runOnce } from "./fuzzer.ts";
import { TARGETS } from "./targets.ts";
import type { Job, Told } from "./worker.ts";

/** An input that takes so long never ends. */
const HANG_MS = 40_000;
const INPUT_BYTES_MAX = 1 << 20;
const EXIT_FOUND = 1, EXIT_USAGE = 64;

interface Options {
  minutes: string;
  target?: string;
  seed?: string;
  replay?: string;
}

const command = new Command("fuzz")
  .option("--minutes <n>", "minutes in all", "1")
  .option("--target <name>", `one of ${TARGETS.map(({ name }) => name).join(", ")}`)
  .option("--seed <n>", "the same inputs again")
  .option("--replay <file>", "one input, of the target that its folder or --target names");
command.parse(Deno.args, { from: "user" });
const given = command.opts<Options>();
Deno.exit(given.replay === undefined ? await fuzzAll(given) : await replay(given.replay));

async function fuzzAll({ minutes, target, seed }: Options): Promise<number> {
  const targets = TARGETS.filter(({ name }) => target === undefined || name === target);
  if (targets.length === 0 || !(Number(minutes) > 0)) {
    console.error("Cannot fuzz that; --help says what there is");
    return EXIT_USAGE;
  }
  const first = seed === undefined ? Date.now() % 1e9 : Number(seed);
  const ms = Number(minutes) * 60_000 / targets.length;
  let found = 0;
  for (const { name } of targets) found += await fuzzOne({ target: name, seed: first, ms });
  return found > 0 ? EXIT_FOUND : 0;
}

/** Returns the number of findings: 0 or 1. */
async function fuzzOne(job: Job): Promise<number> {
  const shared = new SharedArrayBuffer(8 + INPUT_BYTES_MAX);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const [state] = [new Int32Array(shared, 0, 2)];
  let watch: ReturnType<typeof setInterval> | undefined;
  const again = `npm run fuzz -- --target ${job.target} --seed ${job.seed}`;
  try {
    const told = await new Promise<Told>((resolve) => {
      const end = (what: string) =>
        resolve({ cases: state[0], outcomes: 0, what, stack: "", input: lastInput(shared) });
      let last = -1, sinceMs = performance.now();
      watch = setInterval(() => {
        if (state[0] !== last) [last, sinceMs] = [state[0], performance.now()];
        else if (performance.now() - sinceMs > HANG_MS) end(`no end within ${HANG_MS} ms`);
      }, 1000);
      worker.onmessage = ({ data }) => resolve(data as Told);
      worker.onerror = (event) => {
        event.preventDefault();
        end(`the worker ended: ${event.message}`);
      };
      worker.postMessage({ ...job, shared });
    });
    console.log(
      `${job.target}: ${told.cases} cases, ${told.outcomes} outcomes, seed ${job.seed}` +
        (told.what === undefined ? "" : `, broken: ${told.what}`),
    );
    if (told.what === undefined) return 0;
    const path = await keep(job.target, told.input!);
    console.log(`${told.stack}\nThe input is kept: ${path}\nAgain: ${again}`);
    return 1;
  } finally {
    clearInterval(watch);
    worker.terminate();
  }
}

function lastInput(shared: SharedArrayBuffer): Uint8Array {
  const bytes = new Int32Array(shared, 0, 2)[1];
  return new Uint8Array(shared, 8, bytes).slice();
}

async function replay(file: string): Promise<number> {
  const name = given.target ?? file.split("/").at(-2);
  const target = TARGETS.find((target) => target.name === name);
  if (target === undefined) {
    console.error(`There is no target "${name}"; say which with --target`);
    return EXIT_USAGE;
  }
  const ran = await runOnce(target, await Deno.readFile(file));
  await target.close?.();
  console.log(ran.error?.stack ?? `nothing breaks; the outcome is ${ran.outcome}`);
  return ran.error === undefined ? 0 : EXIT_FOUND;
}
