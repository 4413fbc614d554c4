/** What of a known life is wanted: each topic by the name that the life had for it, also where it has another by now. */
import type { FileState } from "../checkpoint/state.ts";
import type { Entry } from "./entries.ts";

export interface Wanted {
  entry: Entry;
  /** The name under which the entry wants it. */
  at: string;
}

/** By topic; `entriesFor` matches all patterns, and is asked once a name. */
export function wantedOf(
  { path, topics }: FileState,
  entriesFor: (path: string) => readonly Entry[],
): Map<string, Wanted> {
  const byName = new Map<string, readonly Entry[]>(), wanted = new Map<string, Wanted>();
  for (const [topic, of] of Object.entries(topics)) {
    const at = of.path ?? path;
    if (!byName.has(at)) byName.set(at, entriesFor(at));
    const entry = byName.get(at)!.find((one) => one.topic === topic);
    if (entry !== undefined) wanted.set(topic, { entry, at });
  }
  return wanted;
}
