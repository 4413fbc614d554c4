/** How far this host's clock is from a server's, by the Date header of an answer. */
import { type Finding, type Link, ok, warning } from "./check.ts";

/** A Date header knows whole seconds. */
const HEADER_MS = 1000;
const WARN_MS = 5000;

/** How far the server is ahead (negative: behind) at least; 0 where it may be the same time. */
export function skewMs(serverMs: number, beforeMs: number, afterMs: number): number {
  if (serverMs > afterMs) return serverMs - afterMs;
  if (serverMs + HEADER_MS < beforeMs) return serverMs + HEADER_MS - beforeMs;
  return 0;
}

/** Undefined where the answer has no such header. */
export function skewFinding(
  link: Link,
  date: string | null | undefined,
  beforeMs: number,
  afterMs: number,
): Finding | undefined {
  const serverMs = Date.parse(date ?? "");
  if (Number.isNaN(serverMs)) return undefined;
  const skew = skewMs(serverMs, beforeMs, afterMs);
  if (Math.abs(skew) < WARN_MS) return ok(link, "its clock and ours agree");
  const seconds = (Math.abs(skew) / 1000).toFixed(0);
  return warning(
    link,
    `its clock is ${seconds} s ${skew > 0 ? "ahead of" : "behind"} ours`,
    "Let both hosts take their time from NTP: systemctl status chronyd",
  );
}
