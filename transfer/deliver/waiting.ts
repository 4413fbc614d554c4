/** What keeps lines from being written: which, since when, why, what helps; as a state, and as text for /readyz. */
import type { Span } from "./span.ts";
import { countOf } from "./spans.ts";
import { THROTTLED } from "./pace.ts";

/** Why lines are tried again. */
export interface Why {
  code: string;
  reason: string;
  /** What the operator can do about it; "" where the writer did not say. */
  hint: string;
  /** Since when they wait for this reason, ms since 1970. */
  sinceMs: number;
}

/** Lines of one code that wait now. */
export interface Problem extends Omit<Why, "code"> {
  lines: number;
  topics: string[];
  /** How often those that were tried most were tried. */
  attempts: number;
}

/** Attempts, of lines or of the writer as a whole, after which what waits is more than a hiccup. */
const ATTEMPTS_LASTING = 3;
/** The same for lines that the writer had no time for: they do arrive, later. */
const ATTEMPTS_THROTTLED = 8;
const TOPICS_TOLD = 5;

/** By code; lines that were not tried yet are no problem. */
export function problemsOf(
  works: Iterable<{ spans: readonly Span[]; attempt: number; why?: Why | undefined }>,
): Map<string, Problem> {
  const problems = new Map<string, Problem>();
  for (const { spans, attempt, why } of works) {
    if (why === undefined) continue;
    const { code, ...more } = why;
    let problem = problems.get(code);
    if (problem === undefined) {
      problem = { ...more, lines: 0, topics: [], attempts: 0 };
      problems.set(code, problem);
    }
    problem.lines += countOf(spans);
    problem.sinceMs = Math.min(problem.sinceMs, why.sinceMs);
    problem.attempts = Math.max(problem.attempts, attempt);
    for (const { lane: { topic } } of spans) {
      if (!problem.topics.includes(topic)) problem.topics.push(topic);
    }
  }
  return problems;
}

/**
 * A sentence of each problem that lasts, its code first: what waits, of which topics, since when, why, and what helps.
 * @param failures of the writer as a whole, in a row
 */
export function lasting(problems: ReadonlyMap<string, Problem>, failures: number): string[] {
  const reasons: string[] = [];
  for (const [code, { reason, hint, sinceMs, lines, topics, attempts }] of problems) {
    const most = code === THROTTLED ? ATTEMPTS_THROTTLED : ATTEMPTS_LASTING;
    if (failures < ATTEMPTS_LASTING && attempts < most) continue;
    const more = topics.length - TOPICS_TOLD;
    const where = topics.slice(0, TOPICS_TOLD).join(", ") + (more > 0 ? ` and ${more} more` : "");
    const what = `${lines} ${lines === 1 ? "line" : "lines"} of ${where}`;
    const since = new Date(sinceMs).toISOString();
    reasons.push(
      `${code}: ${what} cannot be written since ${since}: ${reason}${hint && `. ${hint}`}`,
    );
  }
  return reasons;
}
