/**
 * What is asked of Elasticsearch: reading requests alone, each with a limit of time and of size,
 * each ended when its signal aborts (Elasticsearch stops a search whose connection closes). An
 * answer of which a part is missing is an error, never a smaller number.
 */
import type { Client } from "@elastic/elasticsearch";
import { JSON_HEADERS } from "../../core/elastic/client.ts";
import { messageOf, WeirError } from "../../core/errors.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { Clause } from "./bounds.ts";

export interface Hit {
  _index: string;
  _id: string;
  _source?: Record<string, unknown>;
  sort?: unknown[];
  fields?: Record<string, unknown>;
}

export interface Answer {
  timed_out: boolean;
  pit_id?: string;
  hits: { total?: { value: number }; hits: Hit[] };
  aggregations?: Record<string, any>;
}

export interface RequestOptions {
  /** Indices to look at: names and patterns, joined by commas. */
  index: string;
  /** Longest time that Elasticsearch may take for one request, ms. */
  timeoutMs: number;
  /** Largest answer, bytes. */
  answerBytesMax: number;
}

/** The answer is larger than `answerBytesMax`. */
export class AnswerTooLarge extends Error {}

const KEEP_ALIVE = "1m";
/** How often a request is sent again that Elasticsearch was too busy for, and the first wait. */
const BUSY_RETRIES = 3;
const BUSY_MS = 100;

export class Requests {
  readonly #client: Client;
  readonly #options: RequestOptions;

  constructor(client: Client, options: RequestOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** A search over the indices, or over a point in time where the body names one. */
  async search(body: Clause, signal: AbortSignal): Promise<Answer> {
    const inPit = body.pit !== undefined;
    const answer = await this.#send<Answer>("POST", inPit ? "/_search" : this.#path("_search"), {
      body: { timeout: `${this.#options.timeoutMs}ms`, ...body },
      querystring: {
        allow_partial_search_results: "false",
        ...(inPit ? {} : { ignore_unavailable: "true", pre_filter_shard_size: "1" }),
      },
    }, signal);
    if (answer.timed_out) throw timeLimit(this.#options.timeoutMs);
    return answer;
  }

  /** Opens a point in time: pages of one search see the same documents. */
  async openPit(signal: AbortSignal): Promise<string> {
    const querystring = { keep_alive: KEEP_ALIVE, ignore_unavailable: "true" };
    const { id } = await this.#send<{ id: string }>(
      "POST",
      this.#path("_pit"),
      { querystring },
      signal,
    );
    return id;
  }

  pit(id: string): Clause {
    return { pit: { id, keep_alive: KEEP_ALIVE } };
  }

  /** Never rejects: what is not closed ends by itself after a minute. */
  async closePit(id: string): Promise<void> {
    const signal = AbortSignal.timeout(5000);
    await this.#send("DELETE", "/_pit", { body: { id } }, signal).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #path(what: string): string {
    return `/${encodeURIComponent(this.#options.index)}/${what}`;
  }

  async #send<T>(
    method: "POST" | "DELETE",
    path: string,
    request: { body?: unknown; querystring?: Record<string, string> },
    signal: AbortSignal,
  ): Promise<T> {
    for (let attempt = 0;; attempt++) {
      signal.throwIfAborted();
      try {
        return await this.#once<T>(method, path, request, signal);
      } catch (error) {
        // Too busy, or short of memory for a moment.
        if (attempt === BUSY_RETRIES || (error as WeirError).code !== "ES_BUSY") throw error;
        await systemClock.sleep(BUSY_MS * 3 ** attempt, signal);
      }
    }
  }

  async #once<T>(
    method: "POST" | "DELETE",
    path: string,
    request: { body?: unknown; querystring?: Record<string, string> },
    signal: AbortSignal,
  ): Promise<T> {
    try {
      return await this.#client.transport.request<T>({ method, path, ...request } as never, {
        headers: JSON_HEADERS,
        signal,
        maxResponseSize: this.#options.answerBytesMax,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw told(error, this.#options.timeoutMs);
    }
  }
}

export function timeLimit(limitMs: number): WeirError {
  return new WeirError(
    "SEARCH_TIME_LIMIT",
    `Elasticsearch took longer than ${limitMs / 1000} s for one request`,
    { hint: "Narrow the time range or the query, or set page.timeout." },
  );
}

/** What went wrong, for a person. */
function told(error: unknown, limitMs: number): Error {
  const name = (error as Error)?.name;
  const message = messageOf(error);
  if (name === "RequestAbortedError" && /bigger than the maximum/.test(message)) {
    return new AnswerTooLarge(message);
  }
  if (name === "TimeoutError") return timeLimit(limitMs);
  const status = (error as any)?.meta?.statusCode as number | undefined;
  const reason = reasonOf((error as any)?.meta?.body) ?? message;
  if (status === undefined) {
    return new WeirError("ES_UNREACHABLE", `Cannot reach Elasticsearch: ${reason}`, {
      hint: "Check that it runs and that elasticsearch.nodes names it.",
      retriable: true,
      cause: error,
    });
  }
  if (status === 401 || status === 403) {
    return new WeirError("ES_READ_DENIED", `Elasticsearch refuses to be read: ${reason}`, {
      hint: "Give this user the privilege read on the indices.",
      cause: error,
    });
  }
  if (status === 429) {
    return new WeirError("ES_BUSY", `Elasticsearch is too busy: ${reason}`, {
      hint: "Try again in a moment, or narrow the time range.",
      retriable: true,
      cause: error,
    });
  }
  return new WeirError("ES_SEARCH_FAILED", `Elasticsearch answered ${status}: ${reason}`, {
    hint: "Try again; if it stays, narrow the time range or the query.",
    retriable: status >= 500,
    cause: error,
  });
}

function reasonOf(body: any): string | undefined {
  const error = body?.error;
  if (typeof error === "string") return error.slice(0, 500);
  const cause = error?.failed_shards?.[0]?.reason ?? error?.root_cause?.[0] ?? error;
  const inner = cause?.caused_by ?? cause;
  const text = inner?.reason ?? cause?.reason;
  return typeof text === "string" ? `${inner?.type ?? ""}: ${text}`.slice(0, 500) : undefined;
}
