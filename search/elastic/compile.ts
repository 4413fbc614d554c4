/**
 * From a parsed query to Elasticsearch's own, with the meaning of search/query/match.ts. Only what
 * the parser understood is sent, as values of clauses made here: no text of a query reaches
 * Elasticsearch's parsers.
 */
import type { Query } from "../../core/ports/document_store.ts";
import { patternPieces } from "../query/terms.ts";
import { requiredLiterals } from "../store/block_regex.ts";
import { bounded, type Bounds, everyOf, EVERYTHING, NONE, notOf, someOf } from "./bounds.ts";
import { fieldBounds, type FieldQuery, type Values } from "./fields.ts";
import { phraseBounds, wordBounds } from "./text.ts";

/**
 * @param values the different values of a field, for conditions that are decided on them; without
 * it such conditions are decided on documents
 */
export async function compileQuery(query: Query, values?: Values): Promise<Bounds> {
  return bounded(await compile(query, values));
}

async function compile(query: Query, values: Values | undefined): Promise<Bounds> {
  switch (query.kind) {
    case "all":
      return EVERYTHING;
    case "word":
      return wordBounds(query.text.toLowerCase(), query.prefix);
    case "phrase":
      return query.text === "" ? EVERYTHING : phraseBounds(query.text.toLowerCase());
    case "and":
      return everyOf(await compileAll(query.parts, values));
    case "or":
      return someOf(await compileAll(query.parts, values));
    case "not":
      return notOf(await compile(query.part, values));
    default:
      return query.field === "message" ? messageBounds(query) : await fieldBounds(query, values);
  }
}

function compileAll(parts: readonly Query[], values: Values | undefined): Promise<Bounds[]> {
  return Promise.all(parts.map((part) => compile(part, values)));
}

/** Lines that hold all texts that must be there for the condition to be true. */
function messageBounds(query: FieldQuery): Bounds {
  if (query.kind === "wildcard" && query.pattern === "*") return EVERYTHING;
  const texts = query.kind === "regex"
    ? requiredLiterals(query.source)
    : query.kind === "equals"
    ? [query.value]
    : query.kind === "wildcard"
    ? patternPieces(query.pattern)
    : [];
  const upper = everyOf(
    texts.filter((text) => text !== "").map((text) => phraseBounds(text.toLowerCase())),
  ).upper;
  return { lower: NONE, upper };
}
