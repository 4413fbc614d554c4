/**
 * Mutation testing of one module: every mutant of its sources, or a sample by seed, against its unit tests, in a copy
 * of the project. A mutant that no test notices has survived: a test is missing there, or the change changes nothing.
 */
import { Random } from "../support/random.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { judge, survey } from "./judge.ts";
import type { Module } from "./modules.ts";
import type { Mutant } from "./mutants.ts";
import { weave } from "./weave.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

export interface Judged extends Mutant {
  source: string;
  /** The test that noticed; "" for a survivor. */
  killedBy: string;
}

export interface MutateOptions {
  /** Mutants of the module at most. @default all */
  sample?: number;
  seed?: number;
  /** Processes at once. @default 2 */
  workers?: number;
}

/** Judges the mutants of a module. Rejects where its tests fail without any. */
export async function mutate(module: Module, options: MutateOptions = {}): Promise<Judged[]> {
  await using folder = await tempDir();
  await copyProject(folder.path);
  const judged: Judged[] = [];
  const share = (options.sample ?? Infinity) / module.sources.length;
  for (const source of module.sources) {
    const text = await Deno.readTextFile(`${ROOT}${source}`);
    const mutants = await collect(`${ROOT}${source}`, folder.join("mutants.json"));
    const numbers = sampled(mutants.map((_, i) => i + 1), Math.ceil(share), options.seed ?? 1);
    const woven = folder.join(source);
    const judging = { folder: folder.path, tests: module.tests, workers: options.workers ?? 2 };
    await Deno.writeTextFile(woven, weave(text, mutants, { notes: true }));
    const found = await survey(judging);
    await Deno.writeTextFile(woven, weave(text, mutants));
    for (const [number, killedBy] of await judge(judging, found, numbers)) {
      judged.push({ ...mutants[number - 1], source, killedBy });
    }
    await Deno.writeTextFile(woven, text);
  }
  return judged.sort((a, b) =>
    a.source < b.source ? -1 : a.source > b.source ? 1 : a.from - b.from
  );
}

const COPIED = ["agent", "cli", "core", "deploy", "monitor", "search", "test", "transfer"];
const SETTINGS = ["deno.json", "package.json"];

/** The sources; what is installed is linked. */
async function copyProject(to: string): Promise<void> {
  await run("cp", ["-a", ...[...COPIED, ...SETTINGS].map((name) => ROOT + name), to]);
  await Deno.symlink(`${ROOT}node_modules`, `${to}/node_modules`);
}

async function collect(source: string, out: string): Promise<Mutant[]> {
  const script = new URL("./collect.ts", import.meta.url).pathname;
  const env = { WEIR_SOURCE: source, WEIR_OUT: out };
  await run(Deno.execPath(), ["test", "-A", "--no-check", "--quiet", script], { env, cwd: ROOT });
  return JSON.parse(await Deno.readTextFile(out));
}

function sampled(numbers: readonly number[], count: number, seed: number): number[] {
  const random = new Random(seed), left = [...numbers], found: number[] = [];
  while (found.length < count && left.length > 0) {
    found.push(...left.splice(random.below(left.length), 1));
  }
  return found;
}
