/**
 * The page's HTML with its first lines inside, as JSON that no browser runs: they are there when the script starts, one
 * round trip earlier. The head is sent at once, so that script and style are fetched while the lines are looked up.
 * Promises: never later than FIRST_MS behind the head, never an error; where the lines are not there by then, the page
 * asks for them as usual. Only views whose times mean the same in every time zone get lines.
 */
import type { Clock } from "../../core/ports/clock.ts";
import type { Document, DocumentReader, RangeRequest } from "../../core/ports/document_store.ts";
import { parseQuery } from "../query/parse.ts";
import { type Histogram, histogramOf } from "./facets.ts";
import { URL_CHARS_MAX } from "./parameters.ts";
import { within } from "../within.ts";
import { shortened } from "./tail_session.ts";
import { parseTime } from "./times.ts";

/** Longest wait for the lines, ms. */
export const FIRST_MS = 150;
/** Lines that the HTML carries. */
export const FIRST_LINES = 150;
/** Zones at both ends of the earth: a text that means the same time in both means it everywhere. */
const ZONES = ["Etc/GMT+12", "Pacific/Kiritimati"] as const;

/** What stands in the HTML; `q` and `since` as in the address. */
export interface FirstView {
  q: string;
  since: string;
  lines: Record<string, unknown>[];
  histogram?: Histogram;
}

export interface FirstViewOptions {
  reader: DocumentReader;
  clock: Clock;
  /** Histogram bars, as the page asks for them. */
  bars: number;
}

/** What the view of this address is about; undefined where it is not the live end or cannot be read. */
export function firstRange(url: string, nowMs: number): RangeRequest | undefined {
  if (url.length > URL_CHARS_MAX) return undefined;
  const values = new URL(url).searchParams;
  if (values.get("until") || values.get("line")) return undefined;
  const since = values.get("since") ?? "";
  try {
    const query = parseQuery(values.get("q") ?? "");
    if (since === "") return { query };
    const [one, other] = ZONES.map((zone) => parseTime(since, nowMs, zone));
    return one === other ? { query, fromMs: one } : undefined;
  } catch {
    // The page shows the fault when it asks for the lines itself.
    return undefined;
  }
}

/** The answer for "/": `html` in two parts, the lines before `</body>`. */
export function firstPage(
  options: FirstViewOptions,
  html: string,
  request: Request,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const at = html.lastIndexOf("</body>");
  const stop = new AbortController();
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode(html.slice(0, at)));
      const view = await firstView(options, request.url, stop.signal);
      if (stop.signal.aborted) return;
      const data = view === undefined ? "" : dataScript(view);
      controller.enqueue(encoder.encode(data + html.slice(at)));
      controller.close();
    },
    cancel: () => stop.abort(),
  });
}

/** JSON in a script tag that is data: "<" is written so that no text can end the tag. */
function dataScript(view: FirstView): string {
  const json = JSON.stringify(view).replaceAll("<", "\\u003c");
  return `<script type="application/json" id="first">${json}</script>\n`;
}

async function firstView(
  options: FirstViewOptions,
  url: string,
  gone: AbortSignal,
): Promise<FirstView | undefined> {
  const range = firstRange(url, options.clock.wallMs());
  if (range === undefined) return undefined;
  const signal = AbortSignal.any([gone, AbortSignal.timeout(FIRST_MS)]);
  const values = new URL(url).searchParams;
  try {
    const lines = await within(newest(options.reader, range, signal), signal);
    const view: FirstView = {
      q: values.get("q") ?? "",
      since: values.get("since") ?? "",
      lines: lines.reverse().map(shortened),
    };
    const counts = histogramOf(options.reader, range, options.bars, undefined, signal);
    const histogram = await within(counts, signal).catch(() => undefined);
    return histogram === undefined ? view : { ...view, histogram };
  } catch {
    // Too slow, or the store cannot answer now: the page asks again and shows the reason.
    return undefined;
  }
}

async function newest(
  reader: DocumentReader,
  range: RangeRequest,
  signal: AbortSignal,
): Promise<Document[]> {
  const found: Document[] = [];
  const request = { ...range, order: "newest", limit: FIRST_LINES } as const;
  for await (const batch of reader.search(request, signal)) found.push(...batch);
  return found;
}
