/** What the ledger is told of the files: how far each is that is tailed, and how far each came that is not any more. */
import type { FileState, TopicState } from "../checkpoint/state.ts";
import type { Progress } from "../ledger/sealer.ts";
import { settledState } from "./lane.ts";
import type { TailedFile } from "./tailed_file.ts";

/** What of a row is in the state: which life, and how far it came for a topic. */
export function placeOf(
  { path, device, inode, generation, head }: FileState,
  topic: string,
  { offset, from: begin }: TopicState,
) {
  const life = { path, device, inode, generation, headLength: head.length, head: head.hash };
  return { ...life, topic, begin, offset };
}

/** Lives that are tailed no more and of which the ledger does not know all: truncated, removed, or of an earlier run. */
export function closedOf(states: Iterable<FileState>): Progress[] {
  const rows: Progress[] = [];
  for (const state of states) {
    const { size = 0, topics } = state;
    for (const topic in topics) {
      const of = topics[topic], { offset, from, sealed = from, days } = of;
      if (from === undefined || offset === sealed) continue;
      rows.push({
        ...placeOf(state, topic, of),
        ...{ origin: offset, lines: 0, size: Math.max(size, offset) },
        ...{ days, mark: settledState(of).mark, closed: true },
      });
    }
  }
  return rows;
}

/** One row a file and topic. */
export function shippedOf(open: Iterable<TailedFile>): Progress[] {
  const rows: Progress[] = [];
  for (const { path, state, lanes, size } of open) {
    for (const lane of lanes.values()) {
      const { topic, origin, linesSent: lines } = lane;
      rows.push({
        ...placeOf(state, topic, lane.state),
        mark: settledState(lane.state).mark,
        days: lane.state.days,
        heldMs: Math.ceil(lane.takeHeld()),
        ...{ path, origin, lines, size },
      });
    }
  }
  return rows;
}
