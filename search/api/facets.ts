/** What the page shows beside the lines: counts over time, and which fields with which values there are. */
import type {
  DocumentReader,
  HistogramBucket,
  RangeRequest,
} from "../../core/ports/document_store.ts";

import { FACETS, fieldValue } from "../query/fields.ts";

/** Widths a bar may have, ms. */
const WIDTHS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500, // parts of a second
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3_600_000),
  ...[1, 2, 7, 14, 30, 90, 365, 3650].map((days) => days * 86_400_000),
];

/** The least width that gives at most `bars` bars. */
export function bucketWidth(fromMs: number, toMs: number, bars: number): number {
  const least = (toMs - fromMs) / bars;
  return WIDTHS.find((width) => width >= least) ?? WIDTHS[WIDTHS.length - 1] * 10;
}

export interface Histogram {
  bucketMs: number;
  /** Range that the buckets cover; a side that was left open is null where there is no line. */
  fromMs: number | null;
  toMs: number | null;
  total: number;
  buckets: HistogramBucket[];
}

/** Counts over the asked range, or over the range of what is stored where a side is left open. */
export async function histogramOf(
  reader: DocumentReader,
  request: RangeRequest,
  bars: number,
  bucketMs: number | undefined,
  signal: AbortSignal,
): Promise<Histogram> {
  const [first, last] = [
    request.fromMs ?? await edge(reader, request, "oldest", signal),
    request.toMs ?? await edge(reader, request, "newest", signal),
  ];
  if (first === undefined || last === undefined) {
    return {
      bucketMs: bucketMs ?? 1000,
      fromMs: request.fromMs ?? null,
      toMs: request.toMs ?? null,
      total: 0,
      buckets: [],
    };
  }
  const toMs = request.toMs ?? last + 1;
  const width = Math.max(bucketMs ?? 0, bucketWidth(first, Math.max(toMs, first + 1), bars));
  const buckets = await reader.histogram(
    { ...request, fromMs: first, toMs, bucketMs: width },
    signal,
  );
  const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  return { bucketMs: width, fromMs: first, toMs, total, buckets };
}

async function edge(
  reader: DocumentReader,
  range: RangeRequest,
  order: "oldest" | "newest",
  signal: AbortSignal,
): Promise<number | undefined> {
  // Of all lines, not of those that fit: that is found at once, and the axis stays while people type.
  const request = { ...range, query: { kind: "all" } as const, order, limit: 1 };
  for await (const batch of reader.search(request, signal)) {
    if (batch.length > 0) return Date.parse(batch[0]["@timestamp"]);
  }
  return undefined;
}

/** Most frequent values of a field in the newest `sample` lines that fit, and how many lines those were. */
export async function sampledValues(
  reader: DocumentReader,
  request: RangeRequest,
  field: string,
  limit: number,
  sample: number,
  signal: AbortSignal,
): Promise<{ sample: number; values: { value: string; count: number }[] }> {
  const counts = new Map<string, number>();
  let seen = 0;
  const search = { ...request, order: "newest" as const, limit: sample };
  for await (const batch of reader.search(search, signal)) {
    seen += batch.length;
    for (const document of batch) {
      const value = fieldValue(document, field);
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  const values = [...counts].map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return { sample: seen, values: values.slice(0, limit) };
}

export interface FieldFacet {
  field: string;
  /** Lines of the sample that have the field. */
  present: number;
  /** Most frequent first; absent for fields found in lines, whose values are asked for one by one. */
  values?: { value: string; count: number }[];
}

export interface Facets {
  fields: FieldFacet[];
  /** Lines that were looked at for fields. */
  sample: number;
}

const SAMPLE = 500;
const FIELDS_MAX = 100;

/** Values of the common fields over everything that fits, and the names of the fields in the newest lines. */
export async function facetsOf(
  reader: DocumentReader,
  request: RangeRequest,
  limit: number,
  signal: AbortSignal,
): Promise<Facets> {
  const fields: FieldFacet[] = [];
  const found = new Map<string, number>(), common = new Map<string, number>();
  let sample = 0;
  const search = { ...request, order: "newest" as const, limit: SAMPLE };
  for await (const batch of reader.search(search, signal)) {
    for (const document of batch) {
      sample++;
      for (const field of FACETS) {
        if (fieldValue(document, field) !== undefined) {
          common.set(field, (common.get(field) ?? 0) + 1);
        }
      }
      for (const name of Object.keys(document.fields ?? {})) {
        if (found.size < 1000 || found.has(name)) found.set(name, (found.get(name) ?? 0) + 1);
      }
    }
  }
  for (const field of FACETS) {
    const values = await reader.values({ ...request, field, limit }, signal);
    fields.push({ field, present: common.get(field) ?? 0, values });
  }
  const names = [...found].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  for (const [field, present] of names.slice(0, FIELDS_MAX)) fields.push({ field, present });
  return { fields, sample };
}
