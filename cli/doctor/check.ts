/**
 * One check of `weir doctor` and how checks are run: side by side, each with a bound of its own. Promises: a check that
 * throws or hangs becomes a cross and holds up no other.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import { safeText } from "../../core/log.ts";

export type Verdict = "ok" | "warning" | "cross";

/** The parts of the chain, and what stands beside it. */
export type Link =
  | "files"
  | "agent"
  | "kafka"
  | "transfer"
  | "elasticsearch"
  | "etcd"
  | "influxdb"
  | "monitor";

export interface Finding {
  link: Link;
  verdict: Verdict;
  /** What was looked at and what was found, one line. */
  what: string;
  /** What to do about it, one sentence; empty where all is well. */
  remedy: string;
}

export interface Check {
  link: Link;
  /** What is looked at, for the line of a check that throws or hangs. */
  name: string;
  /** What to do where it throws without a hint of its own, or hangs. */
  remedy: string;
  run(): Promise<Finding[]>;
}

const TEXT_MAX = 400;

export function ok(link: Link, what: string): Finding {
  return { link, verdict: "ok", what, remedy: "" };
}

export function warning(link: Link, what: string, remedy: string): Finding {
  return { link, verdict: "warning", what, remedy };
}

export function cross(link: Link, what: string, remedy: string): Finding {
  return { link, verdict: "cross", what, remedy };
}

/** Runs all checks at once; the findings are in the order of the checks. */
export async function runChecks(checks: readonly Check[], timeoutMs: number): Promise<Finding[]> {
  return (await Promise.all(checks.map((check) => runCheck(check, timeoutMs)))).flat();
}

async function runCheck(check: Check, timeoutMs: number): Promise<Finding[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(() => {
      const what = `${check.name}: no answer within ${timeoutMs} ms`;
      resolve([cross(check.link, what, check.remedy)]);
    }, timeoutMs);
  });
  try {
    return await Promise.race([check.run(), late]);
  } catch (error) {
    const hint = error instanceof WeirError ? error.hint : "";
    const what = `${check.name}: ${safeText(messageOf(error), TEXT_MAX)}`;
    return [cross(check.link, what, hint || check.remedy)];
  } finally {
    clearTimeout(timer);
  }
}
