/**
 * Where a line came from and which way it went: file and byte range, Kafka's record, index, and the times of each hop
 * as far as the record and the document carry them. What is not known is said, never guessed.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import type { Document, DocumentReader, Query } from "../../core/ports/document_store.ts";
import { isGeneration } from "../../core/record/identity.ts";
import type { FileLife, FoundRecord, Stored, Trace } from "./trace.ts";

export interface ExplainRequest {
  /** uid of the line: its `_id`. */
  id: string;
  /** Empty: of any topic. */
  topic: string;
  /** Its @timestamp in ms, where the caller knows it: looks near it first. */
  atMs?: number;
}

export interface Hop {
  name: "line" | "read" | "sent" | "indexed" | "acknowledged";
  /** ISO 8601, UTC. */
  at: string;
  says: string;
}

export interface Explanation {
  id: string;
  topic: string;
  message: string;
  file: {
    host: string;
    path: string;
    generation: string;
    /** Bytes of the file that the line accounts for. */
    start: number;
    end: number;
    life: FileLife | null;
  } | null;
  kafka: FoundRecord | null;
  store: { index: string; minimal: boolean };
  hops: Hop[];
  /** What could not be found out, and why. */
  notes: string[];
}

/** What an id says. */
export interface Identity {
  generation: string;
  start: number;
  end: number;
}

/** Undefined for the id of a record that no agent wrote. */
export function identityOf(id: string): Identity | undefined {
  const match = /^(.{16}):(\d{1,16})-(\d{1,16})$/.exec(id);
  if (match === null || !isGeneration(match[1])) return undefined;
  return { generation: match[1], start: Number(match[2]), end: Number(match[3]) };
}

/** Rejects with DOCUMENT_NOT_FOUND, and the store's errors. */
export async function explain(
  request: ExplainRequest,
  reader: DocumentReader,
  trace: Trace,
  signal: AbortSignal,
): Promise<Explanation> {
  const { id } = request, notes: string[] = [];
  const { document, index, minimal } = await find(request, reader, trace, signal);
  const identity = identityOf(id), { topic } = document;
  if (minimal) notes.push("the document holds topic and text alone (document: minimal)");
  const ask = async <T>(what: string, work: Promise<T | undefined> | undefined) => {
    try {
      return await work;
    } catch (error) {
      if (signal.aborted) throw error;
      notes.push(`${what}: ${messageOf(error)}`);
    }
  };
  const life = identity && await ask("ledger", trace.file?.({ ...identity, topic }, signal));
  const kafka = await ask("Kafka", recordOf(document, index, identity, trace, signal));
  if (identity !== undefined && trace.file !== undefined && life === undefined) {
    notes.push("the ledger does not know this file: its inode is not known");
  }
  return {
    id,
    topic,
    message: document.message,
    file: identity === undefined ? null : {
      host: document["host.name"] || kafka?.host || life?.host || "",
      path: document["log.file.path"] || kafka?.path || life?.path || "",
      ...identity,
      life: life ?? null,
    },
    kafka: kafka ?? null,
    store: { index, minimal },
    hops: hopsOf(document, kafka, life, identity),
    notes,
  };
}

async function find(
  { id, topic, atMs }: ExplainRequest,
  reader: DocumentReader,
  trace: Trace,
  signal: AbortSignal,
): Promise<Stored> {
  const stored = await trace.stored?.(id, topic, signal);
  if (stored !== undefined) return stored;
  const query = queryOf(id, topic);
  const spans = atMs === undefined ? [{}] : [{ fromMs: atMs, toMs: atMs + 1 }, {}];
  for (const span of query === undefined || trace.stored !== undefined ? [] : spans) {
    const wanted = { query: query!, order: "newest", limit: 100, ...span } as const;
    for await (const batch of reader.search(wanted, signal)) {
      const document = batch.find(({ _id }) => _id === id);
      if (document !== undefined) return { document, index: "embedded store", minimal: false };
    }
  }
  throw new WeirError("DOCUMENT_NOT_FOUND", "This line is not in the store", {
    hint: "Retention may have dropped it; give the _id as the page or --json shows it.",
  });
}

/** Lines that may have the id; undefined where it is no id. */
function queryOf(id: string, topic: string): Query | undefined {
  const equals = (field: string, value: string | number): Query => ({
    ...{ kind: "equals", field, value: String(value) },
  });
  const identity = identityOf(id), parts: Query[] = topic === "" ? [] : [equals("topic", topic)];
  if (identity !== undefined) {
    parts.push(equals("log.file.generation", identity.generation));
    parts.push(equals("log.offset", identity.start));
  } else {
    const foreign = /^(.+)-(\d{1,9})-(\d{1,16})-\d{1,16}$/.exec(id);
    if (foreign === null) return undefined;
    parts.push(equals("topic", foreign[1]), equals("kafka.offset", foreign[3]));
  }
  return { kind: "and", parts };
}

async function recordOf(
  document: Document,
  index: string,
  identity: Identity | undefined,
  trace: Trace,
  signal: AbortSignal,
): Promise<FoundRecord | undefined> {
  const partition = document["kafka.partition"], offset = document["kafka.offset"];
  const isKnown = partition !== undefined && offset !== undefined;
  if (trace.record === undefined || (!isKnown && identity === undefined)) {
    return isKnown ? { partition, offset, state: "unknown", by: "document" } : undefined;
  }
  const { generation = "", start = 0, end = 0 } = identity ?? {};
  const sinceMs = dayOfIndex(index);
  const wanted = { topic: document.topic, generation, start, end, partition, offset, sinceMs };
  try {
    return await trace.record(wanted, signal);
  } catch (error) {
    if (!isKnown || signal.aborted) throw error;
    return { partition, offset, state: "unknown", by: "document" };
  }
}

/** Begin of the day in an index's name: its records are no older. */
export function dayOfIndex(index: string): number | undefined {
  const match = /(\d{4})[.-](\d{2})[.-](\d{2})/.exec(index);
  const ms = match === null ? NaN : Date.parse(`${match[1]}-${match[2]}-${match[3]}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function hopsOf(
  document: Document,
  kafka: FoundRecord | undefined,
  life: FileLife | undefined,
  identity: Identity | undefined,
): Hop[] {
  const hops: Hop[] = [];
  const sent = document["event.created"] || isoOf(kafka?.timestampMs);
  const line = document["@timestamp"], indexed = document["event.ingested"];
  if (line !== "" && line !== sent) {
    hops.push({ name: "line", at: line, says: "the time that the line itself tells" });
  }
  const heldMs = life?.heldMs;
  if (sent !== "" && heldMs !== undefined && kafka !== undefined) {
    const at = isoOf(Date.parse(sent) - heldMs);
    const says =
      `read by the agent: then at the earliest, when it was sent at the latest, says the ${
        life?.source ?? "ledger"
      }`;
    hops.push({ name: "read", at, says });
  }
  if (sent !== "") {
    const says = kafka === undefined
      ? "read, and given to the store"
      : "sent to Kafka: the record's timestamp";
    hops.push({ name: "sent", at: sent, says });
  }
  if (indexed !== undefined && indexed !== "") {
    hops.push({ name: "indexed", at: indexed, says: "taken from Kafka, and given to the store" });
  }
  if (life !== undefined && identity !== undefined && life.to >= identity.end) {
    const says = `acknowledged by then at the latest, says the ${life.source}`;
    hops.push({ name: "acknowledged", at: isoOf(life.acknowledgedMs ?? life.atMs), says });
  }
  // The line's own time first, whatever it says; the others as they came.
  return hops.sort((a, b) =>
    Number(b.name === "line") - Number(a.name === "line") || Date.parse(a.at) - Date.parse(b.at)
  );
}

function isoOf(ms: number | undefined): string {
  return ms === undefined || ms <= 0 ? "" : new Date(ms).toISOString();
}
