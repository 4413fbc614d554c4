/**
 * The query language: any text is read or refused with QUERY_INVALID and a place in it; what is read prints to a text
 * that gives the same again; it can be asked of documents and of Elasticsearch, and only in clauses of our own.
 */
import type { Document } from "../../../core/ports/document_store.ts";
import { compileQuery } from "../../../search/elastic/compile.ts";
import { luceneOf } from "../../../search/query/lucene.ts";
import { compileMatch } from "../../../search/query/match.ts";
import { parseQuery } from "../../../search/query/parse.ts";
import { printQuery } from "../../../search/query/print.ts";
import { QueryError } from "../../../search/query/query_error.ts";
import { must, mustEqual, type Target, textOf } from "../target.ts";

const DOCUMENT = {
  timestampMs: 1_763_698_526_123,
  level: "error",
  topic: "shop",
  host: "web-1",
  path: "/var/log/shop/app.log",
  message: "order failed number=17 took 12.5 ms at /x/y [a*b]",
  fields: { status: "503", took: "12.5", user: "Ann", "a.b": "c d" },
} as unknown as Document;

/** Clauses that would have Elasticsearch parse a text, or run one. */
const FOREIGN = new Set(["query_string", "simple_query_string", "script", "script_score"]);

export const queries: Target = {
  name: "queries",
  what: "search/query/ and search/elastic/compile.ts",
  words: [
    "AND",
    " OR ",
    "NOT ",
    "host:",
    "level:>=warn",
    "took:[1 TO 5}",
    "(",
    ")",
    '"',
    "\\",
    "*",
    "/[a-z]+/",
    "(?=",
    "{2,}",
    "message:",
    "@timestamp:<",
    "__proto__:",
    "constructor:",
    "_source",
  ],
  bytesMax: 1024,
  cases: 4000,
  async run(input) {
    const text = textOf(input);
    let query: ReturnType<typeof parseQuery>;
    try {
      query = parseQuery(text);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const { column, detail } = error;
      must(column >= 1 && column <= text.length + 1, () => `column ${column} of "${text}"`);
      return detail.replace(/"[^]*"|[^ -~]|\d+/g, "");
    }
    const printed = printQuery(query);
    mustEqual(parseQuery(printed), query, `${printed} read again`);
    const matches = compileMatch(query)(DOCUMENT);
    must(typeof matches === "boolean", () => `a match is ${matches}`);
    luceneOf(query);
    const bounds = await compileQuery(query);
    onlyOurs(JSON.parse(JSON.stringify(bounds)));
    return `${kinds(query)} ${matches}`;
  },
};

function onlyOurs(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    must(!FOREIGN.has(name), () => `there is a clause ${name}`);
    onlyOurs(part);
  }
}

function kinds(query: ReturnType<typeof parseQuery>): string {
  const of = query as { kind: string; parts?: typeof query[]; part?: typeof query };
  const parts = [...of.parts ?? [], ...(of.part === undefined ? [] : [of.part])];
  const inner = [...new Set(parts.map((part) => part.kind))].sort().join(",");
  return `${of.kind}(${inner})${Math.min(parts.length, 4)}`;
}
