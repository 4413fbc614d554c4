/**
 * Elasticsearch cannot ask everything that the query language can. So each condition becomes two
 * queries: `lower` finds documents that fit for certain, `upper` finds all that may fit. Where both
 * are one and the same object the answer is exact and nothing has to be looked at here; else only
 * the documents between the two are fetched and asked.
 */

/** A clause of Elasticsearch's query language. */
export type Clause = Readonly<Record<string, unknown>>;

export interface Bounds {
  readonly lower: Clause;
  readonly upper: Clause;
}

export const NONE: Clause = { match_none: {} };
export const ALL: Clause = { match_all: {} };

/** Deepest nesting that is sent; Elasticsearch refuses more than 30. */
const DEPTH_MAX = 24;

export const NOTHING: Bounds = exactly(NONE);
export const EVERYTHING: Bounds = exactly(ALL);
/** Nothing is known before the document is seen. */
export const UNKNOWN: Bounds = { lower: NONE, upper: ALL };

export function exactly(clause: Clause): Bounds {
  return { lower: clause, upper: clause };
}

export function isExact(bounds: Bounds): boolean {
  return bounds.lower === bounds.upper;
}

export function everyOf(parts: readonly Bounds[]): Bounds {
  return both(parts, allOf);
}

export function someOf(parts: readonly Bounds[]): Bounds {
  return both(parts, anyOf);
}

export function notOf(part: Bounds): Bounds {
  if (isExact(part)) return exactly(negated(part.lower));
  return { lower: negated(part.upper), upper: negated(part.lower) };
}

/** The bounds themselves, or nothing known where Elasticsearch would refuse their depth. */
export function bounded(bounds: Bounds): Bounds {
  return Math.max(depthOf(bounds.lower), depthOf(bounds.upper)) > DEPTH_MAX ? UNKNOWN : bounds;
}

function both(parts: readonly Bounds[], join: (clauses: readonly Clause[]) => Clause): Bounds {
  const lower = join(parts.map((part) => part.lower));
  return parts.every(isExact)
    ? exactly(lower)
    : { lower, upper: join(parts.map((part) => part.upper)) };
}

/** Documents that all of the clauses find. */
export function allOf(clauses: readonly Clause[]): Clause {
  if (clauses.includes(NONE)) return NONE;
  const filter = clauses.filter((clause) => clause !== ALL);
  if (filter.length === 0) return ALL;
  return filter.length === 1 ? filter[0] : { bool: { filter } };
}

/** Documents that one of the clauses finds. */
export function anyOf(clauses: readonly Clause[]): Clause {
  if (clauses.includes(ALL)) return ALL;
  const should = clauses.filter((clause) => clause !== NONE);
  if (should.length === 0) return NONE;
  return should.length === 1 ? should[0] : { bool: { should, minimum_should_match: 1 } };
}

export function negated(clause: Clause): Clause {
  if (clause === ALL) return NONE;
  if (clause === NONE) return ALL;
  return { bool: { must_not: [clause] } };
}

function depthOf(clause: Clause): number {
  const bool = clause.bool as Record<string, unknown> | undefined;
  if (bool === undefined) return 1;
  const inner = [bool.filter, bool.should, bool.must_not].flat()
    .filter((one) => typeof one === "object" && one !== null) as Clause[];
  return 1 + Math.max(0, ...inner.map(depthOf));
}
