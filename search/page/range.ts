/** The question that the page asks: query and time range of the view, as the API takes them. */
import { signal } from "@preact/signals";
import type { Zone } from "./model/address.ts";
import type { Values } from "./client.ts";
import * as state from "./state.ts";

/** What the server took the times of a range with an end for, where it has answered. */
export const resolved = signal<{ since: string; until: string } | undefined>(undefined);

/** As the view says it: a relative time without an end is counted from the moment of each request. */
export function rangeValues(): Values & { q: string; since: string; until: string; tz: string } {
  const { q, since, until, zone } = state.view.value;
  return { q, since, until, ...resolved.value, tz: zoneName(zone) };
}

export function zoneName(zone: Zone): string {
  if (zone === "utc") return "UTC";
  if (zone === "host" && state.hostZone !== "") return state.hostZone;
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
