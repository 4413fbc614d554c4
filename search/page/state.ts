/** What the page knows, as signals. Changed by the loader and by actions; views only read. */
import { computed, signal } from "@preact/signals";
import type { HistogramBucket } from "../../core/ports/document_store.ts";
import { parseQuery } from "../query/parse.ts";
import { QueryError } from "../query/query_error.ts";
import type { Problem } from "./client.ts";
import { addressOf, type View, viewOf } from "./model/address.ts";
import { LineBuffer, shownRows } from "./model/buffer.ts";
import type { Elsewhere } from "./model/elsewhere.ts";
import { setHostZone } from "./model/format.ts";
import { finderOf } from "./model/highlight.ts";
import type { LineCopy } from "./model/line_copy.ts";
import { recentOf, savedOf } from "./model/saved.ts";
import { type Language, type TextKey, textOf } from "./model/text.ts";

export interface HistogramAnswer {
  bucketMs: number;
  fromMs: number | null;
  toMs: number | null;
  total: number;
  buckets: HistogramBucket[];
  /** The counts are an estimate. */
  estimated?: Estimated;
}

/** So many lines were looked at, of so many that may fit. */
export interface Estimated {
  looked: number;
  of: number;
}
export interface FacetAnswer {
  fields: { field: string; present: number; values?: { value: string; count: number }[] }[];
  sample: number;
  estimated?: Estimated;
}

/** Of /api/host. */
export interface HostAnswer {
  host: string;
  runs: { fromMs: number; toMs: number }[];
  figures?: Record<string, (number | null)[]>;
}

/** What /api/archive/search says between the lines and behind them. */
export interface ArchiveTold {
  progress?: {
    days: number;
    daysOpened: number;
    bytes: number;
    lines: number;
    late: number;
    /** Newer lines are all there. */
    reached?: string;
  };
  end?: { why: string; since: string | null };
}

export const view = signal<View>(viewOf(location.search));
/** Text in the search box; becomes view.q when it is run. */
export const typed = signal(view.value.q);

/** Zone of the host on which Weir runs, as the page's HTML says it; "" where it does not. */
export const hostZone = document.querySelector<HTMLMetaElement>("meta[name=host-zone]")?.content ??
  "";
setHostZone(hostZone);

/** Whether there is a page of the fleet. */
export const hasFleet = document.querySelector("meta[name=fleet]") !== null;

/** Whether configurations can be changed there. */
export const hasConfig =
  document.querySelector<HTMLMetaElement>("meta[name=fleet]")?.content === "config";

/** Whether there is an archive to search. */
export const hasArchive = document.querySelector("meta[name=archive]") !== null;

/** Kibana and Grafana over the same lines, where the settings name them. */
export const elsewhere: Elsewhere = {
  kibana: "",
  dataView: "",
  grafana: "",
  dataSource: "",
  ...JSON.parse(document.querySelector<HTMLMetaElement>("meta[name=elsewhere]")?.content ?? "{}"),
};

export const buffer = new LineBuffer();
/** Counts changes of the buffer. */
export const version = signal(0);
export const changed = () => void version.value++;

export const following = signal(true);
/** Lines that came while the list was paused. */
export const waiting = signal(0);
export const live = signal<"off" | "connecting" | "open" | "lost">("off");
export const loading = signal<"" | "all" | "older" | "newer">("");
export const problem = signal<Problem | undefined>(undefined);
/** The line of the link is gone; what the link itself holds of it, if anything. */
export const gone = signal<{ copy: LineCopy | undefined } | undefined>(undefined);
export const sampled = signal<{ seen: number; sent: number } | undefined>(undefined);
export const trimmed = signal(false);
export const histogram = signal<HistogramAnswer | undefined>(undefined);
export const host = signal<HostAnswer | undefined>(undefined);
/** Where on the time axis the pointer or the keyboard is, 0 to 1; -1: nowhere. */
export const pointed = signal(-1);
export const facets = signal<FacetAnswer | undefined>(undefined);
/** Wall time that the fields are of, ms, where they are older than the counts over time. */
export const facetsOf = signal<number | undefined>(undefined);

/** False while there is nothing to choose beside the list. */
export function hasFacets(): boolean {
  return facets.value?.fields.some(({ values }) => values === undefined || values.length > 0) ??
    false;
}

/** The search of archived days, where the view asks for one. */
export const archive = signal<{ searching: boolean } & ArchiveTold | undefined>(undefined);

/** Key of the line that the keyboard is at. */
export const selected = signal("");
export const opened = signal<ReadonlySet<string>>(new Set());
export const unfolded = signal<ReadonlySet<string>>(new Set());
export const marks = signal<ReadonlySet<string>>(new Set());
export const notice = signal("");

export type Dialog = "" | "help" | "sources" | "context" | "palette";
export const dialog = signal<Dialog>("");
/** Open menu of the toolbar. */
export const menu = signal<"" | "range" | "saved" | "columns" | "download" | "view" | "filters">(
  "",
);

function stored(name: string): string {
  try {
    return localStorage.getItem(`weir.${name}`) ?? "";
  } catch {
    // Storage may be forbidden; then a choice lasts as long as the page.
    return "";
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(`weir.${name}`, value);
  } catch {
    // As above.
  }
}

const savedLanguage = stored("language");
export const language = signal<Language>(
  savedLanguage === "zh" || savedLanguage === "en"
    ? savedLanguage
    : navigator.language.toLowerCase().startsWith("zh")
    ? "zh"
    : "en",
);
export const saved = signal(savedOf(stored("saved")));
export const recent = signal(recentOf(stored("recent")));
export const hostShown = signal(stored("host") !== "hidden");
export function showHost(shown: boolean): void {
  hostShown.value = shown;
  store("host", shown ? "shown" : "hidden");
}
export const theme = signal(stored("theme") || "auto");

export function t(key: TextKey, values?: Record<string, string | number>): string {
  return textOf(language.value, key, values);
}

export const shown = computed(() => {
  version.value;
  return shownRows(buffer.rows, true, unfolded.value);
});

/** What is wrong with the text in the box, seen while typing. */
export const typedFault = computed(() => {
  try {
    parseQuery(typed.value);
    return undefined;
  } catch (error) {
    return error instanceof QueryError ? error : undefined;
  }
});

export const finder = computed(() => {
  const { q, mark } = view.value;
  try {
    return finderOf(parseQuery(q), mark);
  } catch {
    return finderOf({ kind: "all" }, mark);
  }
});

/** Changes the view and the address; `push` makes it a step of the browser's history. */
export function setView(change: Partial<View>, push = false): void {
  view.value = { ...view.value, ...change };
  const address = `${location.pathname}${addressOf(view.value)}`;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

let noticeTimer: ReturnType<typeof setTimeout> | undefined;
export function say(text: string): void {
  notice.value = text;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => notice.value = "", 2500);
}
