/**
 * The fuzzer: runs a target over its corpus and over inputs made from it. An input whose outcome is a new one joins
 * the inputs that are mutated, in place of the coverage that other fuzzers follow. What breaks a property is made
 * smaller and reported with its bytes; the same seed finds the same again.
 */
import { Random } from "../support/random.ts";
import { mutate } from "./mutate.ts";
import { Broken, type Target } from "./target.ts";

/** An input that breaks a property. */
export interface Finding {
  target: string;
  /** What broke, on one line. */
  what: string;
  stack: string;
  input: Uint8Array;
  /** Case of the seed; -1 for a file of the corpus. */
  case: number;
}

export interface FuzzOptions {
  seed: number;
  /** Cases at most. */
  cases: number;
  /** True when it is time to end. @default never */
  late?: () => boolean;
  /** Hears of each input before it is run. */
  onInput?: (input: Uint8Array, number: number) => void;
  /** Longest time of one input; more is a finding. @default any */
  inputMsMax?: number;
}

export interface FuzzResult {
  cases: number;
  /** Different outcomes seen. */
  outcomes: number;
  finding?: Finding;
}

const POOL_MAX = 2000;
const SHRINK_RUNS_MAX = 2000;

/** Runs a target until something breaks or the cases are over. */
export async function fuzz(
  target: Target,
  corpus: readonly Uint8Array[],
  options: FuzzOptions,
): Promise<FuzzResult> {
  const random = new Random(options.seed), outcomes = new Set<string>();
  const pool = [...corpus];
  let number = -corpus.length;
  for (; number < options.cases; number++) {
    if (options.late?.() === true) break;
    const input = number < 0
      ? corpus[number + corpus.length]
      : mutate(random, pool, target.words, target.bytesMax);
    options.onInput?.(input, number);
    const ran = await runOnce(target, input, options.inputMsMax);
    if (ran.error !== undefined) {
      const finding = await shrink(target, input, ran.error, options);
      return {
        cases: Math.max(0, number + 1),
        outcomes: outcomes.size,
        finding: { ...finding, case: number < 0 ? -1 : number },
      };
    }
    if (outcomes.has(ran.outcome) || outcomes.size >= POOL_MAX) continue;
    outcomes.add(ran.outcome);
    if (number >= 0) pool.push(input);
  }
  return { cases: Math.max(0, number), outcomes: outcomes.size };
}

/** Runs one input. */
export async function runOnce(
  target: Target,
  input: Uint8Array,
  inputMsMax = Infinity,
): Promise<{ outcome: string; error?: Error }> {
  const since = performance.now();
  try {
    const outcome = await target.run(input.slice());
    const ms = performance.now() - since;
    if (ms <= inputMsMax) return { outcome };
    return { outcome: "", error: new Broken(`one input took ${ms.toFixed(0)} ms`) };
  } catch (error) {
    return { outcome: "", error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Takes pieces out of the input for as long as it breaks in the same way. */
async function shrink(
  target: Target,
  found: Uint8Array,
  error: Error,
  options: FuzzOptions,
): Promise<Omit<Finding, "case">> {
  let input = found, last = error, runs = 0;
  for (let size = input.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= input.length && runs < SHRINK_RUNS_MAX;) {
      const smaller = new Uint8Array(input.length - size);
      smaller.set(input.subarray(0, at));
      smaller.set(input.subarray(at + size), at);
      runs++;
      const ran = await runOnce(target, smaller, options.inputMsMax);
      if (ran.error !== undefined && kindOf(ran.error) === kindOf(error)) {
        input = smaller;
        last = ran.error;
      } else at += size;
    }
  }
  return {
    target: target.name,
    what: `${last.name}: ${last.message}`.split("\n")[0],
    stack: last.stack ?? "",
    input,
  };
}

/** Name and first words of an error: what has to stay while the input gets smaller. */
function kindOf(error: Error): string {
  return `${error.name} ${error.message.replace(/\d+/g, "0").slice(0, 24)}`;
}
