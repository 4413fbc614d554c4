/** The lines around a line, in the order of its file, whatever their times. */
import { WeirError } from "../../core/errors.ts";
import type {
  Document,
  DocumentReader,
  Query,
  SearchRequest,
} from "../../core/ports/document_store.ts";

export interface ContextRequest {
  topic: string;
  generation: string;
  offset: number;
  /** Time of the line, where the caller knows it: looks near it first. */
  timestampMs?: number;
  /** Lines before and after, 0 to 500 each. */
  before: number;
  after: number;
  /** Further condition on the lines around; the line itself is always there. */
  query: Query;
}

export interface Context {
  /** In the order of the file; the line itself among them. */
  lines: Document[];
  /** Place of the line itself. */
  at: number;
  /** False where the file has lines before these that may fit. */
  first: boolean;
}

/** Steps outward: bytes of the file on either side, and time on either side of the line's. */
const STEPS = [
  { bytes: 64 * 1024, spanMs: 600_000 },
  { bytes: 1024 ** 2, spanMs: 86_400_000 },
  { bytes: 16 * 1024 ** 2, spanMs: Infinity },
];
const LINES_MAX = 100_000;

/** Throws DOCUMENT_NOT_FOUND. */
export async function contextOf(
  reader: DocumentReader,
  request: ContextRequest,
  signal: AbortSignal,
): Promise<Context> {
  const line = await find(reader, request, signal);
  const atMs = Date.parse(line["@timestamp"]);
  let before: Document[] = [], after: Document[] = [];
  for (const step of STEPS) {
    const found = await around(reader, request, atMs, step, signal);
    before = found.filter((one) => one["log.offset"] < request.offset);
    after = found.filter((one) => one["log.offset"] > request.offset);
    const enough = before.length >= request.before || request.offset <= step.bytes;
    const complete = request.query.kind !== "all" ||
      (touch([...before.slice(-request.before), line]) &&
        touch([line, ...after.slice(0, request.after)]));
    if (enough && after.length >= request.after && complete) break;
  }
  before = request.before === 0 ? [] : before.slice(-request.before);
  return {
    lines: [...before, line, ...after.slice(0, request.after)],
    at: before.length,
    first: before.length === 0 || before[0]["log.offset"] === 0,
  };
}

/** True where each line begins at the byte where the one before it ended. */
function touch(lines: readonly Document[]): boolean {
  return lines.every((one, index) =>
    index === 0 ||
    lines[index - 1]["log.offset"] + lines[index - 1]["log.length"] === one["log.offset"]
  );
}

async function find(
  reader: DocumentReader,
  request: ContextRequest,
  signal: AbortSignal,
): Promise<Document> {
  const query = fileQuery(request, request.offset, request.offset);
  const spans = request.timestampMs === undefined
    ? [{}]
    : [{ fromMs: request.timestampMs, toMs: request.timestampMs + 1 }, {}];
  for (const span of spans) {
    const found = await collect(reader, { query, order: "oldest", limit: 1, ...span }, signal);
    if (found.length > 0) return found[0];
  }
  throw new WeirError("DOCUMENT_NOT_FOUND", "This line is not in the store", {
    hint: "Retention may have dropped it.",
  });
}

async function around(
  reader: DocumentReader,
  request: ContextRequest,
  atMs: number,
  step: { bytes: number; spanMs: number },
  signal: AbortSignal,
): Promise<Document[]> {
  const place = fileQuery(
    request,
    Math.max(0, request.offset - step.bytes),
    request.offset + step.bytes,
  );
  const query: Query = request.query.kind === "all"
    ? place
    : { kind: "and", parts: [place, request.query] };
  const span = step.spanMs === Infinity
    ? {}
    : { fromMs: atMs - step.spanMs, toMs: atMs + step.spanMs };
  const found = await collect(
    reader,
    { query, order: "oldest", limit: LINES_MAX, ...span },
    signal,
  );
  return found.sort((a, b) => a["log.offset"] - b["log.offset"]);
}

/** Lines of the file that begin from `from` to `to`. */
function fileQuery(request: ContextRequest, from: number, to: number): Query {
  return {
    kind: "and",
    parts: [
      { kind: "equals", field: "topic", value: request.topic },
      { kind: "equals", field: "log.file.generation", value: request.generation },
      {
        kind: "range",
        field: "log.offset",
        above: String(from),
        below: String(to),
        aboveInclusive: true,
        belowInclusive: true,
      },
    ],
  };
}

async function collect(
  reader: DocumentReader,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<Document[]> {
  const found: Document[] = [];
  for await (const batch of reader.search(request, signal)) found.push(...batch);
  return found;
}
