/**
 * What a line takes from the lines before it in its file: the time and the event, where it has none
 * of its own. The state is small and plain, so that a store can keep it with the lines; the same
 * lines in the same order give the same answers.
 *
 * A line with a time begins an event. A continuation line goes on the event before it, with its
 * time and level. Any other line begins an event and has the time of the line before it, provided
 * that lines with a time are the rule in that file (each adds one to a credit of at most 64, each
 * line without one takes one away); else the time at which it was sent.
 */
import type { LineReader } from "./line_reader.ts";

export interface EventState {
  /** Range in the file of the event's first line; absent before the first line. */
  event?: [number, number];
  timeMs: number;
  /** Level code of the event. */
  level: number;
  /** The credit: 0 to 64. */
  timed: number;
}

const CREDIT_MAX = 64;
/** Times before 1970 or beyond the year 3000 are no times of a log. */
const TIME_MAX_MS = Date.UTC(3000, 0);

export function newEventState(): EventState {
  return { timeMs: 0, level: 0, timed: 0 };
}

/** A time that a record can have: `ms` itself, or `otherwise` where it is none. Whole ms. */
export function believableMs(ms: number, otherwise: number): number {
  return ms >= 0 && ms < TIME_MAX_MS ? Math.floor(ms) : otherwise;
}

/**
 * Completes what `reader` read of a line from the state, and moves the state on. Afterwards the
 * reader's time is set in any case, and `continues` says whether the line goes on `state.event`.
 * @param start, end range of the line in its file
 * @param createdMs when the line was sent
 */
export function settleLine(
  reader: LineReader,
  state: EventState,
  start: number,
  end: number,
  createdMs: number,
): void {
  const time = reader.timeMs;
  if (time >= 0 && time < TIME_MAX_MS) {
    reader.continues = false;
    if (state.timed < CREDIT_MAX) state.timed++;
    state.timeMs = time;
  } else if (reader.continues && state.event !== undefined) {
    reader.timeMs = state.timed > 0 ? state.timeMs : createdMs;
    reader.level = state.level;
    return;
  } else {
    reader.continues = false;
    if (state.timed > 0) state.timed--;
    else state.timeMs = createdMs;
    reader.timeMs = state.timeMs;
  }
  state.level = reader.level;
  state.event = [start, end];
}
