/**
 * Port: where lines become documents and are found again. Writer adapters: Elasticsearch, the embedded store,
 * memory, the simulator's. Reader adapters: the same. A program that only writes takes DocumentWriter, the
 * search page takes DocumentReader.
 *
 * Promises of every writer:
 *  - A document is identified by topic and uid. Writing one that exists changes nothing and answers "exists".
 *  - `write` answers one outcome a record, in order; it rejects (WeirError, retriable) only where nothing is
 *    known of any of them. Writing again after any outcome is safe.
 *  - "created" and "exists" mean durable: the document survives a kill of the store the moment after.
 *  - "rejected" is final for these bytes (dead letters); "retry" is not.
 */
export interface DocumentWriter {
  write(records: readonly LogRecord[]): Promise<WriteOutcome[]>;
  close(): Promise<void>;
}

export type WriteOutcome =
  | { result: "created" | "exists" }
  /** `hint`: what the operator can do about it. */
  | { result: "rejected" | "retry"; code: string; reason: string; hint?: string };

/** One line as it arrives at a store, from an agent or from any other producer of the topic. */
export interface LogRecord {
  topic: string;
  /** `<generation>:<start>-<end>`, or `<topic>-<partition>-<offset>-<timestamp>` of a foreign record. */
  uid: string;
  /** Null for a foreign record. */
  generation: string | null;
  /** File offset of the line's start (foreign: the Kafka offset). */
  offset: number;
  /** Bytes of the file that the record accounts for. */
  length: number;
  host: string;
  path: string;
  /** The line's bytes, without line end; may hold invalid UTF-8. */
  value: Uint8Array;
  /** When the agent sent it (Kafka timestamp), ms since 1970. */
  createdMs: number;
  /** Day of the index, "2026-11-21", UTC. */
  day: string;
  /** Time zone for times in the line that name none. */
  tz: string;
  kafka?: { partition: number; offset: string };
  fields?: Readonly<Record<string, string>>;
}

/**
 * Promises of every reader:
 *  - Order is (@timestamp, generation, offset, topic), newest or oldest first.
 *  - The same query language on every store; see search/query/GRAMMAR.md.
 *  - Results stream in batches; aborting the signal stops the work. Limits are the caller's, each has a default.
 *  - What a writer answered "created" for is found at the latest one second later.
 */
export interface DocumentReader {
  search(request: SearchRequest, signal: AbortSignal): AsyncIterable<Document[]>;
  count(request: RangeRequest, signal: AbortSignal): Promise<number>;
  /** Counts by bucket of `bucketMs` and level; buckets without documents are left out. */
  histogram(
    request: RangeRequest & { bucketMs: number },
    signal: AbortSignal,
  ): Promise<HistogramBucket[]>;
  /** Most frequent values of a field, with counts. */
  values(
    request: RangeRequest & { field: string; limit: number },
    signal: AbortSignal,
  ): Promise<{ value: string; count: number }[]>;
  /** Documents as they are stored from now on, matching ones only; `request.fromMs` and `toMs` are not applied. */
  follow(request: RangeRequest, signal: AbortSignal): AsyncIterable<Document[]>;
  close(): Promise<void>;
}

export type DocumentStore = DocumentWriter & DocumentReader;

export interface RangeRequest {
  query: Query;
  /** First @timestamp in ms, inclusive. */
  fromMs?: number;
  /** Last @timestamp in ms, exclusive. */
  toMs?: number;
  /** Told where a sum is an estimate: of how many documents so many were looked at. Not every store estimates. */
  onEstimate?: (looked: number, of: number) => void;
}

export interface SearchRequest extends RangeRequest {
  order: "newest" | "oldest";
  /** 1 to 1,000,000 documents. */
  limit: number;
  /** Goes on behind this document. */
  after?: SortKey;
}

/** Place of a document in the order. */
export interface SortKey {
  timestampMs: number;
  generation: string;
  offset: number;
  /** Decides between documents of one file in several topics; left out, the key stands behind all of them. */
  topic?: string;
}

export interface HistogramBucket {
  startMs: number;
  count: number;
  /** By level; "" where none is known. */
  levels: Readonly<Record<string, number>>;
}

/** A stored line, ECS names. */
export interface Document {
  _id: string;
  /** ISO 8601, UTC, with milliseconds. */
  "@timestamp": string;
  message: string;
  topic: string;
  "host.name": string;
  "log.file.path": string;
  "log.file.generation": string;
  "log.offset": number;
  "log.length": number;
  /** trace, debug, info, warn, error or fatal; absent where unknown. */
  "log.level"?: string;
  "event.created": string;
  "event.ingested"?: string;
  "event.dataset": string;
  "kafka.partition"?: number;
  "kafka.offset"?: number;
  /** Fields found in the line (JSON, logfmt) and static fields; flattened. */
  fields?: Readonly<Record<string, string>>;
  /** uid of the first line of the event that this continuation line belongs to. */
  "event.parent"?: string;
  /** The line was read from the archive, and is not in the index. */
  archived?: true;
}

/** The parsed query: what the parser makes and every store understands. */
export type Query =
  | { kind: "all" }
  /** A token of the message, without regard to case; `*` at the end makes it a prefix. */
  | { kind: "word"; text: string; prefix: boolean }
  /** The exact characters somewhere in the message, without regard to case. */
  | { kind: "phrase"; text: string }
  | { kind: "regex"; source: string; field: string }
  | { kind: "equals"; field: string; value: string }
  /** `*` stands for any characters; "*" alone: the field exists. */
  | { kind: "wildcard"; field: string; pattern: string }
  | {
    kind: "range";
    field: string;
    above?: string;
    below?: string;
    aboveInclusive: boolean;
    belowInclusive: boolean;
  }
  | { kind: "and" | "or"; parts: Query[] }
  | { kind: "not"; part: Query };
