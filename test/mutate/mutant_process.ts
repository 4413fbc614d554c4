/**
 * Unit tests in a process of their own, loaded once and run against one mutant after the other: an order a line of
 * standard input, an answer a line of standard output. It is ended from outside where a mutant never ends.
 *
 *     deno run -A mutant_process.ts '{"tests":["file:///…_test.ts"],"mutant":0}'
 */
import process from "node:process";
import fc from "fast-check";

/** What the process is started with. */
export interface Start {
  /** URLs of the files of tests. */
  tests: readonly string[];
  /** On while the tests are loaded, and until an order names another. */
  mutant: number;
}

export interface Order {
  mutant: number;
  /** Places of the tests to run, in this order. @default all */
  only?: readonly number[];
}

/** Of one run: the first test that failed, "" where none did. */
export interface Answer {
  killedBy: string;
  why?: string;
  /** True where that test now fails without a mutant too: what the mutant left behind is in the way. */
  spoiled?: boolean;
  /** Mutants whose places were reached while the tests were loaded; in a source that notes it. */
  reachedByLoading: readonly number[];
  ran: readonly Ran[];
}

/** One test that was run. */
export interface Ran {
  test: number;
  /** Of processor time. */
  ms: number;
  /** Mutants whose places it reached; in a source that notes it. */
  reached: readonly number[];
}

// deno-lint-ignore no-explicit-any
type Any = any;
type Run = (context: Any) => unknown;

const MUTANTS_MAX = 65_536;
const registered: { name: string; run: Run }[] = [];
const reached = new Uint8Array(MUTANTS_MAX);
const switches: ((mutant: number) => void)[] = [];
const answer = Deno.stdout.writable.getWriter(), encoder = new TextEncoder();

function register(...all: Any[]): void {
  const options = Object.assign(
    {},
    ...all.map((one) =>
      typeof one === "string" ? { name: one } : typeof one === "function" ? { fn: one } : one
    ),
  );
  if (options.ignore !== true) registered.push({ name: options.name, run: options.fn });
}

const context = {
  step: async (...all: Any[]) => {
    const options = all.find((one) => typeof one === "object");
    const run: Run = all.find((one) => typeof one === "function") ?? options.fn;
    await run(context);
    return true;
  },
};

function switchTo(mutant: number): void {
  for (const set of switches) set(mutant);
}

/** The mutants reached since the last call. */
function takeReached(): number[] {
  const found: number[] = [];
  for (let at = reached.indexOf(1); at >= 0; at = reached.indexOf(1, at + 1)) found.push(at);
  reached.fill(0);
  return found;
}

async function failureOf(run: Run): Promise<string | undefined> {
  try {
    await run(context);
  } catch (error) {
    return String((error as Error)?.stack ?? error);
  }
}

async function load({ tests, mutant }: Start): Promise<string | undefined> {
  Object.assign(globalThis, { weirMutant: mutant, weirReached: reached, weirSwitches: switches });
  Object.defineProperty(Deno, "test", { value: register });
  console.log =
    console.error =
    console.warn =
    console.info =
      () => {};
  // The same examples each time, and the first that fails is enough.
  fc.configureGlobal({ seed: 1, endOnFailure: true });
  return await failureOf(async () => {
    for (const test of tests) await import(test);
  });
}

async function obey({ mutant, only }: Order, reachedByLoading: number[]): Promise<Answer> {
  const ran: Ran[] = [];
  switchTo(mutant);
  for (const test of only ?? registered.keys()) {
    const { name, run } = registered[test], since = process.cpuUsage();
    const why = await failureOf(run);
    const { user, system } = process.cpuUsage(since);
    ran.push({ test, ms: (user + system) / 1000, reached: takeReached() });
    if (why === undefined) continue;
    switchTo(0);
    const spoiled = await failureOf(run) !== undefined;
    return { killedBy: name, why, spoiled, reachedByLoading, ran };
  }
  return { killedBy: "", reachedByLoading, ran };
}

const why = await load(JSON.parse(Deno.args[0]));
const reachedByLoading = takeReached();
let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    const found: Answer = why === undefined
      ? await obey(JSON.parse(line), reachedByLoading)
      : { killedBy: "loading it", why, spoiled: true, reachedByLoading, ran: [] };
    await answer.write(encoder.encode(JSON.stringify(found) + "\n"));
  }
}
// What a mutant left running would keep the process.
Deno.exit(0);
