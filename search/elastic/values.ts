/** The most frequent values of a field. */
import { fieldValue, TIME_FIELDS } from "../query/fields.ts";
import { allOf, type Bounds, type Clause, negated, NONE } from "./bounds.ts";
import { exists, isFlattened, TOO_LONG } from "./fields.ts";
import { type Asked, eachBetween } from "./between.ts";
import { type TermsAnswer, termsOf } from "./reader.ts";

/** Different values that are counted here; those that come later are left out. */
const VALUES_MAX = 100_000;
/** Values that Elasticsearch is asked for where others are added to them. */
const MERGED_MAX = 10_000;

export async function valuesOf(
  asked: Asked,
  field: string,
  limit: number,
): Promise<{ value: string; count: number }[]> {
  const counts = new Map<string, number>();
  const add = (value: string | undefined, count: number) => {
    if (value === undefined) return;
    const known = counts.get(value);
    if (known !== undefined || counts.size < VALUES_MAX) counts.set(value, (known ?? 0) + count);
  };
  const bounds = countable(asked.bounds, field);
  await eachBetween(
    { ...asked, bounds },
    (document, _timeMs, weight) => add(fieldValue(document, field), weight),
  );
  const size = counts.size > 0 ? MERGED_MAX : limit;
  for (const { key, doc_count } of await certainValues({ ...asked, bounds }, field, size)) {
    add(TIME_FIELDS.has(field) ? new Date(Number(key)).toISOString() : String(key), doc_count);
  }
  return [...counts].map(([value, count]) => ({ value, count: Math.round(count) }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, limit);
}

/** Bounds whose lower one holds no document that Elasticsearch would count otherwise than we do. */
function countable({ lower, upper }: Bounds, field: string): Bounds {
  const only = (clause: Clause): Bounds => ({ lower: allOf([lower, clause]), upper });
  if (field === "message" || field === "_id" || field.includes("*")) return { lower: NONE, upper };
  if (field === "log.file.generation") return only(exists(field));
  if (!isFlattened(field)) return { lower, upper };
  const known = negated(TOO_LONG);
  return field.startsWith("fields.")
    ? only(allOf([known, negated(exists(`fields.${field}`))]))
    : only(known);
}

async function certainValues(
  { requests, bounds, frame, signal }: Asked,
  field: string,
  size: number,
): Promise<TermsAnswer["buckets"]> {
  if (bounds.lower === NONE) return [];
  const name = !isFlattened(field)
    ? field
    : field.startsWith("fields.")
    ? field
    : `fields.${field}`;
  const empty = field === "host.name" || field === "log.file.path" ? { missing: "" } : {};
  // Each shard gives its own most frequent ones: enough of them, and the sums are right.
  for (const shardSize of [Math.max(1000, 2 * size), 50_000]) {
    const terms = { field: name, size, shard_size: shardSize, ...empty };
    const { aggregations } = await requests.search({
      query: allOf([frame, bounds.lower]),
      size: 0,
      track_total_hits: false,
      aggs: { values: { terms } },
    }, signal);
    const found = termsOf(aggregations, "values");
    if (found.doc_count_error_upper_bound === 0 || shardSize === 50_000) return found.buckets;
  }
  return [];
}
