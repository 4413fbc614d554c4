/**
 * Port: what is known of a line beside its document. Adapters: Elasticsearch, Kafka and the ledger (`weir page`), the
 * agent of this process (`weir up`). Each part may be missing, and may fail: the explanation says so and goes on.
 */
import type { Document } from "../../core/ports/document_store.ts";

export interface Trace {
  /** The document under its id, where the store knows more of it than the reader. @default the reader's */
  stored?(id: string, topic: string, signal: AbortSignal): Promise<Stored | undefined>;
  /** What is known of the life of a file on its way to a topic. */
  file?(line: LinePlace, signal: AbortSignal): Promise<FileLife | undefined>;
  /** The record in Kafka. */
  record?(wanted: WantedRecord, signal: AbortSignal): Promise<FoundRecord>;
}

/** A line of a file on its way to a topic. */
export interface LinePlace {
  topic: string;
  generation: string;
  /** Bytes of the file. */
  start: number;
  end: number;
}

export interface Stored {
  /** Of a minimal document only topic, message and what the id says are known: the rest is empty. */
  document: Document;
  /** Where the document is: an index, or the embedded store. */
  index: string;
  /** Only topic and text are stored. */
  minimal: boolean;
}

export interface FileLife {
  host: string;
  path: string;
  device: number;
  inode: number;
  /** Bytes of the file whose lines this topic has acknowledged: from, to. */
  from: number;
  to: number;
  size: number;
  closed: boolean;
  unread: number;
  /** Who had to have the lines. */
  guarantee: string;
  /** When this was said, ms since 1970; and when the line was first said to be acknowledged, where that is known. */
  atMs: number;
  acknowledgedMs?: number;
  /** Longest from reading to acknowledgement of what was said with the line, ms. */
  heldMs?: number;
  /** "ledger", or "agent" where it is in this process. */
  source: "ledger" | "agent";
}

export interface WantedRecord extends LinePlace {
  partition?: number;
  offset?: number;
  /** It is no older than this, ms since 1970. */
  sinceMs?: number;
}

export interface FoundRecord {
  partition: number;
  /** Undefined where it was not found. */
  offset?: number;
  /** Its timestamp, ms since 1970. */
  timestampMs?: number;
  host?: string;
  path?: string;
  /**
   * there: read just now, and it is this line. expired: Kafka has dropped it by its retention. other: something else
   * has its place: the topic was made anew. unknown: not found within the bounds of the search.
   */
  state: "there" | "expired" | "other" | "unknown";
  /** How it was found: by what the document says, or by a search through its partition. */
  by: "document" | "search";
}
