/** What a run of `deno test` says of itself: its closing line, what failed, and why tests were skipped. */

export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts from the last closing line, such as "ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)". Undefined where
 * there is none: the run was ended, or never began.
 */
export function countsOf(output: string): Outcome | undefined {
  const last = output.match(/^(?:ok|FAILED) \| .*$/gm)?.at(-1);
  if (last === undefined) return undefined;
  const number = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(last)?.[1] ?? 0);
  return { passed: number("passed"), failed: number("failed"), skipped: number("ignored") };
}

const ERRORS_CHARACTERS_MAX = 12_000, TAIL_CHARACTERS = 4_000;

/** The part of the output that tells of failures, with the names of all of them; else its end. */
export function failedPart(output: string): string {
  const errors = output.search(/^\s*ERRORS\s*$/m);
  if (errors < 0) return output.slice(-TAIL_CHARACTERS).trim();
  const rest = output.slice(errors), names = rest.search(/^\s*FAILURES\s*$/m);
  if (rest.length <= ERRORS_CHARACTERS_MAX || names < 0) return rest.trim();
  return `${rest.slice(0, ERRORS_CHARACTERS_MAX)}\n[…]\n${rest.slice(names)}`.trim();
}

/** A test that skips prints why, as a line that begins with "skipped: ". */
export function skipReasons(output: string): string[] {
  return [...new Set(output.match(/^skipped: .+$/gm) ?? [])];
}
