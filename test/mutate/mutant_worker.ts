/**
 * One mutant against unit tests, in a worker: nothing of another mutant is left in it, and one that never ends is
 * ended from outside. Tells whether a test failed, and which.
 */

export interface Order {
  mutant: number;
  /** URLs of the files of tests. */
  tests: readonly string[];
}

/** The name of the test that failed, "" where none did, and how. */
export interface Verdict {
  killedBy: string;
  why?: string;
}

// deno-lint-ignore no-explicit-any
type Any = any;
type Run = (context: Any) => unknown;

const registered: { name: string; run: Run }[] = [];

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

async function verdict({ mutant, tests }: Order): Promise<Verdict> {
  (globalThis as Any).weirMutant = mutant;
  Object.defineProperty(Deno, "test", { value: register });
  console.log = console.error = () => {};
  try {
    for (const test of tests) await import(test);
  } catch (error) {
    return { killedBy: "loading it", why: String(error) };
  }
  for (const { name, run } of registered) {
    try {
      await run(context);
    } catch (error) {
      return { killedBy: name, why: String((error as Error).stack ?? error) };
    }
  }
  return { killedBy: "" };
}

self.onmessage = async ({ data }: MessageEvent<Order>) => self.postMessage(await verdict(data));
