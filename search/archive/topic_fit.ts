/** Of which topics a query can have lines at all: objects of the others need not be read. */
import type { Document, Query } from "../../core/ports/document_store.ts";
import { compileMatch } from "../query/match.ts";

/** True, false, or undefined where it depends on the line. */
type Fit = boolean | undefined;

/** False only where no line of the topic can fit, whatever it says. */
export function topicMayFit(query: Query, topic: string): boolean {
  return fitOf(query, { topic } as Document) !== false;
}

function fitOf(query: Query, document: Document): Fit {
  switch (query.kind) {
    case "all":
      return true;
    case "and": {
      const fits = query.parts.map((part) => fitOf(part, document));
      return fits.includes(false) ? false : fits.includes(undefined) ? undefined : true;
    }
    case "or": {
      const fits = query.parts.map((part) => fitOf(part, document));
      return fits.includes(true) ? true : fits.includes(undefined) ? undefined : false;
    }
    case "not": {
      const fit = fitOf(query.part, document);
      return fit === undefined ? undefined : !fit;
    }
    case "equals":
    case "wildcard":
    case "regex":
    case "range":
      return query.field === "topic" ? compileMatch(query)(document) : undefined;
    default:
      return undefined;
  }
}
