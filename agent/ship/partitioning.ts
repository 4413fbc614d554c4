/**
 * Which partition of a topic a chunk goes to: by its file, or one after the other. Partitions may be added to a topic
 * while it is written to; a file stays where it was as long as chunks of it are on their way, so that none of its lines
 * overtakes another within a partition.
 */
import { partitionOf } from "../../core/kafka/partition.ts";

/**
 * key: by the file's generation, which keeps its lines in order. fixed: that one partition. round-robin: chunk after
 * chunk; the lines of a file are in order within a chunk alone.
 */
export type Partitioning =
  | { by: "key" }
  | { by: "round-robin" }
  | { by: "fixed"; partition: number };

/** The partitions of chunks that are on their way to one topic. */
export class Places {
  readonly #partitioning: Partitioning;
  readonly #taken = new Map<string, { partition: number; chunks: number }>();
  #entered = 0;

  constructor(partitioning: Partitioning) {
    this.#partitioning = partitioning;
  }

  /** Partition from 0 to `partitions` - 1 for a chunk of this generation; `leave` follows when it is settled. */
  enter(generation: string, partitions: number): number {
    const partitioning = this.#partitioning;
    if (partitioning.by === "fixed") return partitioning.partition;
    if (partitioning.by === "round-robin") return this.#entered++ % partitions;
    let place = this.#taken.get(generation);
    if (place === undefined || place.partition >= partitions) {
      place = { partition: partitionOf(generation, partitions), chunks: place?.chunks ?? 0 };
      this.#taken.set(generation, place);
    }
    place.chunks++;
    return place.partition;
  }

  leave(generation: string): void {
    const place = this.#taken.get(generation);
    if (place !== undefined && --place.chunks === 0) this.#taken.delete(generation);
  }
}
