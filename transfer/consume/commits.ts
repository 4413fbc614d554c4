/**
 * Commits under one membership what the lanes' trackers say is finished, one commit at a time; what
 * belongs to a later membership is refused by the broker.
 */
import { messageOf } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import { bounded } from "./bounded.ts";
import { type End, endOf } from "./generation_end.ts";
import type { OffsetManager } from "./kafkajs_group.ts";
import type { Lane } from "./lane.ts";

export interface CommitEvents {
  /** Offsets are about to be committed: what must be written before them. Never rejects. */
  committing?(): Promise<void>;
  committed?(failed: boolean): void;
}

/**
 * @param manager of the membership
 * @param lanes ours now, by key
 * @param end told where a commit shows that the generation is over
 * @returns commits what is finished now; resolves also where that failed
 */
export function committer(
  manager: OffsetManager,
  lanes: ReadonlyMap<string, Lane>,
  events: CommitEvents,
  end: (why: End) => void,
): () => Promise<void> {
  let open: Promise<void> | undefined;
  const commit = async () => {
    const due = [...lanes.values()].filter((lane) => lane.due >= 0)
      .map((lane) => ({ lane, offset: lane.due }));
    if (due.length === 0) return;
    try {
      await events.committing?.();
      await bounded(manager.commitOffsets({ topics: byTopic(due) }), 30_000);
      for (const { lane, offset } of due) lane.committed = Math.max(lane.committed, offset);
      events.committed?.(false);
    } catch (error) {
      events.committed?.(true);
      logOf("transfer.consume").info("Commit failed, tried again later", {
        reason: messageOf(error),
      });
      const why = endOf(error);
      if (typeof why !== "object") end(why);
    }
  };
  return async () => {
    await open;
    open = commit().finally(() => open = undefined);
    await open;
  };
}

function byTopic(due: { lane: Lane; offset: number }[]) {
  const topics = new Map<string, { partition: number; offset: string; metadata: null }[]>();
  for (const { lane, offset } of due) {
    const list = topics.get(lane.topic) ?? [];
    list.push({ partition: lane.partition, offset: String(offset), metadata: null });
    topics.set(lane.topic, list);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
