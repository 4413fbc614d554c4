/**
 * Judges the mutants of one source. The tests are run once to see which of them reach which mutant; then each mutant
 * meets only those that reach it, quickest first, in a process that has loaded them already. What that process cannot
 * tell is asked of a fresh one: mutants that act while the module is loaded, those that a second run of the same tests
 * does not reach (a value kept from the first hides them), and those that ended the process.
 */
import type { Answer, Ran } from "./mutant_process.ts";
import { TestProcess } from "./test_process.ts";

export interface JudgeOptions {
  /** The copy of the project; the source in it is woven with its mutants. */
  folder: string;
  /** Files of tests, from the folder. */
  tests: readonly string[];
  /** Processes at once. */
  workers: number;
}

/** What the tests do without a mutant. */
interface Survey {
  /** Tests that reach a mutant, quickest first. */
  reaching: ReadonlyMap<number, readonly number[]>;
  /** All tests, quickest first. */
  order: readonly number[];
  /** Milliseconds of each. */
  ms: readonly number[];
  /** Mutants that act while the tests are loaded, or in their first run only. */
  early: ReadonlySet<number>;
  /** False where the tests cannot be run twice in one process. */
  canRepeat: boolean;
  /** Milliseconds from the start of the process to the end of the tests. */
  wholeMs: number;
}

// All of processor time.
const SURVEY_MS_MAX = 180_000;
/** A mutant that takes a second and so many times longer than its tests took without it never ends. */
const LIMIT_FACTOR = 4, LIMIT_MS_MIN = 1000;
const TIME = "its time limit", OUTSIDE = "an error outside of a test";

/** Runs the tests without a mutant on the source that notes which places are reached. Rejects where one fails. */
export async function survey({ folder, tests }: JudgeOptions): Promise<Survey> {
  await using process = started(folder, tests, 0);
  const first = await process.give({ mutant: 0 }, SURVEY_MS_MAX);
  const wholeMs = await process.usedMs();
  if (typeof first === "string" || first.killedBy !== "") {
    const why = typeof first === "string" ? first : `${first.killedBy}\n${first.why}`;
    throw new Error(`The tests fail without a mutant: ${why}`);
  }
  const second = await process.give({ mutant: 0 }, SURVEY_MS_MAX);
  const again = typeof second === "string" ? [] : second.ran;
  const ran = [...first.ran].sort((a, b) => a.ms - b.ms);
  return {
    reaching: reachingOf(ran),
    order: ran.map(({ test }) => test),
    ms: first.ran.map(({ ms }) => ms),
    early: new Set([
      ...first.reachedByLoading,
      ...first.ran.flatMap((one, i) => notIn(again[i], one)),
    ]),
    canRepeat: typeof second !== "string" && second.killedBy === "",
    wholeMs,
  };
}

/** The test that noticed each of the mutants, "" for survivors. */
export async function judge(
  options: JudgeOptions,
  found: Survey,
  numbers: readonly number[],
): Promise<Map<number, string>> {
  const left = [...numbers], verdicts = new Map<number, string>();
  await Promise.all(Array.from({ length: options.workers }, async () => {
    await using judge = new Judge(options, found);
    for (let number = left.shift(); number !== undefined; number = left.shift()) {
      verdicts.set(number, await judge.killerOf(number));
    }
  }));
  return verdicts;
}

class Judge implements AsyncDisposable {
  readonly #options: JudgeOptions;
  readonly #survey: Survey;
  #warm: TestProcess | undefined;

  constructor(options: JudgeOptions, found: Survey) {
    this.#options = options;
    this.#survey = found;
  }

  async killerOf(mutant: number): Promise<string> {
    const { reaching, early, canRepeat } = this.#survey;
    const only = reaching.get(mutant) ?? [];
    if (early.has(mutant) || (!canRepeat && only.length > 0)) return await this.#fresh(mutant);
    if (only.length === 0) return ""; // no test comes there
    const killedBy = await this.#inWarm(mutant, only);
    return killedBy === OUTSIDE ? await this.#fresh(mutant) : killedBy;
  }

  async #inWarm(mutant: number, only: readonly number[]): Promise<string> {
    const { folder, tests } = this.#options, { ms, wholeMs } = this.#survey;
    const isNew = this.#warm === undefined;
    this.#warm ??= started(folder, tests, 0);
    const testsMs = only.reduce((sum, test) => sum + ms[test], 0) + (isNew ? wholeMs : 0);
    const answer = await this.#warm.give(
      { mutant, only },
      LIMIT_MS_MIN + testsMs * LIMIT_FACTOR,
    );
    if (typeof answer === "string" || answer.spoiled === true) await this.#endWarm();
    return killerIn(answer);
  }

  async #fresh(mutant: number): Promise<string> {
    const { folder, tests } = this.#options, { order, wholeMs } = this.#survey;
    await using process = started(folder, tests, mutant);
    const limitMs = LIMIT_MS_MIN + wholeMs * LIMIT_FACTOR;
    return killerIn(await process.give({ mutant, only: order }, limitMs));
  }

  async #endWarm(): Promise<void> {
    await this.#warm?.[Symbol.asyncDispose]();
    this.#warm = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endWarm();
  }
}

function started(folder: string, tests: readonly string[], mutant: number): TestProcess {
  return new TestProcess(folder, {
    tests: tests.map((test) => `file://${folder}/${test}`),
    mutant,
  });
}

function killerIn(answer: Answer | "time" | "ended"): string {
  return answer === "time" ? TIME : answer === "ended" ? OUTSIDE : answer.killedBy;
}

/** Mutants that a test reached the first time and not the second. */
function notIn(second: Ran | undefined, first: Ran): number[] {
  const again = new Set(second?.reached);
  return first.reached.filter((mutant) => !again.has(mutant));
}

function reachingOf(ran: readonly Ran[]): Map<number, number[]> {
  const reaching = new Map<number, number[]>();
  for (const { test, reached } of ran) {
    for (const mutant of reached) {
      const tests = reaching.get(mutant);
      if (tests === undefined) reaching.set(mutant, [test]);
      else tests.push(test);
    }
  }
  return reaching;
}
