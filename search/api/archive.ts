/**
 * /api/archive/search: lines of the index and of the archive together, as NDJSON, with lines between them that say how far
 * the search is, and a last one that says how it ended. A closed connection ends the search.
 */
import { WeirError } from "../../core/errors.ts";
import type { Identity } from "../access/identity.ts";
import type { ArchiveEvent, ArchiveRequest, ArchiveSearch } from "../archive/archive.ts";
import type { Progress } from "../archive/scan.ts";
import { errorBody } from "./answers.ts";
import { invalid, type Parameters } from "./parameters.ts";
import { jsonLine } from "./render.ts";
import type { Running } from "./work.ts";

export const ARCHIVE_PARAMETERS = [
  "q",
  "since",
  "until",
  "tz",
  "timeout",
  "limit",
  "order",
  "after",
  "days",
  "late",
] as const;

const LIMIT_MAX = 100_000;
/** Between two lines of progress. */
const TOLD_EVERY_MS = 200;
const encoder = new TextEncoder();

/** Rejects with ARCHIVE_NONE, SEARCH_BUSY, and what is wrong with the parameters. @param start given its time limit */
export async function archiveAnswer(
  archive: ArchiveSearch | undefined,
  parameters: Parameters,
  identity: Identity,
  start: (limitMs: number) => Running,
): Promise<Response> {
  if (archive === undefined) {
    throw new WeirError("ARCHIVE_NONE", "This page knows no archive", {
      hint: "Set archive.location in its settings, or give --archive.",
    });
  }
  const request = requestOf(parameters), { timeout } = archive.bounds;
  const running = start(parameters.span("timeout", 1, timeout, timeout));
  const events = archive.search(request, identity, running.signal, () => running.late);
  try {
    // An error of the query, or of a store that is away, gets a status of its own.
    const first = await events.next();
    return answerOf(events, first, running);
  } catch (error) {
    running.end();
    throw error;
  }
}

function requestOf(parameters: Parameters): ArchiveRequest {
  const after = parameters.after(), days = daysOf(parameters.text("days"));
  return {
    ...parameters.range(),
    order: parameters.choice("order", ["newest", "oldest"], "newest"),
    limit: parameters.integer("limit", 1, LIMIT_MAX, 500),
    ...(after && { after }),
    ...(days && { days }),
    ...(parameters.text("late") && { lateDays: parameters.integer("late", 0, 36_500, 0) }),
  };
}

/** `2026-11-21`, or `2026-11-01..2026-11-21`, both inclusive. */
function daysOf(text: string | undefined): { first: string; last: string } | undefined {
  if (text === undefined) return undefined;
  const found = /^(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?$/.exec(text);
  if (found !== null) return { first: found[1], last: found[2] ?? found[1] };
  throw invalid(
    `Cannot use days=${text.slice(0, 40)}`,
    "Such as 2026-11-21 or 2026-11-01..2026-11-21.",
  );
}

function answerOf(
  events: AsyncGenerator<ArchiveEvent>,
  first: IteratorResult<ArchiveEvent>,
  running: Running,
): Response {
  const lines = new Lines();
  let next: Promise<IteratorResult<ArchiveEvent>> | undefined = Promise.resolve(first);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        for (;;) {
          next ??= events.next();
          const result = await soon(next, lines.untold);
          // A store that is slow is told of as well: how far the search was before.
          const text = result === undefined
            ? lines.rest()
            : result.done
            ? ""
            : lines.of(result.value);
          if (result !== undefined) next = undefined;
          if (result?.done) {
            running.end();
            return controller.close();
          }
          if (text !== "") return controller.enqueue(encoder.encode(text));
        }
      } catch (error) {
        running.end();
        if (!running.gone) {
          controller.enqueue(encoder.encode(`${JSON.stringify({ error: errorBody(error) })}\n`));
        }
        controller.close();
      }
    },
    async cancel() {
      running.abandon();
      running.end();
      // Nobody is left to be told of an error.
      await events.return(undefined).catch(() => {});
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson; charset=utf-8" } });
}

/** What comes, or undefined where it takes longer than somebody should wait for what is `untold`. */
async function soon<T>(work: Promise<T>, untold: boolean): Promise<T | undefined> {
  if (!untold) return await work;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, TOLD_EVERY_MS, undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Events as lines of the answer; progress not more often than somebody can read it. */
class Lines {
  #reached = "";
  #toldMs = -Infinity;
  #rest: Progress | undefined;

  /** Whether there is progress that was not told yet. */
  get untold(): boolean {
    return this.#rest !== undefined;
  }

  of(event: ArchiveEvent): string {
    switch (event.kind) {
      case "documents":
        return event.documents.map(jsonLine).join("");
      case "reached":
        this.#reached = Math.abs(event.ms) < 8.64e15 ? new Date(event.ms).toISOString() : "";
        return "";
      case "progress":
        this.#rest = event.progress;
        return performance.now() - this.#toldMs < TOLD_EVERY_MS ? "" : this.rest();
      case "end":
        return `${JSON.stringify({ progress: event.progress, end: event.end })}\n`;
    }
  }

  /** The progress as a line. */
  rest(): string {
    this.#toldMs = performance.now();
    const progress = { ...this.#rest, ...(this.#reached && { reached: this.#reached }) };
    this.#rest = undefined;
    return `${JSON.stringify({ progress })}\n`;
  }
}
