/**
 * Makes queries in the one form that the parser gives: `and` and `or` are flat and have two parts or more, "all"
 * vanishes from an `and`, a double `not` is none.
 */
import type { Query } from "../../core/ports/document_store.ts";

export const ALL: Query = { kind: "all" };

/** All of the parts; none at all is every document. */
export function allOf(parts: readonly Query[]): Query {
  const flat = parts.flatMap((part) => part.kind === "and" ? part.parts : [part])
    .filter((part) => part.kind !== "all");
  return flat.length === 0 ? ALL : flat.length === 1 ? flat[0] : { kind: "and", parts: flat };
}

/** At least one of the parts; `parts` is not empty. */
export function anyOf(parts: readonly Query[]): Query {
  const flat = parts.flatMap((part) => part.kind === "or" ? part.parts : [part]);
  return flat.length === 1 ? flat[0] : { kind: "or", parts: flat };
}

export function noneOf(part: Query): Query {
  return part.kind === "not" ? part.part : { kind: "not", part };
}
