/**
 * The DocumentReader over Elasticsearch: the same language, order and counts as the embedded store,
 * with the right to read alone. What Elasticsearch cannot decide is fetched and decided here; see
 * bounds.ts. README.md says where the answers can differ.
 */
import { type Clock, systemClock } from "../../core/ports/clock.ts";
import type {
  Document,
  DocumentReader,
  HistogramBucket,
  RangeRequest,
  SearchRequest,
} from "../../core/ports/document_store.ts";
import { compileMatch } from "../query/match.ts";
import { type Asked, eachBetween } from "./between.ts";
import { allOf, type Clause, isExact } from "./bounds.ts";
import { compileQuery } from "./compile.ts";
import { exists, timeRange, type Values } from "./fields.ts";
import { follow } from "./follow.ts";
import { histogramOf } from "./histogram.ts";
import { behindClause, isBehind, ordered } from "./order.ts";
import { pages } from "./pages.ts";
import type { Answer, Requests } from "./requests.ts";
import { valuesOf } from "./values.ts";

export interface ElasticReaderOptions {
  requests: Requests;
  /** Between two looks for new lines, ms. @default {1000} */
  pollMs?: number;
  /** How late a line may be found after it was written, ms. @default {120_000} */
  windowMs?: number;
  clock?: Clock;
}

/** Different values of a field that are looked at. */
const VALUES_MAX = 10_000;
export class ElasticReader implements DocumentReader {
  readonly #requests: Requests;
  readonly #options: Required<Omit<ElasticReaderOptions, "requests">>;
  readonly #ending = new AbortController();

  constructor(options: ElasticReaderOptions) {
    this.#requests = options.requests;
    this.#options = {
      pollMs: options.pollMs ?? 1000,
      windowMs: options.windowMs ?? 120_000,
      clock: options.clock ?? systemClock,
    };
  }

  async *search(request: SearchRequest, signal: AbortSignal): AsyncGenerator<Document[]> {
    try {
      yield* this.#search(request, AbortSignal.any([signal, this.#ending.signal]));
    } catch (error) {
      // An aborted search ends; whoever aborted it knows.
      if (!signal.aborted) throw error;
    }
  }

  async *#search(request: SearchRequest, signal: AbortSignal): AsyncGenerator<Document[]> {
    const { order, limit, after } = request;
    const asked = await this.#ask(request, signal);
    const exact = isExact(asked.bounds);
    const found = pages(this.#requests, {
      query: allOf([asked.frame, asked.bounds.upper, behindClause(after, order)]),
      order,
      first: Math.min(exact ? limit : 1000, 500),
      once: exact && limit <= 500,
    }, signal);
    let left = limit;
    for await (const page of ordered(found, order)) {
      const fit = page.filter((one) =>
        asked.matches(one.document) && (after === undefined || isBehind(one, after, order))
      ).slice(0, left).map((one) => one.document);
      left -= fit.length;
      if (fit.length > 0) yield fit;
      if (left === 0) return;
    }
  }

  async count(request: RangeRequest, signal: AbortSignal): Promise<number> {
    const asked = await this.#ask(request, signal);
    const { hits } = await this.#requests.search({
      query: allOf([asked.frame, asked.bounds.lower]),
      size: 0,
      track_total_hits: true,
    }, signal);
    let count = hits.total!.value;
    await eachBetween(asked, (_document, _timeMs, weight) => count += weight);
    return Math.round(count);
  }

  async histogram(
    request: RangeRequest & { bucketMs: number },
    signal: AbortSignal,
  ): Promise<HistogramBucket[]> {
    return await histogramOf(await this.#ask(request, signal), request);
  }

  async values(
    request: RangeRequest & { field: string; limit: number },
    signal: AbortSignal,
  ): Promise<{ value: string; count: number }[]> {
    return await valuesOf(await this.#ask(request, signal), request.field, request.limit);
  }

  async *follow(request: RangeRequest, signal: AbortSignal): AsyncGenerator<Document[]> {
    const { query } = request;
    yield* follow({
      requests: this.#requests,
      upper: compileQuery(query).then((bounds) => bounds.upper),
      matches: compileMatch(query),
      ...this.#options,
    }, AbortSignal.any([signal, this.#ending.signal]));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#requests.close();
  }

  async #ask(request: RangeRequest, signal: AbortSignal): Promise<Asked> {
    const { query, fromMs, toMs, onEstimate = () => {} } = request;
    const frame = fromMs === undefined && toMs === undefined
      ? exists("@timestamp")
      : timeRange("@timestamp", {
        ...(fromMs === undefined ? {} : { gte: fromMs }),
        ...(toMs === undefined ? {} : { lt: toMs }),
      });
    const bounds = await compileQuery(query, this.#values(frame, signal));
    const matches = compileMatch(query);
    return { requests: this.#requests, bounds, frame, matches, signal, onEstimate };
  }

  /** Asks for the different values of a field, once a question. */
  #values(frame: Clause, signal: AbortSignal): Values {
    const asked = new Map<string, ReturnType<Values>>();
    return (field) => {
      let answer = asked.get(field);
      if (answer === undefined) {
        answer = this.#differentValues(field, frame, signal);
        asked.set(field, answer);
      }
      return answer;
    };
  }

  async #differentValues(field: string, frame: Clause, signal: AbortSignal) {
    const terms = { field, size: VALUES_MAX, shard_size: VALUES_MAX };
    const body = { query: frame, size: 0, track_total_hits: false, aggs: { values: { terms } } };
    const { aggregations } = await this.#requests.search(body, signal);
    const { buckets, sum_other_doc_count: others } = termsOf(aggregations, "values");
    return {
      values: buckets.map((bucket) => String(bucket.key)),
      complete: others === 0 && buckets.length < VALUES_MAX,
    };
  }
}

export interface TermsAnswer {
  buckets: { key: string | number; doc_count: number }[];
  sum_other_doc_count: number;
  doc_count_error_upper_bound: number;
}

/** An answer of a terms aggregation; empty where no index has the field. */
export function termsOf(aggregations: Answer["aggregations"], name: string): TermsAnswer {
  return aggregations?.[name] ??
    { buckets: [], sum_other_doc_count: 0, doc_count_error_upper_bound: 0 };
}
