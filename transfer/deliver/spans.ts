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

/** Records that are to be tried again for the same reason. */
export interface Again {
  spans: Span[];
  /** The first of them. */
  outcome: Retry;
}
type Retry = WriteOutcome & { result: "retry" };

/** The spans, cut where the outcome of one record is not that of the one before it; `again` by code. */
export function sorted(
  spans: readonly Span[],
  outcomes: readonly WriteOutcome[],
): { done: Span[]; again: Again[]; dead: Span[] } {
  const done: Span[] = [], dead: Span[] = [], again = new Map<string, Again>();
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
        const code = result === "retry" ? outcome.code : undefined;
        while (to < span.count && isAs(outcomes[at], code)) {
          to++;
          at++;
        }
        const slice = span.slice(i, to);
        if (result !== "retry") done.push(slice);
        else {
          const same = again.get(outcome.code);
          if (same !== undefined) same.spans.push(slice);
          else again.set(outcome.code, { spans: [slice], outcome: outcome as Retry });
        }
      }
      i = to;
    }
  }
  return { done, again: [...again.values()], dead };
}

/** @param code of what is tried again; undefined: the document is there */
function isAs(outcome: WriteOutcome, code: string | undefined): boolean {
  if (code === undefined) return outcome.result === "created" || outcome.result === "exists";
  return outcome.result === "retry" && outcome.code === code;
}
