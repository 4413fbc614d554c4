/** What the ledger is told of the files that are tailed: how far each is. */
import type { Progress } from "../ledger/sealer.ts";
import { settledState } from "./lane.ts";
import type { TailedFile } from "./tailed_file.ts";

/** One row a file and topic. */
export function shippedOf(open: Iterable<TailedFile>): Progress[] {
  const rows: Progress[] = [];
  for (const { path, state, lanes, size } of open) {
    const { generation, device, inode, head } = state;
    for (const lane of lanes.values()) {
      const { topic, state: { offset }, origin, linesSent: lines } = lane;
      rows.push({
        mark: settledState(lane.state).mark,
        days: lane.state.days,
        heldMs: Math.ceil(lane.takeHeld()),
        ...{ path, device, inode, generation, topic, origin, offset, lines, size },
        ...{ headLength: head.length, head: head.hash },
      });
    }
  }
  return rows;
}
