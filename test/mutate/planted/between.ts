/** For the test of the mutator: one bound of this function is tested, the other is not. */

/** True from `low` to `high`. */
export function isBetween(value: number, low: number, high: number): boolean {
  return value >= low && value < high;
}

/** Counts down; one change to it never ends. */
export function countDown(from: number): number {
  let steps = 0;
  for (let i = from; i > 0; i--) steps++;
  return steps;
}
