/** What the ledger is told of the files: how far each is that is tailed, and how far each came that is not any more. */
import type { FileState } from "../checkpoint/state.ts";
import type { Progress } from "../ledger/sealer.ts";
import { settledState } from "./lane.ts";
import type { TailedFile } from "./tailed_file.ts";

/** Lives that are tailed no more and of which the ledger does not know all: truncated, removed, or of an earlier run. */
export function closedOf(states: Iterable<FileState>): Progress[] {
  const rows: Progress[] = [];
  for (const { path, device, inode, generation, head, size = 0, topics } of states) {
    for (const topic in topics) {
      const of = topics[topic], { offset, from, sealed = from, days } = of;
      if (from === undefined || offset === sealed) continue;
      rows.push({
        ...{
          path,
          device,
          inode,
          generation,
          topic,
          origin: offset,
          begin: from,
          offset,
          lines: 0,
        },
        ...{ size: Math.max(size, offset), headLength: head.length, head: head.hash },
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
    const { generation, device, inode, head } = state;
    for (const lane of lanes.values()) {
      const { topic, state: { offset, from: begin }, origin, linesSent: lines } = lane;
      rows.push({
        mark: settledState(lane.state).mark,
        days: lane.state.days,
        heldMs: Math.ceil(lane.takeHeld()),
        ...{ path, device, inode, generation, topic, origin, begin, offset, lines, size },
        ...{ headLength: head.length, head: head.hash },
      });
    }
  }
  return rows;
}
