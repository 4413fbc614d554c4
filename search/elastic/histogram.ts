/** Counts by time and level, summed up by Elasticsearch where the answer is certain, here where it is not. */
import type { HistogramBucket, RangeRequest } from "../../core/ports/document_store.ts";
import { allOf, type Clause } from "./bounds.ts";
import { type Asked, eachBetween } from "./reader.ts";

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
  const few = fromMs !== undefined && toMs !== undefined &&
    (toMs - fromMs) / bucketMs < BUCKETS_MAX;
  if (few) await countFew(asked, bucketMs, counts);
  else await countMany(asked, bucketMs, counts);
  await eachBetween(asked, (document, timeMs) => {
    const start = Math.floor(timeMs / bucketMs) * bucketMs;
    add(counts, start, document["log.level"] ?? "", 1);
  });
  return [...counts].sort((a, b) => a[0] - b[0]).map(([startMs, levels]) => ({
    startMs,
    count: Object.values(levels).reduce((sum, count) => sum + count, 0),
    levels,
  }));
}

function add(counts: Counts, startMs: number, level: string, count: number): void {
  let levels = counts.get(startMs);
  if (levels === undefined) counts.set(startMs, levels = {});
  levels[level] = (levels[level] ?? 0) + count;
}

function certain({ frame, bounds }: Asked): Clause {
  return { query: allOf([frame, bounds.lower]), size: 0, track_total_hits: false };
}

function timeAgg(bucketMs: number) {
  return { field: "@timestamp", fixed_interval: `${bucketMs}ms` };
}

/** All buckets in one answer. */
async function countFew(asked: Asked, bucketMs: number, counts: Counts): Promise<void> {
  const levels = { terms: { field: "log.level", size: 20, missing: "" } };
  const { aggregations } = await asked.requests.search({
    ...certain(asked),
    aggs: {
      times: {
        date_histogram: { ...timeAgg(bucketMs), min_doc_count: 1 },
        aggs: { levels },
      },
    },
  }, asked.signal);
  for (const bucket of aggregations?.times?.buckets ?? []) {
    for (const { key, doc_count } of bucket.levels.buckets) {
      add(counts, bucket.key, key, doc_count);
    }
  }
}

/** Buckets page by page, however many there are. */
async function countMany(asked: Asked, bucketMs: number, counts: Counts): Promise<void> {
  let after: unknown;
  do {
    const { aggregations } = await asked.requests.search({
      ...certain(asked),
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
    for (const { key, doc_count } of buckets) add(counts, key.time, key.level ?? "", doc_count);
    after = buckets.length < PAGE ? undefined : after_key;
  } while (after !== undefined);
}
