/**
 * Errors that an operator meets. Each carries a stable code, a hint that says what to do, and whether
 * trying again can help. Programmer errors stay plain TypeError or RangeError.
 */

export interface WeirErrorOptions {
  /** What the operator can do about it, one sentence. */
  hint?: string;
  /** True where the same call may succeed later without anybody changing anything. @default {false} */
  retriable?: boolean;
  cause?: unknown;
}

/** A condition with a documented code. Classify by `code` and `retriable`, never by the text. */
export class WeirError extends Error {
  override readonly name = "WeirError";
  /** Stable, SCREAMING_SNAKE_CASE, listed in docs/errors.md. */
  readonly code: string;
  readonly hint: string;
  readonly retriable: boolean;

  constructor(code: string, message: string, options: WeirErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? "";
    this.retriable = options.retriable ?? false;
  }
}

/** Exit codes of every program, after sysexits(3). */
export const EXIT = { ok: 0, runtime: 1, usage: 64, unavailable: 69, permission: 77, config: 78 };

/** The text of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, " ");
}

/** True where waiting and trying again is right: a WeirError that says so. Unknown errors are not. */
export function isRetriable(error: unknown): boolean {
  return error instanceof WeirError && error.retriable;
}

/** An invariant that holds in every build. Throws a plain Error: a violation is a bug of ours. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}
