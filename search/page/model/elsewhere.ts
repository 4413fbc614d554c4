/**
 * The same question in Kibana's Discover and Grafana's Explore: addresses that carry query and time range. Their forms
 * are from those programs' documents; the programs themselves were not there to try them.
 */
import { parseTime } from "../../api/times.ts";
import { parseQuery } from "../../query/parse.ts";
import { luceneOf } from "../../query/lucene.ts";

/** Where those programs are, as settings say it; "" where they are not. */
export interface Elsewhere {
  kibana: string;
  /** Id of Kibana's data view. */
  dataView: string;
  grafana: string;
  /** Uid of Grafana's data source. */
  dataSource: string;
}

export interface Question {
  q: string;
  since: string;
  until: string;
}

export interface ElsewhereLink {
  href: string;
  /** False where a condition of the query has no counterpart there and was left out. */
  whole: boolean;
}

/** How times are read: the time now and the zone of what was typed. */
export interface Clockwork {
  nowMs: number;
  zone: string;
}

/** Undefined where the query or a time is wrong, or Kibana is nowhere. */
export function kibanaLink(
  { kibana, dataView }: Elsewhere,
  question: Question,
  clock: Clockwork,
): ElsewhereLink | undefined {
  const asked = kibana === "" ? undefined : translated(question, clock);
  if (asked === undefined) return undefined;
  const [from, to] = [asked.from, asked.to].map((time) =>
    typeof time === "number" ? new Date(time).toISOString() : time
  );
  const time = `(time:(from:${rison(from)},to:${rison(to)}))`;
  const state = `(columns:!(log.level,host.name,log.file.path,message),` +
    `dataSource:(dataViewId:${rison(dataView)},type:dataView),` +
    `query:(language:lucene,query:${rison(asked.text)}),sort:!(!('@timestamp',desc)))`;
  const values = `_g=${encodeURIComponent(time)}&_a=${encodeURIComponent(state)}`;
  return { href: `${base(kibana)}/app/discover#/?${values}`, whole: asked.whole };
}

/** Undefined where the query or a time is wrong, or Grafana is nowhere. */
export function grafanaLink(
  { grafana, dataSource: uid }: Elsewhere,
  question: Question,
  clock: Clockwork,
): ElsewhereLink | undefined {
  const asked = grafana === "" ? undefined : translated(question, clock);
  if (asked === undefined) return undefined;
  const query = {
    refId: "A",
    datasource: { type: "elasticsearch", uid },
    query: asked.text,
    metrics: [{ id: "1", type: "logs", settings: { limit: "500" } }],
    bucketAggs: [],
    timeField: "@timestamp",
  };
  const range = { from: String(asked.from), to: String(asked.to) };
  const panes = JSON.stringify({ weir: { datasource: uid, queries: [query], range } });
  const values = `schemaVersion=1&panes=${encodeURIComponent(panes)}&orgId=1`;
  return { href: `${base(grafana)}/explore?${values}`, whole: asked.whole };
}

function translated({ q, since, until }: Question, clock: Clockwork) {
  try {
    return {
      ...luceneOf(parseQuery(q)),
      from: since === "" ? 0 : timeOf(since, clock),
      to: until === "" ? "now" : timeOf(until, clock),
    };
  } catch {
    // What is wrong with query or time is shown where it was typed.
    return undefined;
  }
}

/** A span back from now stays one; both programs write it so. Else milliseconds since 1970. */
function timeOf(text: string, { nowMs, zone }: Clockwork): string | number {
  const span = /^(?:now)?-(\d+[smhdw])$/.exec(text.trim());
  return span === null ? parseTime(text, nowMs, zone) : `now-${span[1]}`;
}

/** A string of Rison, Kibana's notation of its state. */
function rison(text: string): string {
  return `'${text.replace(/[!']/g, "!$&")}'`;
}

function base(url: string): string {
  return url.replace(/\/+$/, "");
}
