/**
 * A store as somebody sees it who may read some topics only: each question is asked of those topics alone, and no
 * document of another one is ever handed out, whatever the store answers.
 */
import type {
  Document,
  DocumentReader,
  HistogramBucket,
  Query,
  RangeRequest,
  SearchRequest,
} from "../../core/ports/document_store.ts";
import type { Trace } from "../explain/trace.ts";
import { allOf, anyOf } from "../query/build.ts";
import type { Identity } from "./identity.ts";

/** The reader for an identity; the given one where it may read everything. */
export function readerFor(reader: DocumentReader, { topics }: Identity): DocumentReader {
  return topics === undefined ? reader : new ScopedReader(reader, topics);
}

/** What is known of lines beside their documents, for an identity: a document of another topic is not there. */
export function traceFor(trace: Trace, { topics }: Identity): Trace {
  const stored = trace.stored?.bind(trace);
  if (topics === undefined || stored === undefined) return trace;
  return {
    ...(trace.file && { file: trace.file.bind(trace) }),
    ...(trace.record && { record: trace.record.bind(trace) }),
    async stored(id, topic, signal) {
      const found = await stored(id, topic, signal);
      return found !== undefined && topics.includes(found.document.topic) ? found : undefined;
    },
  };
}

class ScopedReader implements DocumentReader {
  readonly #reader: DocumentReader;
  readonly #topics: ReadonlySet<string>;
  readonly #scope: Query;

  constructor(reader: DocumentReader, topics: readonly string[]) {
    this.#reader = reader;
    this.#topics = new Set(topics);
    this.#scope = anyOf(
      topics.map((value): Query => ({ kind: "equals", field: "topic", value })),
    );
  }

  search(request: SearchRequest, signal: AbortSignal): AsyncIterable<Document[]> {
    return this.#own(this.#reader.search(this.#scoped(request), signal));
  }

  count(request: RangeRequest, signal: AbortSignal): Promise<number> {
    return this.#reader.count(this.#scoped(request), signal);
  }

  histogram(
    request: RangeRequest & { bucketMs: number },
    signal: AbortSignal,
  ): Promise<HistogramBucket[]> {
    return this.#reader.histogram(this.#scoped(request), signal);
  }

  values(
    request: RangeRequest & { field: string; limit: number },
    signal: AbortSignal,
  ): Promise<{ value: string; count: number }[]> {
    return this.#reader.values(this.#scoped(request), signal);
  }

  follow(request: RangeRequest, signal: AbortSignal): AsyncIterable<Document[]> {
    return this.#own(this.#reader.follow(this.#scoped(request), signal));
  }

  /** The store is not ours to close. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #scoped<T extends RangeRequest>(request: T): T {
    return { ...request, query: allOf([this.#scope, request.query]) };
  }

  async *#own(batches: AsyncIterable<Document[]>): AsyncGenerator<Document[]> {
    for await (const batch of batches) {
      yield batch.every(({ topic }) => this.#topics.has(topic))
        ? batch
        : batch.filter(({ topic }) => this.#topics.has(topic));
    }
  }
}
