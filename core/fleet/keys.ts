/**
 * Names of all keys that Weir uses in etcd, and what may be written under a target's key. A target is what an operator
 * changes as one: `host/10.0.0.7`, `group/web`, `topics`. docs/keys.md explains each.
 */
import { WeirError } from "../errors.ts";

export const HOST_KEY = "/logagent/{ip}/collect_config";
export const GROUP_KEY = "/logagent/group/{group}/collect_config";
export const TOPICS_KEY = "/weir/transfer/topics";
export const LIVE_PREFIX = "/weir/live/";
export const CANDIDATE_PREFIX = "/weir/candidate/";
export const HISTORY_PREFIX = "/weir/history/";
export const QUESTION_PREFIX = "/weir/question/";
/** Every agent is in this group. */
export const GROUP_OF_ALL = "all";

export interface KeyTemplates {
  host: string;
  group: string;
  topics: string;
}

export const DEFAULT_KEYS: KeyTemplates = { host: HOST_KEY, group: GROUP_KEY, topics: TOPICS_KEY };

export type Target =
  | { kind: "host"; name: string }
  | { kind: "group"; name: string }
  | { kind: "topics"; name: "" };

/** Reads `host/NAME`, `group/NAME` or `topics`. Throws USAGE_TARGET. */
export function parseTarget(text: string): Target {
  if (text === "topics") return { kind: "topics", name: "" };
  const match = /^(host|group)\/([A-Za-z0-9._:-]{1,100})$/.exec(text);
  if (match !== null) return { kind: match[1] as "host" | "group", name: match[2] };
  throw new WeirError("USAGE_TARGET", `Cannot read "${text}" as what is to be configured`, {
    hint: "Say host/IP, group/NAME or topics, such as group/web.",
  });
}

/** The inverse of parseTarget; also the name under the prefixes of history and candidates. */
export function targetName(target: Target): string {
  return target.kind === "topics" ? "topics" : `${target.kind}/${target.name}`;
}

/** The key that holds a target's configuration. */
export function targetKey(target: Target, keys: KeyTemplates = DEFAULT_KEYS): string {
  if (target.kind === "topics") return keys.topics;
  if (target.kind === "group") return keys.group.replaceAll("{group}", target.name);
  return keys.host.replaceAll("{ip}", target.name).replaceAll("{hostname}", target.name);
}
