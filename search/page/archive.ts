/**
 * Archived days in the list: read when somebody asks, the newest first, with what is in the index between them. What
 * one search leaves, for a bound or because somebody stopped it, the next one reads from there on.
 */
import { getLines, type Values } from "./client.ts";
import { type Line, placeOf } from "./model/line.ts";
import * as state from "./state.ts";

const PAGE = 500;
let own = new AbortController();

/** Fills the list anew. Throws what the server says. */
export function readArchive(values: Values, signal: AbortSignal): Promise<void> {
  return read({ ...values, order: "newest", limit: PAGE }, signal);
}

/** Goes on where the last search ended: behind the oldest line, or at the time up to which it knew all. */
export function readOlder(values: Values, signal: AbortSignal): Promise<void> {
  const { end, progress } = state.archive.value ?? {};
  const first = state.buffer.rows[0];
  if (end?.why === "limit" && first !== undefined) {
    return read({ ...values, order: "newest", limit: PAGE, after: placeOf(first) }, signal);
  }
  const until = end?.since ?? progress?.reached ?? String(values.until ?? "");
  return read({ ...values, order: "newest", limit: PAGE, until }, signal);
}

/** Stops what is being read; the list keeps what it has. */
export function stopArchive(): void {
  own.abort();
}

async function read(values: Values, signal: AbortSignal): Promise<void> {
  own = new AbortController();
  const stopped = own.signal;
  state.archive.value = { searching: true };
  const add = (lines: Line[]) => {
    state.buffer.add(lines);
    state.changed();
  };
  try {
    await getLines(values, AbortSignal.any([signal, stopped]), add, {
      path: "/api/archive/search",
      told: (line) => state.archive.value = { searching: true, ...line as state.ArchiveTold },
    });
  } catch (error) {
    if (signal.aborted || !stopped.aborted) throw error;
  } finally {
    if (!signal.aborted) state.archive.value = { ...state.archive.value, searching: false };
  }
  state.buffer.hasOlder = state.archive.value?.end?.why === "limit";
}
