/** What a run of `deno test` says of itself in its closing line. */

export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts from the last closing line, such as "ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)". All zero where there
 * is none: the run was ended, or never began.
 */
export function countsOf(output: string): Outcome {
  const lines = output.match(/^(?:ok|FAILED) \| .*$/gm);
  const last = lines?.at(-1) ?? "";
  const number = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(last)?.[1] ?? 0);
  return { passed: number("passed"), failed: number("failed"), skipped: number("ignored") };
}
