/**
 * The HTTP API of a running `weir up`, for the commands that read it. Promises: a secret goes to the given address
 * alone (redirects are not followed), every failure is a WeirError with the server's code where it sent one, and what
 * the server says is escaped before a person sees it.
 */
import { Buffer } from "node:buffer";
import type { Command } from "commander";
import { EXIT, messageOf, WeirError } from "../core/errors.ts";
import { safeText } from "../core/log.ts";
import { fail } from "../core/program.ts";
import { readSecret } from "../core/secrets.ts";
import { caretLines } from "../search/query/query_error.ts";
import { textLines } from "./event_stream.ts";
import type { ShownDocument } from "./line_text.ts";

export interface ServerOptions {
  url: string;
  tokenFile?: string;
  passwordFile?: string;
}

/** Parameters of a request; undefined ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>;

/** The options of every command that asks a server. */
export function withServerOptions(command: Command): Command {
  return command
    .option("--url <url>", "address of `weir up`", "http://127.0.0.1:7700")
    .option(
      "--token-file <file>",
      "file with the server's token (or WEIR_TOKEN in the environment)",
    )
    .option("--password-file <file>", "file with the server's password");
}

export class ApiClient {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;

  /** `token`: what WEIR_TOKEN says; a file goes before it. Throws USAGE_URL, SECRET_UNREADABLE. */
  constructor(options: ServerOptions, token?: string) {
    this.#base = baseOf(options.url);
    this.#headers = authorization(options, token);
  }

  /**
   * Asks for `path` ("search") under /api. Throws API_UNREACHABLE (retriable), API_ANSWER, and what the server says
   * under the server's own code.
   */
  async open(
    path: string,
    query: Query,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const url = new URL(`api/${path}`, this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    let response: Response;
    try {
      response = await fetch(url, {
        headers: { ...this.#headers, ...headers },
        redirect: "manual",
        signal,
      });
    } catch (error) {
      throw unreachable(this.#base, error);
    }
    if (!response.ok) throw await refused(response, query.q ?? "");
    return response;
  }

  /**
   * The documents of a search as they come. Throws as `open`, and API_INTERRUPTED (retriable). `told` gets the lines of
   * "archive/search" that are no documents.
   */
  async *documents(
    query: Query,
    signal: AbortSignal,
    path = "search",
    told: (line: Record<string, unknown>) => void = () => {},
  ): AsyncGenerator<ShownDocument> {
    const response = await this.open(path, query, signal);
    for await (const line of textLines(bodyOf(response))) {
      const value = parsed(line);
      if ("error" in value) throw serverError(value.error, query.q ?? "");
      if ("progress" in value && !("_id" in value)) told(value);
      else yield value as ShownDocument;
    }
  }

  /** How many lines fit. Throws as `open`. */
  async count(query: Query, signal: AbortSignal): Promise<number> {
    const response = await this.open("count", query, signal);
    let text = "";
    for await (const line of textLines(bodyOf(response))) text += line;
    const { count } = parsed(text);
    if (typeof count !== "number") throw badAnswer("no count");
    return count;
  }
}

/** The bytes of an answer; where the connection breaks, API_INTERRUPTED. */
export async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    for await (const bytes of response.body) yield bytes;
  } catch (error) {
    throw new WeirError("API_INTERRUPTED", `The answer broke off: ${safeText(messageOf(error))}`, {
      hint: "Is `weir up` still running? Ask again.",
      retriable: true,
      cause: error,
    });
  }
}

/** Throws API_ANSWER where the text is no JSON object. */
export function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badAnswer(text);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw badAnswer(text);
}

/** An error as the server told it, the query and a caret below it where it says where. */
export function serverError(body: unknown, query: string, status = 0): WeirError {
  const { code, message, hint, column } = (body ?? {}) as Record<string, unknown>;
  if (typeof code !== "string" || !/^[A-Z][A-Z_]{1,60}$/.test(code)) {
    throw badAnswer(JSON.stringify(body) ?? "nothing");
  }
  let text = safeText(String(message), 2000);
  if (typeof column === "number" && column >= 1 && column <= query.length + 1) {
    text = `Column ${column}: ${text}\n${caretLines(query, column - 1)}`;
  }
  return new WeirError(code, text, {
    hint: hint === undefined ? "" : safeText(String(hint), 2000),
    retriable: RETRIABLE.has(code) || status === 503,
  });
}

const RETRIABLE = new Set(["SEARCH_BUSY", "SEARCH_TIME_LIMIT", "HTTP_AUTH_LIMIT"]);
const USAGE = new Set(["QUERY_INVALID", "TIME_INVALID", "TIME_RANGE", "PARAMETER_INVALID"]);

/** Runs a command's action, tells what went wrong, and ends the process: client connections may keep it alive. */
export async function runAndExit(run: () => Promise<void>): Promise<never> {
  try {
    await run();
  } catch (error) {
    Deno.exit(exitCode(error, fail("weir", error)));
  }
  Deno.exit(EXIT.ok);
}

/** What a query or an argument is at fault for is a usage error, a wrong secret a matter of permission. */
export function exitCode(error: unknown, otherwise: number): number {
  if (!(error instanceof WeirError)) return otherwise;
  if (USAGE.has(error.code) || error.code.startsWith("USAGE_")) return EXIT.usage;
  return error.code === "HTTP_AUTH_FAILED" ? EXIT.permission : otherwise;
}

function baseOf(text: string): URL {
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    throw usageUrl(text, "it is no address");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw usageUrl(text, "it is not HTTP");
  if (url.username !== "" || url.password !== "") {
    throw new WeirError(
      "USAGE_URL",
      "Cannot use --url: it holds a password, which others can see",
      {
        hint: "Give --password-file, --token-file or WEIR_TOKEN instead.",
      },
    );
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.search = url.hash = "";
  return url;
}

function usageUrl(text: string, why: string): WeirError {
  return new WeirError("USAGE_URL", `Cannot use --url ${safeText(text)}: ${why}`, {
    hint: "Example: --url http://127.0.0.1:7700",
  });
}

function authorization(options: ServerOptions, token: string | undefined): Record<string, string> {
  if (options.passwordFile !== undefined) {
    const pair = Buffer.from(`weir:${readSecret(options.passwordFile)}`, "utf8");
    return { authorization: `Basic ${pair.toString("base64")}` };
  }
  const secret = options.tokenFile === undefined ? token : readSecret(options.tokenFile);
  if (secret === undefined || secret === "") return {};
  if (!/^[\x21-\x7e]{1,1024}$/.test(secret)) {
    throw new WeirError("USAGE_TOKEN", "Cannot use the token: it has spaces or other characters", {
      hint: "A token is 1 to 1024 visible ASCII characters on one line.",
    });
  }
  return { authorization: `Bearer ${secret}` };
}

function unreachable(base: URL, error: unknown): WeirError {
  const why = safeText(messageOf(error), 300);
  return new WeirError("API_UNREACHABLE", `Cannot reach ${base.origin}: ${why}`, {
    hint: "Is `weir up` running? Its first lines name its address; give it with --url.",
    retriable: true,
    cause: error,
  });
}

async function refused(response: Response, query: string): Promise<WeirError> {
  let text = "";
  for await (const line of textLines(bodyOf(response), 100_000)) {
    if (text.length < 10_000) text += line;
  }
  try {
    return serverError(parsed(text), query, response.status);
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    return badAnswer(`status ${response.status}, ${text}`);
  }
}

function badAnswer(text: string): WeirError {
  return new WeirError("API_ANSWER", `Cannot understand the answer: ${safeText(text)}`, {
    hint: "Is this the address of `weir up`?",
  });
}
