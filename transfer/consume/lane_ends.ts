/**
 * Looks at where the partitions begin and end in Kafka, paused ones included: lag must be known then, since that is
 * when it grows. Says once of each lane that Kafka is about to remove what it has not read.
 */
import type { Admin } from "kafkajs";
import { messageOf } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { bounded } from "./bounded.ts";
import { type Lane, laneKey } from "./lane.ts";
import { lossAhead, signsOf } from "./loss_ahead.ts";
import { TopicRetention } from "./topic_retention.ts";

export class LaneEnds {
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #clock: Clock;
  readonly #log = logOf("transfer.consume");
  readonly #retention = new TopicRetention();

  /** @param lanes ours now, by key */
  constructor(lanes: ReadonlyMap<string, Lane>, clock: Clock) {
    this.#lanes = lanes;
    this.#clock = clock;
  }

  /** Looks once at every topic; never rejects. */
  async look(admin: Admin, over: AbortSignal): Promise<void> {
    const topics = new Set([...this.#lanes.values()].map((lane) => lane.topic));
    for (const topic of topics) {
      if (over.aborted) return;
      try {
        const ends = await bounded(admin.fetchTopicOffsets(topic), 10_000);
        const retentionMs = await this.#retention.of(admin, topic);
        for (const { partition, high, low } of ends) {
          const lane = this.#lanes.get(laneKey(topic, partition));
          if (lane !== undefined) {
            lane.highWatermark = Math.max(lane.highWatermark, Number(high));
            lane.logStart = Number(low);
            if (lane.logStartFirst < 0) lane.logStartFirst = lane.logStart;
            lane.siblings = ends.length;
            this.#warnOfLoss(lane, retentionMs);
          }
        }
      } catch (error) {
        this.#log.debug("Cannot look at offsets", { topic, reason: messageOf(error) });
      }
    }
  }

  #warnOfLoss(lane: Lane, retentionMs: number): void {
    const before = lane.lossAhead;
    lane.lossAhead = lossAhead(signsOf(lane), retentionMs, this.#clock.wallMs());
    if (before !== "" || lane.lossAhead === "") return;
    this.#log.error("Kafka will remove records before they are read", {
      topic: lane.topic,
      partition: lane.partition,
      reason: lane.lossAhead,
      hint: "Mend what keeps the transfer back, add transfers, or raise the topic's retention.ms.",
    });
  }
}
