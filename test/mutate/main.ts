/**
 * Puts the unit tests of the pure modules to the proof:
 *
 *     npm run mutate                                 every mutant of every module
 *     npm run mutate -- --module splitter --survivors
 *     npm run mutate -- --sample 20 --seed 3         some of each
 *
 * Prints the share of mutants that the tests noticed, and with --survivors the others with their places.
 */
import { Command } from "commander";
import { MODULES } from "./modules.ts";
import { mutate } from "./mutate.ts";

const EXIT_USAGE = 64;
const command = new Command("mutate")
  .option("--module <name>", `one of ${MODULES.map(({ name }) => name).join(", ")}`)
  .option("--sample <n>", "mutants of a module at most")
  .option("--seed <n>", "which ones", "1")
  .option("--workers <n>", "processes at once", "2")
  .option("--survivors", "print what no test noticed");
command.parse(Deno.args, { from: "user" });
const given = command.opts<
  { module?: string; sample?: string; seed: string; workers: string; survivors?: boolean }
>();

const modules = MODULES.filter(({ name }) => given.module === undefined || name === given.module);
if (modules.length === 0) {
  console.error(`There is no module "${given.module}"; --help says which there are`);
  Deno.exit(EXIT_USAGE);
}
let all = 0, killed = 0;
for (const module of modules) {
  const since = performance.now();
  const judged = await mutate(module, {
    ...(given.sample === undefined ? {} : { sample: Number(given.sample) }),
    seed: Number(given.seed),
    workers: Number(given.workers),
  });
  const survivors = judged.filter(({ killedBy }) => killedBy === "");
  all += judged.length;
  killed += judged.length - survivors.length;
  const seconds = ((performance.now() - since) / 1000).toFixed(0);
  console.log(
    `${module.name}: ${share(judged.length - survivors.length, judged.length)}, ${seconds} s`,
  );
  if (!given.survivors) continue;
  for (const { source, line, what } of survivors) console.log(`  ${source}:${line}: ${what}`);
}
console.log(`all: ${share(killed, all)}`);

function share(part: number, whole: number): string {
  return `${part} of ${whole} killed (${((100 * part) / Math.max(1, whole)).toFixed(1)} %)`;
}
