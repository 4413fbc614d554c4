/** Which partition a chunk goes to: by its file, always the same one, or one after the other. */
import { partitionOf } from "../../core/kafka/partition.ts";

/**
 * key: by the file's generation, which keeps its lines in order. fixed: that one partition. round-robin: chunk after
 * chunk; the lines of a file are in order within a chunk alone.
 */
export type Partitioning =
  | { by: "key" }
  | { by: "round-robin" }
  | { by: "fixed"; partition: number };

/** Partition from 0 to `partitions` - 1; `count`: chunks that went before. */
export function choosePartition(
  partitioning: Partitioning,
  generation: string,
  partitions: number,
  count: number,
): number {
  switch (partitioning.by) {
    case "key":
      return partitionOf(generation, partitions);
    case "round-robin":
      return count % partitions;
    case "fixed":
      return partitioning.partition;
  }
}
