/** The order of lines (@timestamp, generation, offset, topic) over what Elasticsearch sorts. */
import type { SortKey } from "../../core/ports/document_store.ts";
import { ALL, allOf, anyOf, type Clause, negated } from "./bounds.ts";
import { exists, timeRange } from "./fields.ts";
import type { Found } from "./pages.ts";

/** Lines of one time that are put in order here; of more the rest stays as Elasticsearch sorted it. */
const TIES_MAX = 100_000;

/**
 * Puts found documents in order. Elasticsearch has them so already, but for records of other
 * producers, which it has before all others of the same time.
 */
export async function* ordered(
  found: AsyncIterable<Found[]>,
  order: "newest" | "oldest",
): AsyncGenerator<Found[]> {
  const sign = order === "newest" ? -1 : 1;
  let ties: Found[] = [];
  for await (const page of found) {
    const ready: Found[] = [];
    for (const one of page) {
      if (ties.length > 0 && (one.timeMs !== ties[0].timeMs || ties.length === TIES_MAX)) {
        ready.push(...ties.sort((a, b) => sign * compareLines(a, b)));
        ties = [];
      }
      if (ties.length > 0 || one.foreign) ties.push(one);
      else ready.push(one);
    }
    if (ready.length > 0) yield ready;
  }
  if (ties.length > 0) yield ties.sort((a, b) => sign * compareLines(a, b));
}

type Place = Pick<Found, "timeMs" | "document">;

/** Below 0 where `a` stands before `b`, oldest first. */
export function compareLines(a: Place, b: Place): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  const x = a.document, y = b.document;
  return compareText(x["log.file.generation"], y["log.file.generation"]) ||
    x["log.offset"] - y["log.offset"] || compareText(x.topic, y.topic);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** True where the document stands behind the key. */
export function isBehind(one: Place, after: SortKey, order: "newest" | "oldest"): boolean {
  const { document } = one;
  const place = one.timeMs - after.timestampMs ||
    compareText(document["log.file.generation"], after.generation) ||
    document["log.offset"] - after.offset ||
    (after.topic === undefined ? 0 : compareText(document.topic, after.topic));
  return order === "newest" ? place < 0 : place > 0;
}

/** Documents behind the key, and a few of the same time, which `isBehind` takes out. */
export function behindClause(after: SortKey | undefined, order: "newest" | "oldest"): Clause {
  if (after === undefined) return ALL;
  const { timestampMs, generation, offset } = after;
  const beyond = order === "newest" ? "lt" : "gt";
  const field = "log.file.generation";
  return anyOf([
    timeRange("@timestamp", { [beyond]: timestampMs }),
    allOf([
      timeRange("@timestamp", { gte: timestampMs, lte: timestampMs }),
      anyOf([
        negated(exists(field)),
        { range: { [field]: { [beyond]: generation } } },
        allOf([
          { term: { [field]: { value: generation } } },
          { range: { "log.offset": { [`${beyond}e`]: offset } } },
        ]),
      ]),
    ]),
  ]);
}
