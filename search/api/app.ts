/**
 * The paths under /api that read the store; docs/api.md is their page. GET only. Long results are streamed, a closed
 * connection ends the query, and every query has a limit of time and size.
 */
import { type Context, Hono } from "hono";
import type { Clock } from "../../core/ports/clock.ts";
import type { Document, DocumentReader } from "../../core/ports/document_store.ts";
import { fullName } from "../query/fields.ts";
import { parseQuery } from "../query/parse.ts";
import { errorBody, errorResponse, streamDocuments } from "./answers.ts";
import { contextOf } from "./context.ts";
import { facetsOf, histogramOf } from "./facets.ts";
import type { SearchMetrics } from "./metrics.ts";
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
  /** Lines a second of one live tail above which lines are sampled. */
  tailRateMax: number;
}

const LIMITS = {
  search: 100_000,
  export: 1_000_000,
  searchMs: 30_000,
  exportMs: 600_000,
  longestMs: 3_600_000,
} as const;
const RANGE = ["q", "since", "until", "tz", "timeout"] as const;

export function apiApp(options: ApiOptions): Hono {
  const app = new Hono();
  const { reader, clock, work, tails, metrics } = options;

  /** Runs one query with its limits; `run` reads the parameters and answers. */
  const route = (
    path: string,
    known: readonly string[],
    run: (parameters: Parameters, context: Context) => Promise<Response> | Response,
  ) =>
    app.get(path, async (context) => {
      const since = clock.monotonicMs();
      let response: Response;
      try {
        const parameters = new Parameters(context.req.url, known, clock.wallMs());
        response = await run(parameters, context);
      } catch (error) {
        // The client went: nobody reads this, and it is no failure.
        response = context.req.raw.signal.aborted
          ? new Response(null, { status: 499 })
          : errorResponse(error);
      }
      metrics.answered(path, response.status, (clock.monotonicMs() - since) / 1000);
      response.headers.set("cache-control", "no-store");
      return response;
    });

  /** Starts the work of a request; for answers that are not streamed also ends it. */
  const start = (parameters: Parameters, context: Context, limitMs: number) =>
    work.start(
      context.req.raw.signal,
      parameters.span("timeout", 1, LIMITS.longestMs, limitMs),
    );
  const whole = async (
    parameters: Parameters,
    context: Context,
    run: (signal: AbortSignal) => Promise<unknown>,
  ) => {
    const running = start(parameters, context, LIMITS.searchMs);
    try {
      const result = await run(running.signal);
      if (running.late) throw running.lateError();
      return Response.json(result);
    } catch (error) {
      throw running.late ? running.lateError() : error;
    } finally {
      running.end();
    }
  };
  const documents = (parameters: Parameters, running: Running, max: number, initial: number) => {
    const after = parameters.after();
    return reader.search({
      ...parameters.range(),
      order: parameters.choice("order", ["newest", "oldest"], "newest"),
      limit: parameters.integer("limit", 1, max, initial),
      ...(after === undefined ? {} : { after }),
    }, running.signal);
  };

  route("/api/search", [...RANGE, "limit", "order", "after"], (parameters, context) => {
    const running = start(parameters, context, LIMITS.searchMs);
    return guarded(
      running,
      () =>
        streamDocuments(documents(parameters, running, LIMITS.search, 500), running, {
          contentType: "application/x-ndjson; charset=utf-8",
          line: jsonLine,
          failed: (error) => `${JSON.stringify({ error })}\n`,
        }),
    );
  });

  route(
    "/api/count",
    RANGE,
    (parameters, context) =>
      whole(parameters, context, async (signal) => ({
        count: await reader.count(parameters.range(), signal),
      })),
  );

  route(
    "/api/histogram",
    [...RANGE, "bars", "bucket"],
    (parameters, context) =>
      whole(parameters, context, (signal) => {
        const bucketMs = parameters.text("bucket") === undefined
          ? undefined
          : parameters.span("bucket", 1, 3.2e11, 60_000);
        const bars = parameters.integer("bars", 1, 2000, 120);
        return histogramOf(reader, parameters.range(), bars, bucketMs, signal);
      }),
  );

  route(
    "/api/fields",
    [...RANGE, "limit"],
    (parameters, context) =>
      whole(parameters, context, (signal) => {
        const limit = parameters.integer("limit", 1, 1000, 10);
        return facetsOf(reader, parameters.range(), limit, signal);
      }),
  );

  route("/api/values", [...RANGE, "field", "limit"], (parameters, context) => {
    const field = parameters.text("field");
    if (field === undefined) throw invalid("Parameter field is missing", "Such as field=host.");
    return whole(parameters, context, async (signal) => ({
      field: fullName(field),
      values: await reader.values({
        ...parameters.range(),
        field: fullName(field),
        limit: parameters.integer("limit", 1, 1000, 10),
      }, signal),
    }));
  });

  const place = ["topic", "generation", "offset", "at", "before", "after", "q", "timeout"];
  route("/api/context", place, (parameters, context) => {
    const topic = parameters.text("topic");
    if (topic === undefined || parameters.text("offset") === undefined) {
      throw invalid("topic, generation and offset name a line", "Take them from the document.");
    }
    const at = parameters.text("at");
    return whole(parameters, context, async (signal) => {
      const { lines, ...rest } = await contextOf(reader, {
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
  });

  route("/api/export", [...RANGE, "limit", "order", "after", "format", "columns"], (
    parameters,
    context,
  ) => {
    const format = parameters.choice("format", ["ndjson", "csv", "text"], "ndjson");
    const columns = (parameters.text("columns")?.split(",").map(fullName) ?? [...CSV_COLUMNS])
      .slice(0, 100);
    const running = start(parameters, context, LIMITS.exportMs);
    const shape = formatOf(format, columns);
    return guarded(
      running,
      () =>
        streamDocuments(documents(parameters, running, LIMITS.export, LIMITS.export), running, {
          ...shape,
          headers: {
            "content-disposition": `attachment; filename="weir-export.${shape.ending}"`,
          },
        }),
    );
  });

  route("/api/tail", ["q", "since", "tz", "last", "rate"], (parameters, context) => {
    const text = parameters.text("q") ?? "";
    const { query, fromMs } = parameters.range();
    const last = parameters.integer("last", 0, 5000, 200);
    const rateMax = parameters.integer("rate", 1, 100_000, options.tailRateMax);
    const lastEventId = context.req.header("last-event-id") || undefined;
    const same = `${last} ${rateMax} ${parameters.text("since") ?? ""} ${text}`;
    return tails.open(same, lastEventId, () => ({
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
  });

  route("/api/sources", [], () => Response.json(options.sources()));
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
