/**
 * A run of checks and folders of tests, and its account: what passed, failed and was skipped, each failure's output
 * shown again at the end, and as the very last line `N passed, N failed`, with `, N skipped` where something was.
 * Nothing is skipped without a reason above that line, and a folder that runs no test has failed. Tests that leave a
 * timer, a request or a file behind fail: deno 2.8 looks for that only when it is told to.
 */
import { countsOf, failedPart, type Outcome, skipReasons } from "./outcome.ts";
import { type Exit, startProgram } from "./process.ts";
import { patience } from "./wait.ts";

export interface TestRunOptions {
  /** Gets all that is to be shown. @default standard output */
  write?: (text: string) => void;
}

export interface SuiteOptions {
  /** More than these is a failure, and so is undefined. */
  minutes: number | undefined;
  env?: Record<string, string>;
  /** Others run at the same time: its output is shown when it has ended. @default {false} */
  isBeside?: boolean;
  /** Why this folder's tests are not checked for what they leave behind. @default they are */
  leavesBehind?: string;
}

export interface Ran {
  success: boolean;
  stdout: string;
  stderr: string;
  /** It took more than its minutes and was ended. */
  late: boolean;
}

// After a kill, something that the program started may still hold its output.
const LAST_OUTPUT_MS = 5_000;

export class TestRun {
  readonly #root: string;
  readonly #write: (text: string) => void;
  readonly #since = performance.now();
  readonly #total: Outcome = { passed: 0, failed: 0, skipped: 0 };
  readonly #failures: string[] = [];
  readonly #reasons: string[] = [];
  readonly #notes: string[] = [];

  /** @param root folder in which everything runs */
  constructor(root: string, options: TestRunOptions = {}) {
    this.#root = root;
    this.#write = options.write ??
      ((text) => Deno.stdout.writeSync(new TextEncoder().encode(text)));
  }

  /** One line of progress, with the seconds since the run began. */
  say(text: string): void {
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(0).padStart(4);
    this.#write(`[${seconds} s] ${text}\n`);
  }

  pass(): void {
    this.#total.passed++;
  }

  /** Counts one failure; `text` is shown at the end. */
  fail(text: string, count = 1): void {
    this.#total.failed += count;
    this.#failures.push(text);
  }

  skip(count: number, reason: string): void {
    this.#total.skipped += count;
    this.#reasons.push(`skipped: ${reason}`);
  }

  /** A check such as lint counts as one test. */
  async check(name: string, args: string[], minutes = 5): Promise<void> {
    this.say(name);
    const ran = await this.deno(args, {}, minutes);
    if (ran.success) return this.pass();
    const late = ran.late ? ` (ended after ${minutes} minutes)` : "";
    this.fail(`${name}${late}:\n${(ran.stdout + ran.stderr).slice(-4000).trim()}`);
  }

  /** Runs a folder's tests within its minutes; without minutes it has failed. */
  async suite(name: string, paths: string[], options: SuiteOptions): Promise<void> {
    const { minutes, env = {}, leavesBehind, isBeside = false } = options;
    if (minutes === undefined) {
      return this.fail(`${name} has tests and no budget: give it minutes in test/budgets.ts`);
    }
    this.say(`${name} (${minutes} min)`);
    const since = performance.now();
    const checks = leavesBehind === undefined ? ["--sanitize-ops", "--sanitize-resources"] : [];
    const args = ["test", "-A", "--no-check", ...checks, ...paths];
    const ran = await this.deno(args, env, minutes, isBeside ? () => {} : this.#write);
    if (isBeside) this.#write(ran.stdout);
    if (leavesBehind !== undefined) this.#notes.push(`${name}: leaks unchecked: ${leavesBehind}`);
    const counts = countsOf(ran.stdout) ?? { passed: 0, failed: 0, skipped: 0 };
    this.#account(name, ran, counts, minutes);
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    this.say(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
  }

  #account(name: string, ran: Ran, counts: Outcome, minutes: number): void {
    this.#total.passed += counts.passed;
    this.#total.skipped += counts.skipped;
    const reasons = skipReasons(ran.stdout + ran.stderr);
    if (counts.skipped > 0) {
      this.#reasons.push(`${name}: ${counts.skipped} skipped`, ...reasons);
      if (reasons.length === 0) {
        this.fail(`${name} skips tests without saying why: print a line "skipped: the reason"`);
      }
    }
    if (ran.late) {
      const end = ran.stdout.slice(-2000).trim();
      this.fail(`${name} took more than its ${minutes} minutes and was ended; its end was\n${end}`);
    } else if (!ran.success) {
      const part = failedPart(ran.stdout), more = part === "" ? ran.stderr.slice(-4000) : "";
      this.fail(`${name}:\n${part}${more}`, Math.max(1, counts.failed));
    } else if (counts.passed + counts.skipped === 0) {
      this.fail(`${name} ran no test`);
    }
  }

  /**
   * Runs deno with its output shown and kept; ends it when its minutes are over, or when this process ends. On a
   * machine that does other work, WEIR_TEST_PATIENCE=3 gives three times the minutes.
   */
  async deno(
    args: string[],
    env: Record<string, string>,
    minutes: number,
    onOutput = this.#write,
  ): Promise<Ran> {
    const program = startProgram(Deno.execPath(), args, {
      cwd: this.#root,
      env: { NO_COLOR: "1", ...env },
      onOutput,
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const after = (ms: number) =>
      new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), ms));
    let exit: Exit | undefined = await Promise.race([
      program.exit,
      after(minutes * patience() * 60_000),
    ]);
    clearTimeout(timer);
    const late = exit === undefined;
    if (late) {
      program.signal("SIGKILL");
      exit = await Promise.race([program.exit, after(LAST_OUTPUT_MS)]);
      clearTimeout(timer);
    }
    const { stdout, stderr } = program;
    return { success: !late && exit?.code === 0, stdout, stderr, late };
  }

  /** Shows the failures and the account; returns the exit code: 0 where something ran and nothing failed. */
  end(): number {
    for (const failure of this.#failures) this.#write(`\n--- failed: ${failure}\n`);
    for (const reason of new Set([...this.#notes, ...this.#reasons])) this.#write(`${reason}\n`);
    this.say("end");
    const { passed, failed, skipped } = this.#total;
    const more = skipped > 0 ? `, ${skipped} skipped` : "";
    this.#write(`${passed} passed, ${failed} failed${more}\n`);
    return failed === 0 && passed > 0 ? 0 : 1;
  }
}
