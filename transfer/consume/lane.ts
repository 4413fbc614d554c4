/**
 * One partition that this process owns: what was read of it, what is finished, what is committed. A
 * lane ends when the partition is lost; what was in flight then is written or not, but never
 * committed by us.
 */
import { OffsetTracker } from "./offset_tracker.ts";
import { RecordDecoder } from "./decode.ts";

export class Lane {
  readonly topic: string;
  readonly partition: number;
  readonly tracker = new OffsetTracker();
  readonly decoder: RecordDecoder;
  /** False from the moment on that the partition belongs to somebody else. */
  live = true;
  /** Lines and bytes of it that are in memory. */
  lines = 0;
  bytes = 0;
  paused = false;
  /** Kafka has less of it than was taken, and it cannot begin anew: nothing is read. */
  isShort = false;
  /** Offset that the group has for us, -1 where it has none. */
  committed = -1;
  /** Offset behind the newest record in Kafka, -1 before the first answer. */
  highWatermark = -1;
  /** First offset that Kafka still has, -1 before the first answer. */
  logStart = -1;
  /** The first of those answers. */
  logStartFirst = -1;
  /** Time of the newest record that was read, ms since 1970; 0 before the first. */
  readMs = 0;
  /** Partitions that the topic has, 0 while that is not known. */
  siblings = 0;
  /** Why Kafka may remove records before they are read; empty where it will not soon. */
  lossAhead = "";

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
    this.decoder = new RecordDecoder(topic, partition);
  }

  get key(): string {
    return laneKey(this.topic, this.partition);
  }

  /** The offset to commit, or -1 where there is nothing new to commit. */
  get due(): number {
    const { position } = this.tracker;
    return this.live && position > this.committed ? position : -1;
  }
}

export function laneKey(topic: string, partition: number): string {
  return `${topic} ${partition}`;
}
