/**
 * The paths under /api that read the store; docs/api.md is their page. GET only. Long results are streamed, a closed
 * connection ends the query, and every query has a limit of time and size.
 */
import { type Context, Hono } from "hono";
import type { Clock } from "../../core/ports/clock.ts";
import type { Document, DocumentReader, RangeRequest } from "../../core/ports/document_store.ts";
import { type Identity, UNNAMED } from "../access/identity.ts";
import { readerFor, traceFor } from "../access/scoped_reader.ts";
import { fullName } from "../query/fields.ts";
import { parseQuery } from "../query/parse.ts";
import { errorBody, errorResponse, streamDocuments } from "./answers.ts";
import { ARCHIVE_PARAMETERS, archiveAnswer } from "./archive.ts";
import type { ArchiveSearch } from "../archive/archive.ts";
import { contextOf } from "./context.ts";
import { replayAnswer } from "./dead_letters.ts";
import type { Trace } from "../explain/trace.ts";
import { EXPLAIN_PARAMETERS, explainAnswer } from "./explain.ts";
import { facetsOf, histogramOf, sampledValues } from "./facets.ts";
import type { SearchMetrics } from "./metrics.ts";
import type { FleetView } from "../fleet/fleet_view.ts";
import { changeAnswer } from "./fleet_config.ts";
import { fleetRoutes } from "./fleet_routes.ts";
import { hostAnswer, type HostView } from "./host.ts";
import { LIMITS } from "./limits.ts";
import { invalid, Parameters } from "./parameters.ts";
import { CSV_COLUMNS, csvLine, csvRow, jsonLine, plainDocument, textLine } from "./render.ts";
import type { Tails } from "./tail.ts";
import type { Running, Work } from "./work.ts";

export interface ApiOptions {
  reader: DocumentReader;
  clock: Clock;
  work: Work;
  tails: Tails;
  metrics: SearchMetrics;
  /** What is tailed; any JSON. */
  sources: () => unknown;
  /** What is known of this host beside its lines. */
  host?: HostView;
  /** Who runs, and what each works on. */
  fleet?: FleetView;
  /** What is known of a line beside its document. */
  trace?: Trace;
  /** What is kept for years beside the store. */
  archive?: ArchiveSearch;
  /** Whether retention dropped lines of a file's life in a topic; undefined: that is not known here. */
  expired?: (generation: string, topic: string) => boolean;
  /** Aborts when the server stops. */
  stopping: AbortSignal;
  /** Lines a second of one live tail above which lines are sampled. */
  tailRateMax: number;
}

const RANGE = ["q", "since", "until", "tz", "timeout"] as const;

type Answer = (parameters: Parameters, context: Context) => Promise<Response> | Response;

export function apiApp(options: ApiOptions): Hono {
  const app = new Hono();
  const api = new Api(options);
  for (const [path, known, answer] of api.routes()) {
    app.get(path, (context) => api.answer(path, known, answer, context));
  }
  app.post("/api/fleet/config", (context) => {
    const { fleet, stopping } = options;
    return changeAnswer(fleet?.config, identityOf(context), context.req.raw, stopping);
  });
  app.post("/api/fleet/dead", (context) => {
    return replayAnswer(options.fleet?.dead, identityOf(context), context.req.raw);
  });
  app.get("/api/*", (context) => {
    const path = new URL(context.req.url).pathname.slice(0, 100);
    return Response.json({
      code: "HTTP_NOT_FOUND",
      message: `There is nothing at ${path}`,
      hint: "docs/api.md lists the paths.",
    }, { status: 404 });
  });
  app.onError((error) => errorResponse(error));
  return app;
}

/** Who asks, as the guard found; the server gives it with each request. */
export function identityOf(context: Context): Identity {
  const { identity } = context.env as { identity?: Identity };
  return identity ?? NOBODY;
}

/** Where nobody said who asks, nothing is there to be read. */
const NOBODY: Identity = { ...UNNAMED, topics: [""] };

class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Path, the parameters it knows, and its answer. */
  routes(): [string, readonly string[], Answer][] {
    const place = ["topic", "generation", "offset", "at", "before", "after", "q", "timeout"];
    const pages = [...RANGE, "limit", "order", "after"];
    return [
      ["/api/search", pages, (...all) => this.#search(...all)],
      ["/api/export", [...pages, "format", "columns"], (...all) => this.#export(...all)],
      ["/api/tail", ["q", "since", "tz", "last", "rate"], (...all) => this.#tail(...all)],
      ["/api/count", RANGE, (...all) => this.#count(...all)],
      ["/api/histogram", [...RANGE, "bars", "bucket"], (...all) => this.#histogram(...all)],
      ["/api/fields", [...RANGE, "limit"], (...all) => this.#fields(...all)],
      ["/api/values", [...RANGE, "field", "limit", "sample"], (...all) => this.#values(...all)],
      ["/api/explain", EXPLAIN_PARAMETERS, (...all) => this.#explain(...all)],
      ["/api/archive/search", ARCHIVE_PARAMETERS, (...all) => this.#archive(...all)],
      ["/api/expired", ["generation", "topic"], (parameters) => this.#expired(parameters)],
      ["/api/context", place, (...all) => this.#context(...all)],
      [
        "/api/host",
        ["since", "until", "tz", "bars"],
        (parameters) => Response.json(hostAnswer(this.#options.host, parameters)),
      ],
      ["/api/sources", [], (_, context) => Response.json(this.#sources(context))],
      ["/api/me", [], (_, context) => Response.json(this.#me(context))],
      ...fleetRoutes(this.#options.fleet, this.#options.clock, this.#options.stopping),
    ];
  }

  async answer(
    path: string,
    known: readonly string[],
    answer: Answer,
    context: Context,
  ): Promise<Response> {
    const { clock, metrics } = this.#options;
    const since = clock.monotonicMs();
    let response: Response;
    try {
      const parameters = new Parameters(context.req.url, known, clock.wallMs());
      response = await answer(parameters, context);
    } catch (error) {
      // The client went: nobody reads this, and it is no failure.
      response = context.req.raw.signal.aborted
        ? new Response(null, { status: 499 })
        : errorResponse(error);
    }
    // Nobody reads the body of an answer to HEAD: its work would never end, and be in others' way.
    if (context.req.raw.method === "HEAD") await response.body?.cancel();
    metrics.answered(path, response.status, (clock.monotonicMs() - since) / 1000);
    response.headers.set("cache-control", "no-store");
    return response;
  }

  #start(parameters: Parameters, context: Context, limitMs: number): Running {
    return this.#options.work.start(
      context.req.raw.signal,
      parameters.span("timeout", 1, LIMITS.longestMs, limitMs),
    );
  }

  /** Answers with one JSON value within the time limit. */
  async #whole(
    parameters: Parameters,
    context: Context,
    run: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<Response> {
    const running = this.#start(parameters, context, LIMITS.searchMs);
    try {
      const result = await run(running.signal);
      if (running.late) throw running.lateError();
      return Response.json(result);
    } catch (error) {
      throw running.late ? running.lateError() : error;
    } finally {
      running.end();
    }
  }

  /** The store as far as whoever asks may read it. */
  #reader(context: Context): DocumentReader {
    return readerFor(this.#options.reader, identityOf(context));
  }

  /** Of other topics not even the names of files. */
  #sources(context: Context): unknown {
    const all = this.#options.sources(), { topics } = identityOf(context);
    if (topics === undefined) return all;
    const { files = [] } = all as { files?: { topic?: string }[] };
    return { files: files.filter(({ topic = "" }) => topics.includes(topic)) };
  }

  #me(context: Context): unknown {
    const { name, role, topics } = identityOf(context);
    return { name, role, topics: topics ?? null };
  }

  #documents(
    parameters: Parameters,
    context: Context,
    running: Running,
    max: number,
    initial: number,
    range = parameters.range(),
  ) {
    const after = parameters.after();
    return this.#reader(context).search({
      ...range,
      order: parameters.choice("order", ["newest", "oldest"], "newest"),
      limit: parameters.integer("limit", 1, max, initial),
      ...(after === undefined ? {} : { after }),
    }, running.signal);
  }

  #search(parameters: Parameters, context: Context): Promise<Response> {
    const running = this.#start(parameters, context, LIMITS.searchMs);
    return guarded(running, () => {
      const range = parameters.range();
      const found = this.#documents(parameters, context, running, LIMITS.search, 500, range);
      const headers = { "weir-range": rangeText(range) };
      return streamDocuments(found, running, { ...formatOf("ndjson", []), headers });
    });
  }

  #export(parameters: Parameters, context: Context): Promise<Response> {
    const format = parameters.choice("format", ["ndjson", "csv", "text"], "ndjson");
    const columns = (parameters.text("columns")?.split(",").map(fullName) ?? [...CSV_COLUMNS])
      .slice(0, 100);
    const shape = formatOf(format, columns);
    const running = this.#start(parameters, context, LIMITS.exportMs);
    return guarded(running, () =>
      streamDocuments(
        this.#documents(parameters, context, running, LIMITS.export, LIMITS.export),
        running,
        {
          ...shape,
          headers: {
            "content-disposition": `attachment; filename="weir-export.${shape.ending}"`,
          },
        },
      ));
  }

  #tail(parameters: Parameters, context: Context): Response {
    const { query, fromMs } = parameters.range();
    const last = parameters.integer("last", 0, 5000, 200);
    const rateMax = parameters.integer("rate", 1, 100_000, this.#options.tailRateMax);
    const lastEventId = context.req.header("last-event-id") || undefined;
    const identity = identityOf(context), reader = this.#reader(context);
    const asker = JSON.stringify([identity.name, identity.topics ?? null]);
    const same = [asker, last, rateMax, parameters.text("since") ?? "", parameters.text("q") ?? ""];
    return this.#options.tails.open(same.join(" "), lastEventId, () => ({
      reader,
      query,
      ...(fromMs === undefined ? {} : { fromMs }),
      last,
      rateMax,
      flushMs: 200,
      settleMs: 1200,
      eventsMax: 2000,
      charsMax: 8_388_608,
    }));
  }

  #count(parameters: Parameters, context: Context): Promise<Response> {
    return this.#whole(parameters, context, async (signal) => {
      const { range, told } = estimating(parameters.range());
      return { count: await this.#reader(context).count(range, signal), ...told };
    });
  }

  #histogram(parameters: Parameters, context: Context): Promise<Response> {
    return this.#whole(parameters, context, async (signal) => {
      const { range, told } = estimating(parameters.range());
      const bucketMs = parameters.text("bucket") === undefined
        ? undefined
        : parameters.span("bucket", 1, 3.2e11, 60_000);
      const bars = parameters.integer("bars", 1, 2000, 120);
      const found = await histogramOf(this.#reader(context), range, bars, bucketMs, signal);
      return { ...found, ...told };
    });
  }

  #fields(parameters: Parameters, context: Context): Promise<Response> {
    return this.#whole(parameters, context, async (signal) => {
      const { range, told } = estimating(parameters.range());
      const limit = parameters.integer("limit", 1, 1000, 10);
      return { ...await facetsOf(this.#reader(context), range, limit, signal), ...told };
    });
  }

  #values(parameters: Parameters, context: Context): Promise<Response> {
    const name = parameters.text("field");
    if (name === undefined) throw invalid("Parameter field is missing", "Such as field=host.");
    const field = fullName(name);
    const limit = parameters.integer("limit", 1, 1000, 10);
    const sample = parameters.integer("sample", 0, LIMITS.search, 0);
    const reader = this.#reader(context);
    return this.#whole(parameters, context, async (signal) => {
      const { range, told } = estimating(parameters.range());
      if (sample === 0) {
        return { field, values: await reader.values({ ...range, field, limit }, signal), ...told };
      }
      return { field, ...await sampledValues(reader, range, field, limit, sample, signal) };
    });
  }

  #explain(parameters: Parameters, context: Context): Promise<Response> {
    const reader = this.#reader(context);
    const trace = traceFor(this.#options.trace ?? {}, identityOf(context));
    return this.#whole(
      parameters,
      context,
      (signal) => explainAnswer(parameters, reader, trace, signal),
    );
  }

  #archive(parameters: Parameters, context: Context): Promise<Response> {
    const { archive, work } = this.#options;
    return archiveAnswer(
      archive,
      parameters,
      identityOf(context),
      (limitMs) => work.start(context.req.raw.signal, limitMs),
    );
  }

  #expired(parameters: Parameters): Response {
    const generation = parameters.text("generation") ?? "", topic = parameters.text("topic") ?? "";
    return Response.json({ expired: this.#options.expired?.(generation, topic) ?? null });
  }

  #context(parameters: Parameters, context: Context): Promise<Response> {
    const topic = parameters.text("topic");
    if (topic === undefined || parameters.text("offset") === undefined) {
      throw invalid("topic, generation and offset name a line", "Take them from the document.");
    }
    const at = parameters.text("at");
    return this.#whole(parameters, context, async (signal) => {
      const { lines, ...rest } = await contextOf(this.#reader(context), {
        topic,
        generation: parameters.text("generation") ?? "",
        offset: parameters.integer("offset", 0, Number.MAX_SAFE_INTEGER, 0),
        ...(at === undefined ? {} : { timestampMs: parameters.integer("at", 0, 8.64e15, 0) }),
        before: parameters.integer("before", 0, 500, 10),
        after: parameters.integer("after", 0, 500, 10),
        query: parseQuery(parameters.text("q") ?? ""),
      }, signal);
      return { ...rest, lines: lines.map(plainDocument) };
    });
  }
}

/** A range whose answer says `estimated` where a sum was; `told` has it once the answer is there. */
function estimating(range: RangeRequest) {
  const told: { estimated?: { looked: number; of: number } } = {};
  const onEstimate = (looked: number, of: number) => void (told.estimated = { looked, of });
  return { range: { ...range, onEstimate }, told };
}

/** The range that was asked for, relative times resolved: "2026-11-21T08:00:00.000Z/"; a side that is open is empty. */
function rangeText({ fromMs, toMs }: RangeRequest): string {
  const text = (ms: number | undefined) => ms === undefined ? "" : new Date(ms).toISOString();
  return `${text(fromMs)}/${text(toMs)}`;
}

/** Ends the work where the answer could not begin. */
async function guarded(running: Running, run: () => Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    running.end();
    throw error;
  }
}

function formatOf(format: "ndjson" | "csv" | "text", columns: readonly string[]) {
  const told = (body: ReturnType<typeof errorBody>) => `${body.code}: ${body.message}`;
  if (format === "ndjson") {
    return {
      ending: "ndjson",
      contentType: "application/x-ndjson; charset=utf-8",
      line: jsonLine,
      failed: (error: ReturnType<typeof errorBody>) => `${JSON.stringify({ error })}\n`,
    };
  }
  if (format === "csv") {
    return {
      ending: "csv",
      contentType: "text/csv; charset=utf-8",
      head: csvLine(columns),
      line: (document: Document) => csvRow(document, columns),
      failed: (error: ReturnType<typeof errorBody>) => csvLine([`# incomplete: ${told(error)}`]),
    };
  }
  return {
    ending: "log",
    contentType: "text/plain; charset=utf-8",
    line: textLine,
    failed: (error: ReturnType<typeof errorBody>) => `# incomplete: ${told(error)}\n`,
  };
}
