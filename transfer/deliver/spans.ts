/** Lists of spans: counted, cut at a line, and sorted by what became of each line. No line is left out or twice. */
import type { WriteOutcome } from "../../core/ports/document_store.ts";
import type { Span } from "./span.ts";

/** Lines of the spans. */
export function countOf(spans: readonly Span[]): number {
  let count = 0;
  for (const span of spans) count += span.count;
  return count;
}

/** The first `count` lines, and the others. */
export function cutAt(spans: readonly Span[], count: number): [Span[], Span[]] {
  const first: Span[] = [], rest: Span[] = [];
  let left = count;
  for (const span of spans) {
    const lines = Math.min(left, span.count);
    left -= lines;
    if (lines > 0) first.push(span.slice(0, lines));
    if (lines < span.count) rest.push(span.slice(lines, span.count));
  }
  return [first, rest];
}

/** The spans, cut where the outcome of one record is not that of the one before it. */
export function sorted(
  spans: readonly Span[],
  outcomes: readonly WriteOutcome[],
): { done: Span[]; again: Span[]; dead: Span[] } {
  const done: Span[] = [], again: Span[] = [], dead: Span[] = [];
  let at = 0;
  for (const span of spans) {
    for (let i = 0; i < span.count;) {
      const outcome = outcomes[at], { result } = outcome;
      let to = i + 1;
      at++;
      if (result === "rejected") {
        const one = span.slice(i, to);
        one.dead = { code: outcome.code, reason: outcome.reason };
        dead.push(one);
      } else {
        const isDone = result !== "retry";
        while (to < span.count && isAs(outcomes[at], isDone)) {
          to++;
          at++;
        }
        (isDone ? done : again).push(span.slice(i, to));
      }
      i = to;
    }
  }
  return { done, again, dead };
}

function isAs({ result }: WriteOutcome, done: boolean): boolean {
  return done ? result === "created" || result === "exists" : result === "retry";
}
