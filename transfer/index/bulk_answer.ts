/**
 * Sorts the answer to a bulk request: what became of each document. Pure, and it never throws: an
 * answer that is not understood says nothing of any document, which is a reason to send all again.
 */
import type { WriteOutcome } from "../../core/ports/document_store.ts";

export type BulkAnswer =
  /**
   * One outcome a document, in order. `exists`: the first that was there before, -1 where none was.
   */
  | { kind: "items"; outcomes: WriteOutcome[]; exists: number }
  /** Each document was created. */
  | { kind: "created" }
  /** The body was too large or could not be read: smaller ones will do, or find the one. */
  | { kind: "split"; code: string; reason: string }
  /** Nothing is known of any document. `auth`: nobody may pass until the operator acts. */
  | { kind: "again"; code: string; reason: string; auth: boolean };

const CREATED: WriteOutcome = { result: "created" };
const EXISTS: WriteOutcome = { result: "exists" };
const REASON_MAX = 1000;

/** What helps where single documents are not taken for now. */
const HINTS = {
  ES_NOT_ALLOWED: "Give this user or API key the rights of docs/security.md on these indices; " +
    "nothing is committed meanwhile.",
  ES_THROTTLED: "Elasticsearch has too much to do: fewer bulk.workers, or more nodes.",
  ES_CLUSTER_BLOCK: "Is a node's disk full? Make room, or take the block off the index.",
  ES_INDEX_MISSING: "May indices be created by themselves here (action.auto_create_index)?",
  ES_INDEX_NOT_CREATED: "The reason names what the index lacks: shards, a template, an alias.",
  ES_UNAVAILABLE: "It is tried again until it succeeds; nothing is committed meanwhile.",
  ES_ANSWER_UNKNOWN: "Is a proxy between the transfer and Elasticsearch? It is tried again.",
} as const;

/** The answer that nearly every bulk request gets: each document was created. */
export class AllCreated {
  constructor(readonly count: number) {}
}

const HEAD = '{"items":[', CREATED_ITEM = '{"create":{"status":201}}', TAIL = "]}";

/** Knows that answer without an object a document; undefined for any other. */
export function allCreated(text: string): AllCreated | undefined {
  const count = (text.length - HEAD.length - TAIL.length + 1) / (CREATED_ITEM.length + 1);
  if (Number.isInteger(count) && count > 0) {
    const all = `${HEAD}${`${CREATED_ITEM},`.repeat(count - 1)}${CREATED_ITEM}${TAIL}`;
    if (text === all) return new AllCreated(count);
  }
  return undefined;
}

/** Errors of status 400 that speak of the index or the cluster, not of the document. */
const NOT_THE_DOCUMENT = new Set([
  "validation_exception", // such as "this action would add [2] shards, but this cluster currently has …"
  "invalid_index_name_exception",
  "index_closed_exception",
  "invalid_alias_name_exception",
  "resource_already_exists_exception",
  "index_creation_exception",
  "settings_exception",
  "remote_transport_exception",
]);
const NOT_THE_DOCUMENT_REASON =
  /no write index|shards open|maximum (normal )?shards|create index|index template|not an alias/i;

/**
 * @param status HTTP status
 * @param body the parsed body, or its text where it was no JSON
 * @param count documents that were sent
 */
export function sortBulkAnswer(status: number, body: unknown, count: number): BulkAnswer {
  if (status >= 200 && status < 300) return sortItems(body, count);
  const { type, reason } = errorOf(body);
  const text = cut(`HTTP ${status}${type === "" ? "" : ` ${type}`}: ${reason}`);
  if (status === 413) return { kind: "split", code: "ES_BODY_TOO_LARGE", reason: text };
  if (status === 429) return again("ES_THROTTLED", text);
  if (type === "cluster_block_exception") return again("ES_CLUSTER_BLOCK", text);
  if (status === 401 || status === 403) {
    return { kind: "again", code: "ES_NOT_ALLOWED", reason: text, auth: true };
  }
  // Only an answer of Elasticsearch itself says that the body was wrong; a proxy's page does not.
  if (status === 400 && type !== "" && !aboutTheIndex(type, reason)) {
    return { kind: "split", code: "ES_BODY_REFUSED", reason: text };
  }
  return again(status >= 500 ? "ES_UNAVAILABLE" : "ES_ANSWER_UNKNOWN", text);
}

function again(code: string, reason: string): BulkAnswer {
  return { kind: "again", code, reason, auth: false };
}

function sortItems(body: unknown, count: number): BulkAnswer {
  if (body instanceof AllCreated && body.count === count) {
    return { kind: "created" };
  }
  const items = isObject(body) ? body.items : undefined;
  if (!Array.isArray(items) || items.length !== count) {
    const found = Array.isArray(items)
      ? `${items.length} items for ${count} documents`
      : "no items";
    return again("ES_ANSWER_BROKEN", `The answer has ${found}`);
  }
  const outcomes: WriteOutcome[] = new Array(count);
  let exists = -1;
  for (let i = 0; i < count; i++) {
    const item = isObject(items[i]) ? items[i].create : undefined;
    const status = isObject(item) ? item.status : undefined;
    if (status === 201 || status === 200) outcomes[i] = CREATED;
    else if (status === 409) {
      outcomes[i] = EXISTS;
      if (exists < 0) exists = i;
    } else outcomes[i] = sortItem(status, isObject(item) ? item.error : undefined);
  }
  return { kind: "items", outcomes, exists };
}

function sortItem(status: unknown, error: unknown): WriteOutcome {
  const { type, reason } = errorOf({ error });
  const text = cut(`${wordOf(status)} ${type}: ${reason}`);
  const retry = (code: keyof typeof HINTS): WriteOutcome => ({
    result: "retry",
    code,
    reason: text,
    hint: HINTS[code],
  });
  if (status === 429) return retry("ES_THROTTLED");
  if (type === "cluster_block_exception") return retry("ES_CLUSTER_BLOCK");
  if (status === 401 || status === 403) return retry("ES_NOT_ALLOWED");
  if (status === 404) return retry("ES_INDEX_MISSING");
  if (status === 400 || status === 413) {
    if (aboutTheIndex(type, reason)) return retry("ES_INDEX_NOT_CREATED");
    // Without a type nobody said that it is the document's fault.
    if (type !== "") return { result: "rejected", code: "ES_REJECTED", reason: text };
  }
  if (typeof status === "number" && status >= 500) return retry("ES_UNAVAILABLE");
  return retry("ES_ANSWER_UNKNOWN");
}

function aboutTheIndex(type: string, reason: string): boolean {
  // Its reason quotes the document, which may hold any of those words: tried for ever it would hold up its partition.
  if (type === "document_parsing_exception" || /failed to parse field \[/.test(reason)) {
    return false;
  }
  return NOT_THE_DOCUMENT.has(type) || NOT_THE_DOCUMENT_REASON.test(reason);
}

/** Type and reason of an error body; the innermost cause is what helps. */
function errorOf(body: unknown): { type: string; reason: string } {
  const error = isObject(body) ? body.error : undefined;
  if (typeof error === "string") return { type: "", reason: error };
  if (!isObject(error)) return { type: "", reason: typeof body === "string" ? body : "" };
  const cause = isObject(error.caused_by) ? error.caused_by.reason : undefined;
  const reason = wordOf(error.reason);
  return {
    type: typeof error.type === "string" ? error.type : "",
    reason: typeof cause === "string" && cause !== reason ? `${reason} (${cause})` : reason,
  };
}

/** Text, number or truth as text; anything else is none: its own toString could be a trap. */
function wordOf(value: unknown): string {
  return typeof value === "object" || value === undefined ? "" : String(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cut(text: string): string {
  return text.length > REASON_MAX ? `${text.slice(0, REASON_MAX)}…` : text;
}
