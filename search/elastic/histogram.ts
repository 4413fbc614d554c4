/** Counts by time and level, summed up by Elasticsearch where the answer is certain, here where it is not. */
import type { HistogramBucket, RangeRequest } from "../../core/ports/document_store.ts";
import { allOf, type Clause } from "./bounds.ts";
import { type Asked, eachBetween } from "./between.ts";

/** Buckets that are asked for at once; Elasticsearch gives 65,536 of all levels. */
const BUCKETS_MAX = 5000;
const PAGE = 5000;

type Counts = Map<number, Record<string, number>>;

export async function histogramOf(
  asked: Asked,
  request: RangeRequest & { bucketMs: number },
): Promise<HistogramBucket[]> {
  const { fromMs, toMs, bucketMs } = request;
  const counts: Counts = new Map();
  const count = async (clause: Clause, share: number) => {
    const sum = { clause: allOf([asked.frame, clause]), bucketMs, share, counts };
    await (few ? countFew(asked, sum) : countMany(asked, sum));
  };
  const few = fromMs !== undefined && toMs !== undefined &&
    (toMs - fromMs) / bucketMs < BUCKETS_MAX;
  await count(asked.bounds.lower, 1);
  const looked: Counts = new Map();
  const estimate = await eachBetween(asked, (document, timeMs) => {
    const start = Math.floor(timeMs / bucketMs) * bucketMs;
    add(looked, start, document["log.level"] ?? "", 1);
  });
  // What was looked at says how many fit, Elasticsearch when they were.
  if (estimate !== undefined) await count(estimate.clause, estimate.share);
  else {
    for (const [start, levels] of looked) {
      for (const [level, number] of Object.entries(levels)) add(counts, start, level, number);
    }
  }
  return [...counts].sort((a, b) => a[0] - b[0]).map(([startMs, levels]) => ({
    startMs,
    count: Object.values(levels).reduce((sum, count) => sum + count, 0),
    levels,
  }));
}

function add(counts: Counts, startMs: number, level: string, count: number): void {
  if (count === 0) return;
  let levels = counts.get(startMs);
  if (levels === undefined) counts.set(startMs, levels = {});
  levels[level] = (levels[level] ?? 0) + count;
}

/** Documents to count, the part of them that counts, and where to. */
interface Sum {
  clause: Clause;
  bucketMs: number;
  share: number;
  counts: Counts;
}

function counted(clause: Clause): Clause {
  return { query: clause, size: 0, track_total_hits: false };
}

function timeAgg(bucketMs: number) {
  return { field: "@timestamp", fixed_interval: `${bucketMs}ms` };
}

/** All buckets in one answer. */
async function countFew(asked: Asked, sum: Sum): Promise<void> {
  const { bucketMs, counts, share } = sum;
  const levels = { terms: { field: "log.level", size: 20, missing: "" } };
  const { aggregations } = await asked.requests.search({
    ...counted(sum.clause),
    aggs: {
      times: {
        date_histogram: { ...timeAgg(bucketMs), min_doc_count: 1 },
        aggs: { levels },
      },
    },
  }, asked.signal);
  for (const bucket of aggregations?.times?.buckets ?? []) {
    for (const { key, doc_count } of bucket.levels.buckets) {
      add(counts, bucket.key, key, Math.round(doc_count * share));
    }
  }
}

/** Buckets page by page, however many there are. */
async function countMany(asked: Asked, sum: Sum): Promise<void> {
  const { bucketMs, counts, share } = sum;
  let after: unknown;
  do {
    const { aggregations } = await asked.requests.search({
      ...counted(sum.clause),
      aggs: {
        times: {
          composite: {
            size: PAGE,
            sources: [
              { time: { date_histogram: timeAgg(bucketMs) } },
              { level: { terms: { field: "log.level", missing_bucket: true } } },
            ],
            ...(after === undefined ? {} : { after }),
          },
        },
      },
    }, asked.signal);
    const { buckets = [], after_key } = aggregations?.times ?? {};
    for (const { key, doc_count } of buckets) {
      add(counts, key.time, key.level ?? "", Math.round(doc_count * share));
    }
    after = buckets.length < PAGE ? undefined : after_key;
  } while (after !== undefined);
}
