/**
 * What hosts and groups are configured with, as the page looks at it and changes it. Whoever starts the server gives
 * it; every change is checked as `weir config` checks it and stands in the history under the name of who made it.
 */
import type { Change } from "../../core/fleet/config_store.ts";
import type { Answer } from "../../core/fleet/question_schema.ts";

export interface ConfigAnswer {
  target: string;
  key: string;
  text: string | null;
  /** 0 where there is no value. */
  revision: number;
  /** Oldest first. */
  history: Change[];
}

/** What hosts say that a value would do there. */
export interface PlanAnswer {
  answers: Answer[];
  /** Hosts that did not answer in time. */
  silent: string[];
}

export interface ChangeRequest {
  /** `host/IP`, `group/NAME` or `topics`. */
  target: string;
  text: string;
  /** Revision that the change was made from; 0: there was no value. */
  base: number;
  who: string;
  why: string;
}

export interface FleetConfig {
  /** Rejects with USAGE_TARGET. */
  read(target: string): Promise<ConfigAnswer>;
  /** How many entries it has. Throws CONFIG_INVALID with the place of each fault, CONFIG_TOO_LARGE, USAGE_TARGET. */
  check(target: string, text: string): number;
  /** Rejects with FLEET_NO_PLAN where there is no Kafka to answer by. */
  plan(target: string, text: string, who: string): Promise<PlanAnswer>;
  /** Writes at once. Returns the revision; rejects with CONFIG_CONFLICT where somebody was faster. */
  set(request: ChangeRequest): Promise<number>;
  /** The value of a change of the history again, or, without `to`, that before the last one. */
  rollback(request: Omit<ChangeRequest, "text">, to: number | undefined): Promise<number>;
  /** First on canaries, then for all; rejects with CONFIG_TAKEN_BACK where one does not do well. */
  apply(
    request: ChangeRequest & { canary: string; holdMs: number },
    say: (text: string) => void,
    signal: AbortSignal,
  ): Promise<number>;
}
