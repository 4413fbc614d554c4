/**
 * The archive beside the index: a consumer group of its own, so that each goes on while the other's store is away, and
 * what it writes objects with.
 */
import type { Kafka } from "kafkajs";
import { messageOf } from "../../core/errors.ts";
import type { Part } from "../../core/lifecycle.ts";
import { logOf } from "../../core/log.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { bounded } from "../consume/bounded.ts";
import { Consumer, type ConsumerOptions } from "../consume/consumer.ts";
import type { Lane } from "../consume/lane.ts";
import type { TransferSettings } from "../config.ts";
import type { TopicPlan } from "../topics/plan.ts";
import { Archiver, type ArchiverEvents } from "./archiver.ts";
import { expire } from "./expiry.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { openObjects } from "../../core/archive/settings.ts";

/** Between two looks for days to delete: a listing of all objects costs money in some stores. */
const EXPIRE_EVERY_MS = 3600e3;

export class Archive {
  readonly groupId: string;
  readonly #store: ObjectStore;
  readonly #archiver: Archiver;
  readonly #consumer: Consumer;
  readonly #plan: (topic: string) => TopicPlan;
  readonly #stopping = new AbortController();
  #expiring: Promise<void> | undefined;

  /** Throws CONFIG_INVALID for a location that is none, SECRET_UNREADABLE. Nothing is connected yet. */
  constructor(
    kafka: Kafka,
    { archive: settings, consumer: { batchBytesMax } }: TransferSettings,
    consumer: ConsumerOptions,
    plan: (topic: string) => TopicPlan,
    events: { archive: ArchiverEvents },
  ) {
    this.groupId = settings.groupId;
    this.#store = openObjects(settings);
    this.#plan = plan;
    this.#archiver = new Archiver(
      this.#store,
      {
        segmentBytes: settings.segmentBytes,
        segmentRecords: settings.segmentRecords,
        segmentAgeMs: settings.segmentAge,
        bytesMax: settings.bytesMax,
        batchBytesMax,
      },
      (topic) => {
        const { archive, shape, drops } = plan(topic);
        return { formats: archive.formats, shape, drops };
      },
      events.archive,
    );
    this.#consumer = new Consumer(
      kafka,
      {
        ...consumer,
        groupId: settings.groupId,
        choice: {
          ...consumer.choice,
          wanted: (topic) => plan(topic).archive.formats.length > 0 || this.#archiver.holds(topic),
        },
      },
      this.#archiver,
      {
        lost: (topic, partition, records, from) =>
          this.#archiver.lost(topic, partition, from, from + records),
      },
    );
  }

  get lanes(): Iterable<Lane> {
    return this.#consumer.lanes;
  }

  /** Bytes of lines that wait for their object. */
  get bytes(): number {
    return this.#archiver.bytes;
  }

  /** Begins once the rules of topics are known. */
  part(ready: Promise<void>): Part {
    return {
      name: "archive",
      start: () => {
        ready.then(() => {
          if (this.#stopping.signal.aborted) return;
          this.#archiver.start();
          this.#consumer.start();
          this.#expiring = this.#expireDays();
        });
      },
      stop: async (deadlineMs) => {
        this.#stopping.abort();
        const until = performance.now() + deadlineMs;
        this.#consumer.held = true;
        await bounded(this.#archiver.stop(), deadlineMs * 0.75).catch(() => {}); // it is found again
        await bounded(this.#expiring ?? Promise.resolve(), 1000).catch(() => {}); // it goes on later
        await this.#consumer.stop(Math.max(1000, until - performance.now()));
      },
    };
  }

  /** Of all transfers the one with a topic's partition 0 deletes its old days. */
  async #expireDays(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await systemClock.sleep(EXPIRE_EVERY_MS, signal);
      const topics = [...this.lanes].filter(({ partition }) => partition === 0);
      for (const { topic } of topics) {
        const { days } = this.#plan(topic).archive;
        if (days === 0 || signal.aborted) continue;
        try {
          await expire(this.#store, topic, days, systemClock.wallMs());
        } catch (error) {
          logOf("transfer.archive").warn("Cannot delete old days, tried again", {
            topic,
            reason: messageOf(error),
          });
        }
      }
    }
  }

  /** Why nothing is archived; empty where it is. */
  notReady(): string[] {
    return this.#archiver.lastError === "" ? [] : [`archive: ${this.#archiver.lastError}`];
  }

  status(): Record<string, unknown> {
    return {
      location: this.#store.name,
      group: this.groupId,
      state: this.#consumer.state,
      lastError: this.#archiver.lastError || this.#consumer.lastError,
      bytes: this.bytes,
      partitions: [...this.lanes].map((lane) => ({
        topic: lane.topic,
        partition: lane.partition,
        committed: lane.committed,
        newest: lane.highWatermark,
        paused: lane.paused,
      })),
    };
  }
}
