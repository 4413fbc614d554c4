/** Who asks, and what it may: read some topics or all; an operator may change things too. */
import { WeirError } from "../../core/errors.ts";

export const ROLES = ["viewer", "operator"] as const;
export type Role = typeof ROLES[number];

export interface Identity {
  /** Name of the user or token; empty where nobody has a name: no users file. */
  name: string;
  role: Role;
  /** Topics that it may read; undefined: all. */
  topics: readonly string[] | undefined;
}

/** Whoever comes in where no users are named: everything may be read, nothing changed. */
export const UNNAMED: Identity = { name: "", role: "viewer", topics: undefined };

/** What those may ask for who may read some topics only: whatever else there is may tell of other topics. */
const SCOPED_PATHS: ReadonlySet<string> = new Set([
  "/api/me",
  "/api/search",
  "/api/export",
  "/api/tail",
  "/api/count",
  "/api/histogram",
  "/api/fields",
  "/api/values",
  "/api/context",
  "/api/explain",
  "/api/host",
  "/api/sources",
]);
/** Files of the search page. */
const PAGE_PATH = /^\/(?:[a-z]+\.(?:js|css|svg))?$/;

/** Throws ACCESS_TOPICS where this path is not for those who may read some topics only. */
export function checkPath(identity: Identity, path: string): void {
  if (identity.topics === undefined || SCOPED_PATHS.has(path) || PAGE_PATH.test(path)) return;
  throw new WeirError("ACCESS_TOPICS", "This is for those who may read every topic", {
    hint: `You may read: ${identity.topics.join(", ")}.`,
  });
}

/** Throws ACCESS_OPERATOR. */
export function checkOperator(identity: Identity): void {
  if (identity.role === "operator" && identity.name !== "") return;
  throw new WeirError("ACCESS_OPERATOR", "Only an operator may change this", {
    hint: identity.name === ""
      ? "Name users, and which of them are operators, in a file: usersFile in the settings, or --users-file."
      : "Ask for the role operator in the users file.",
  });
}
