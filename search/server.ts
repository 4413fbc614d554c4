/**
 * The search server: page, API, status and metrics at one address. Loopback unless told otherwise; another address
 * needs a password or token. It owns no store: it reads through a DocumentReader.
 */
import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { WeirError } from "../core/errors.ts";
import { isLoopback } from "../core/http/host.ts";
import { listen, type Listening, parseAddress, statusApp } from "../core/http/status_server.ts";
import type { Part } from "../core/lifecycle.ts";
import type { Registry } from "../core/metrics/registry.ts";
import { type Clock, systemClock } from "../core/ports/clock.ts";
import type { DocumentReader } from "../core/ports/document_store.ts";
import { errorResponse } from "./api/answers.ts";
import { apiApp } from "./api/app.ts";
import type { ArchiveSearch } from "./archive/archive.ts";
import type { Trace } from "./explain/trace.ts";
import type { FleetView } from "./fleet/fleet_view.ts";
import type { HostView } from "./api/host.ts";
import { firstPage } from "./api/first_view.ts";
import { checkPath, type Identity } from "./access/identity.ts";
import { readerFor } from "./access/scoped_reader.ts";
import type { Elsewhere } from "./page/model/elsewhere.ts";
import { type AuthOptions, checkRequest, Guard, HEADERS } from "./api/guard.ts";
import { SearchMetrics } from "./api/metrics.ts";
import { Tails, type TailsOptions } from "./api/tail.ts";
import { Work } from "./api/work.ts";

export interface SearchServerOptions {
  reader: DocumentReader;
  /** "HOST:PORT"; port 0 takes a free one. */
  listen: string;
  registry: Registry;
  /** Files of the page by path ("/", "/fleet", "/script.js", …); awaited when the server starts. */
  page: () => Promise<ReadonlyMap<string, Uint8Array>>;
  /** Searched on demand beside the reader's lines. @default {undefined: there is none} */
  archive?: ArchiveSearch;
  /** What is tailed, for /api/sources. @default {() => ({ sources: [] })} */
  sources?: () => unknown;
  /** What is known of this host beside its lines, for /api/host. @default {undefined: nothing} */
  host?: HostView;
  /** Who runs, and what each works on, for /api/fleet. @default {undefined: it says that it knows none} */
  fleet?: FleetView;
  /** What is known of a line beside its document, for /api/explain. @default {{}: the document alone} */
  trace?: Trace;
  /** Whether retention dropped lines of a file's life in a topic, for /api/expired. @default {undefined: not known} */
  expired?: (generation: string, topic: string) => boolean;
  /** Where Kibana and Grafana over the same lines are; the page links to them. @default {undefined: nowhere} */
  elsewhere?: Elsewhere;
  /** State for /api/status, no secrets. @default {() => ({})} */
  status?: () => unknown;
  /** Reasons for not being ready; empty means ready. @default {() => []} */
  notReady?: () => string[];
  /** Answers GET /metrics instead of the registry alone. */
  metrics?: (request: Request) => Promise<Response>;
  /** Needed for an address that is not loopback. */
  auth?: AuthOptions;
  /** Names under which the server may be called besides its address. @default {[]} */
  hosts?: readonly string[];
  /** Queries at once. @default {24} */
  searchesMax?: number;
  /** Lines a second of one live tail above which lines are sampled. @default {2000} */
  tailRateMax?: number;
  tails?: TailsOptions;
  clock?: Clock;
}

export interface SearchServer extends Part {
  /** Where it listens, with the real port; throws before it started. */
  readonly url: string;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Makes the server; it listens after `start`. Throws HTTP_AUTH_REQUIRED for an address that others can reach
 * without a password or token, HTTP_LISTEN_ADDRESS, and HTTP_LISTEN_FAILED at the start.
 */
export function createSearchServer(options: SearchServerOptions): SearchServer {
  const clock = options.clock ?? systemClock;
  const guard = new Guard(options.auth, () => clock.monotonicMs());
  checkAddress(options.listen, options.auth);
  const work = new Work(options.searchesMax ?? 24);
  const tails = new Tails(options.tails);
  const metrics = new SearchMetrics(options.registry, () => work.active, () => tails.sessions);
  const stopping = new AbortController();
  const app = new Hono();
  const { metrics: ownMetrics } = options;
  if (ownMetrics !== undefined) app.get("/metrics", (context) => ownMetrics(context.req.raw));
  app.route(
    "/",
    statusApp({
      registry: options.registry,
      notReady: options.notReady ?? (() => []),
      status: options.status ?? (() => ({})),
    }),
  );
  app.route(
    "/",
    apiApp({
      reader: options.reader,
      clock,
      work,
      tails,
      metrics,
      sources: options.sources ?? (() => ({ sources: [] })),
      ...(options.host && { host: options.host }),
      ...(options.fleet && { fleet: options.fleet }),
      ...(options.trace && { trace: options.trace }),
      ...(options.archive && { archive: options.archive }),
      ...(options.expired && { expired: options.expired }),
      stopping: stopping.signal,
      tailRateMax: options.tailRateMax ?? 2000,
    }),
  );
  let listening: Listening | undefined;
  return {
    name: "search",
    get url() {
      if (listening === undefined) throw new Error("The search server has not started");
      return listening.url;
    },
    async start() {
      const files = await pagesOf(options, clock);
      const answer = async (request: Request, remote: string) => {
        checkRequest(request);
        const { pathname } = new URL(request.url);
        if (pathname === "/healthz") return await app.fetch(request);
        const identity = await guard.check(request, remote);
        checkPath(identity, pathname);
        return files(request, identity) ?? await app.fetch(request, { identity });
      };
      listening = listen(options.listen, guarded(answer), options.hosts);
    },
    async stop() {
      stopping.abort();
      tails.stop();
      work.stop();
      await listening?.close();
    },
  };
}

/** Answers for the files of the pages, each as whoever asks may see it. */
async function pagesOf(options: SearchServerOptions, clock: Clock): ReturnType<typeof pageFiles> {
  const page = await options.page();
  const htmlOf = (path: string) => withMeta(new TextDecoder().decode(page.get(path)), options);
  const html = htmlOf("/"), fleet = new TextEncoder().encode(htmlOf("/fleet"));
  const all = new Map([...page, ["/fleet", fleet] as const]);
  return await pageFiles(all, (request, identity) => {
    const reader = readerFor(options.reader, identity);
    // Whoever may read some topics only is shown no way to the fleet.
    const own = identity.topics === undefined ? html : html.replace(FLEET_META, "");
    return firstPage({ reader, clock, bars: 120 }, own, request);
  });
}

/** Errors as answers, and the headers of every answer. */
function guarded(answer: (request: Request, remote: string) => Promise<Response>) {
  return async (request: Request, remote: string): Promise<Response> => {
    let response: Response;
    try {
      response = await answer(request, remote);
    } catch (error) {
      response = errorResponse(error);
    }
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    if (response.status === 401) {
      response.headers.set("www-authenticate", 'Basic realm="Weir", charset="UTF-8"');
    }
    if (response.status === 405) response.headers.set("allow", "GET, HEAD");
    return response;
  };
}

const FLEET_META = /<meta name="fleet" content="\w+">/;

/**
 * What a page has to know before it asks: the zone of this host, by whose clock somebody may want the times, and
 * whether there is a fleet to show or an archive to search, and where else the same lines are seen.
 */
function withMeta(html: string, { fleet, elsewhere, archive }: SearchServerOptions): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const metas = [`<meta name="host-zone" content="${timeZone}">`];
  if (fleet !== undefined) {
    metas.push(`<meta name="fleet" content="${fleet.config === undefined ? "yes" : "config"}">`);
  }
  if (archive !== undefined) metas.push(`<meta name="archive" content="yes">`);
  if (elsewhere !== undefined) {
    const text = JSON.stringify(elsewhere).replace(/[&"<>]/g, (one) => `&#${one.charCodeAt(0)};`);
    metas.push(`<meta name="elsewhere" content="${text}">`);
  }
  return html.replace("</head>", () => `${metas.join("\n")}\n</head>`);
}

/**
 * Throws HTTP_AUTH_REQUIRED for an address that others can reach without a password or token, and
 * HTTP_LISTEN_ADDRESS.
 */
export function checkAddress(address: string, auth: AuthOptions | undefined): void {
  if (isLoopback(parseAddress(address).hostname) || auth?.password || auth?.token || auth?.users) {
    return;
  }
  throw new WeirError(
    "HTTP_AUTH_REQUIRED",
    `Cannot listen on ${address} without a password or token: others could read the logs`,
    {
      hint:
        "Give --password-file FILE, --token-file FILE or --users-file FILE, or set WEIR_PASSWORD or " +
        "WEIR_TOKEN in the environment; or listen on 127.0.0.1.",
    },
  );
}

/** Answers for the files of the page, with an ETag; "/" by `home`; undefined for any other path. */
async function pageFiles(
  files: ReadonlyMap<string, Uint8Array>,
  home: (request: Request, identity: Identity) => ReadableStream<Uint8Array>,
): Promise<(request: Request, identity: Identity) => Response | undefined> {
  const tags = new Map<string, string>();
  for (const [path, bytes] of files) {
    const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
    tags.set(path, `"${Buffer.from(hash).toString("hex", 0, 12)}"`);
  }
  return (request, identity) => {
    const path = new URL(request.url).pathname;
    const bytes = files.get(path);
    if (bytes === undefined) return undefined;
    if (path === "/") {
      const headers = { "content-type": TYPES.html, "cache-control": "no-store" };
      return new Response(request.method === "HEAD" ? null : home(request, identity), { headers });
    }
    const etag = tags.get(path)!;
    const headers = {
      "content-type": TYPES[path === "/fleet" ? "html" : path.split(".").pop()!] ??
        "application/octet-stream",
      "cache-control": "no-cache",
      etag,
    };
    if (request.headers.get("if-none-match") === etag) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(bytes as Uint8Array<ArrayBuffer>, { headers });
  };
}
