/** How answers and errors look on the wire: JSON errors with code, message, hint and column; streams of lines. */
import { messageOf, WeirError } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { Document } from "../../core/ports/document_store.ts";
import { QueryError } from "../query/query_error.ts";
import type { Running } from "./work.ts";

const STATUS: Readonly<Record<string, number>> = {
  QUERY_INVALID: 400,
  TIME_INVALID: 400,
  TIME_RANGE: 400,
  PARAMETER_INVALID: 400,
  HTTP_AUTH_FAILED: 401,
  HTTP_CROSS_SITE: 403,
  ACCESS_TOPICS: 403,
  ACCESS_OPERATOR: 403,
  ARCHIVE_DAYS: 400,
  ARCHIVE_TOPICS: 400,
  ARCHIVE_NONE: 404,
  ARCHIVE_NOT_THERE: 404,
  HTTP_NOT_FOUND: 404,
  DOCUMENT_NOT_FOUND: 404,
  FLEET_UNKNOWN: 404,
  USAGE_TARGET: 400,
  USAGE_CANARY: 400,
  CONFIG_INVALID: 422,
  CONFIG_TOO_LARGE: 422,
  CONFIG_NO_HISTORY: 404,
  CONFIG_CONFLICT: 409,
  FLEET_NO_PLAN: 404,
  FLEET_NO_AUDIT: 404,
  LEDGER_EMPTY: 404,
  FLEET_NOT_THERE: 404,
  HTTP_METHOD: 405,
  HTTP_AUTH_LIMIT: 429,
  SEARCH_BUSY: 503,
  SEARCH_TIME_LIMIT: 504,
};

export interface ErrorBody {
  code: string;
  message: string;
  hint: string;
  /** First character at fault in q, from 1. */
  column?: number;
}

/** What is told of an error. Of one that we did not foresee, only that there is one: its text goes to our log. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof QueryError) {
    return { code: error.code, message: error.detail, hint: error.hint, column: error.column };
  }
  if (error instanceof WeirError) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  logOf("search").error("Request failed", { reason: messageOf(error) });
  return {
    code: "INTERNAL",
    message: "The request failed",
    hint: "The log of this program says why.",
  };
}

export function errorResponse(error: unknown): Response {
  const body = errorBody(error);
  const status = STATUS[body.code] ??
    (error instanceof WeirError && error.retriable ? 503 : 500);
  return Response.json(body, { status });
}

const encoder = new TextEncoder();

/**
 * Streams documents as text. The first batch is awaited before the answer begins, so that an error of the query
 * still gets a status of its own; a later one is told by `failed` as the last line. The reader stops when the
 * client goes.
 */
export async function streamDocuments(
  batches: AsyncIterable<Document[]>,
  running: Running,
  options: {
    contentType: string;
    headers?: Record<string, string>;
    head?: string;
    line: (document: Document) => string;
    failed: (body: ErrorBody) => string;
  },
): Promise<Response> {
  const iterator = batches[Symbol.asyncIterator]();
  const next = async () => {
    const result = await iterator.next();
    if (running.late) throw running.lateError();
    return result;
  };
  let first: IteratorResult<Document[]> | undefined;
  try {
    first = await next();
  } catch (error) {
    running.end();
    throw running.late ? running.lateError() : error;
  }
  const text = (documents: readonly Document[]) => documents.map(options.line).join("");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (options.head !== undefined) controller.enqueue(encoder.encode(options.head));
    },
    async pull(controller) {
      try {
        for (;;) {
          const result = first ?? await next();
          first = undefined;
          if (result.done) {
            running.end();
            return controller.close();
          }
          if (result.value.length === 0) continue;
          return controller.enqueue(encoder.encode(text(result.value)));
        }
      } catch (error) {
        running.end();
        if (!running.gone) {
          const told = errorBody(running.late ? running.lateError() : error);
          controller.enqueue(encoder.encode(options.failed(told)));
        }
        controller.close();
      }
    },
    async cancel() {
      running.abandon();
      running.end();
      // Nobody is left to be told of an error.
      await Promise.resolve(iterator.return?.()).catch(() => {});
    },
  });
  return new Response(body, {
    headers: { "content-type": options.contentType, ...options.headers },
  });
}
