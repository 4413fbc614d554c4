/**
 * The in-memory DocumentStore: every document an object in an array, every query asked of each of
 * them. Slow and plainly right: other stores are compared with it. Stands here and not beside the
 * port because it uses the query language's own matcher.
 */
import type {
  Document,
  DocumentStore,
  HistogramBucket,
  LogRecord,
  RangeRequest,
  SearchRequest,
  SortKey,
  WriteOutcome,
} from "../../core/ports/document_store.ts";
import { fieldsOf } from "../../core/reading/fields.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { type EventState, newEventState, settleLine } from "../../core/reading/event_state.ts";
import { LineReader } from "../../core/reading/line_reader.ts";
import { zoneOf } from "../../core/reading/zone.ts";
import { uidOf } from "../../core/record/identity.ts";
import { fieldValue } from "../../search/query/fields.ts";
import { compileMatch } from "../../search/query/match.ts";

export class MemoryDocumentStore implements DocumentStore {
  readonly documents: Document[] = [];
  readonly #byKey = new Map<string, Document>();
  readonly #states = new Map<string, EventState>();
  readonly #reader = new LineReader();
  #wake = Promise.withResolvers<void>();

  write(records: readonly LogRecord[]): Promise<WriteOutcome[]> {
    const outcomes = records.map((record): WriteOutcome => {
      const key = `${record.topic} ${record.uid}`;
      if (this.#byKey.has(key)) return { result: "exists" };
      const document = this.#documentOf(record);
      this.#byKey.set(key, document);
      this.documents.push(document);
      return { result: "created" };
    });
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
    return Promise.resolve(outcomes);
  }

  #documentOf(record: LogRecord): Document {
    const reader = this.#reader;
    reader.read(record.value, 0, record.value.length, zoneOf(record.tz), record.createdMs);
    const created = new Date(record.createdMs).toISOString();
    const generation = record.generation ?? `${record.topic}-${record.kafka?.partition}`;
    const key = `${record.topic} ${generation}`;
    let state = this.#states.get(key);
    if (state === undefined) this.#states.set(key, state = newEventState());
    const start = record.offset, end = start + record.length;
    settleLine(reader, state, start, end, record.createdMs);
    const level = LEVEL_NAMES[reader.level];
    const message = new TextDecoder("utf-8", { ignoreBOM: true }).decode(record.value);
    const fields = { ...fieldsOf(message), ...record.fields };
    return {
      _id: record.uid,
      "@timestamp": new Date(reader.timeMs).toISOString(),
      message,
      topic: record.topic,
      "host.name": record.host,
      "log.file.path": record.path,
      "log.file.generation": generation,
      "log.offset": record.offset,
      "log.length": record.length,
      ...(level && { "log.level": level }),
      "event.created": created,
      "event.dataset": record.topic,
      ...(record.kafka && {
        "kafka.partition": record.kafka.partition,
        "kafka.offset": Number(record.kafka.offset),
      }),
      ...(Object.keys(fields).length > 0 && { fields }),
      ...(reader.continues && { "event.parent": uidOf(generation, ...state.event!) }),
    };
  }

  #matching({ query, fromMs = -Infinity, toMs = Infinity }: RangeRequest): Document[] {
    const match = compileMatch(query);
    return this.documents.filter((document) => {
      const ms = Date.parse(document["@timestamp"]);
      return ms >= fromMs && ms < toMs && match(document);
    });
  }

  async *search(request: SearchRequest, signal: AbortSignal): AsyncGenerator<Document[]> {
    if (signal.aborted) return;
    const sign = request.order === "newest" ? -1 : 1;
    const after = request.after;
    const found = this.#matching(request)
      .filter((one) => {
        if (after === undefined) return true;
        const topic = after.topic ?? one.topic;
        return sign * compare(keyOf(one), { ...after, topic }) > 0;
      })
      .sort((a, b) => sign * compare(keyOf(a), keyOf(b)));
    if (found.length > 0) yield found.slice(0, request.limit);
  }

  count(request: RangeRequest): Promise<number> {
    return Promise.resolve(this.#matching(request).length);
  }

  histogram(request: RangeRequest & { bucketMs: number }): Promise<HistogramBucket[]> {
    const buckets = new Map<number, { count: number; levels: Record<string, number> }>();
    for (const document of this.#matching(request)) {
      const ms = Date.parse(document["@timestamp"]);
      const startMs = Math.floor(ms / request.bucketMs) * request.bucketMs;
      const bucket = buckets.get(startMs) ?? { count: 0, levels: {} };
      const level = document["log.level"] ?? "";
      bucket.count++;
      bucket.levels[level] = (bucket.levels[level] ?? 0) + 1;
      buckets.set(startMs, bucket);
    }
    const sorted = [...buckets].sort((a, b) => a[0] - b[0]);
    return Promise.resolve(sorted.map(([startMs, bucket]) => ({ startMs, ...bucket })));
  }

  values(
    request: RangeRequest & { field: string; limit: number },
  ): Promise<{ value: string; count: number }[]> {
    const counts = new Map<string, number>();
    for (const document of this.#matching(request)) {
      const value = fieldValue(document, request.field);
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return Promise.resolve(
      [...counts].map(([value, count]) => ({ value, count }))
        .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
        .slice(0, request.limit),
    );
  }

  async *follow(request: RangeRequest, signal: AbortSignal): AsyncGenerator<Document[]> {
    const match = compileMatch(request.query);
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    let at = this.documents.length;
    while (!signal.aborted) {
      const fresh = this.documents.slice(at).filter(match);
      at = this.documents.length;
      if (fresh.length > 0) yield fresh;
      if (at === this.documents.length) await Promise.race([this.#wake.promise, aborted]);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

type Place = Required<SortKey>;

function keyOf(document: Document): Place {
  return {
    timestampMs: Date.parse(document["@timestamp"]),
    generation: document["log.file.generation"],
    offset: document["log.offset"],
    topic: document.topic,
  };
}

function compare(a: Place, b: Place): number {
  if (a.timestampMs !== b.timestampMs) return a.timestampMs - b.timestampMs;
  if (a.generation !== b.generation) return a.generation < b.generation ? -1 : 1;
  if (a.offset !== b.offset) return a.offset - b.offset;
  return a.topic === b.topic ? 0 : a.topic < b.topic ? -1 : 1;
}
