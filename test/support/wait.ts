/** Waiting in tests: on a condition, never for a time. What never came is said with what was seen last. */

export interface WaitOptions {
  /** Times the patience of the run (WEIR_TEST_PATIENCE). @default {30000} */
  timeoutMs?: number;
  /** Between two looks. @default {25} */
  everyMs?: number;
  /** Text for the failure, such as the end of a server's log. */
  detail?: () => string | Promise<string>;
}

/**
 * Looks until `condition` gives something true, and returns that. A condition that throws counts as not yet true.
 * Throws after `timeoutMs` with `what`, the value or error seen last, and `detail`.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<T>> {
  const { everyMs = 25, detail } = options;
  const timeoutMs = (options.timeoutMs ?? 30_000) * patience();
  const since = performance.now();
  let looks = 0;
  for (;;) {
    let seen: string;
    looks++;
    try {
      const value = await condition();
      if (value) return value;
      seen = `last value ${show(value)}`;
    } catch (error) {
      if (error instanceof NeverError) throw error;
      seen = `last error ${error instanceof Error ? error.message : String(error)}`;
    }
    const waitedMs = performance.now() - since;
    if (waitedMs > timeoutMs) {
      const more = detail === undefined ? "" : `\n${await detail()}`;
      const seconds = (waitedMs / 1000).toFixed(1);
      throw new Error(`Waited ${seconds} s for ${what}: ${seen}, ${looks} looks${more}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/**
 * How many times longer than usual a test, and the tests of a folder together, may take: WEIR_TEST_PATIENCE, 1 to 100,
 * for a machine that is slow or does other work.
 * @default {1}
 */
export function patience(): number {
  const factor = Number(Deno.env.get("WEIR_TEST_PATIENCE") ?? "1");
  return factor >= 1 && factor <= 100 ? factor : 1;
}

const DAY_MS = 86_400_000, DAY_END_MS = 30_000;

/**
 * Resolves when the day does not end within half a minute, by UTC: at once, but for its last half minute. For a test
 * that says of what day something is, at the beginning and at the end.
 */
export async function clearOfMidnight(): Promise<void> {
  const ms = midnightMs(Date.now(), DAY_END_MS * patience());
  if (ms === 0) return;
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** How long it takes until the next day has begun; 0 where that is not within `soonMs`. */
export function midnightMs(nowMs: number, soonMs: number): number {
  const restMs = DAY_MS - nowMs % DAY_MS;
  return restMs <= soonMs ? restMs + 1 : 0;
}

/** Thrown by a condition that can never become true: the wait ends at once. */
export class NeverError extends Error {
  override readonly name = "NeverError";
}

function show(value: unknown): string {
  try {
    return String(JSON.stringify(value) ?? value).slice(0, 300);
  } catch {
    return String(value); // a bigint or a cycle
  }
}
