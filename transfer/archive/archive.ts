/**
 * The archive beside the index: a consumer group of its own, so that each goes on while the other's store is away, and
 * what it writes objects with.
 */
import type { Admin, Kafka } from "kafkajs";
import type { Part } from "../../core/lifecycle.ts";
import { systemClock } from "../../core/ports/clock.ts";
import { bounded } from "../consume/bounded.ts";
import { Consumer, type ConsumerOptions } from "../consume/consumer.ts";
import type { Lane } from "../consume/lane.ts";
import type { TransferSettings } from "../config.ts";
import type { TopicPlan } from "../topics/plan.ts";
import { Archiver, type ArchiverEvents } from "./archiver.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { openObjects } from "../../core/archive/settings.ts";
import { positionsOf } from "./positions.ts";
import { Upkeep, type UpkeepEvents } from "./upkeep.ts";

/** Before the first look after days, at most: it is known by then which partitions are ours. */
const FIRST_LOOK_MS = 60_000;

export class Archive {
  readonly groupId: string;
  readonly #store: ObjectStore;
  readonly #archiver: Archiver;
  readonly #consumer: Consumer;
  readonly #upkeep: Upkeep;
  readonly #upkeepMs: number;
  readonly #admin: Admin;
  readonly #stopping = new AbortController();
  #keeping: Promise<void> | undefined;

  /** Throws CONFIG_INVALID for a location that is none, SECRET_UNREADABLE. Nothing is connected yet. */
  constructor(
    kafka: Kafka,
    { archive: settings, consumer: { batchBytesMax, instanceId } }: TransferSettings,
    consumer: ConsumerOptions,
    plan: (topic: string) => TopicPlan,
    events: { archive: ArchiverEvents & UpkeepEvents },
  ) {
    this.groupId = settings.groupId;
    this.#store = openObjects(settings);
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
    this.#admin = kafka.admin();
    this.#upkeepMs = settings.upkeepInterval;
    this.#upkeep = this.#newUpkeep(settings, plan, instanceId || Deno.hostname(), events.archive);
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

  #newUpkeep(
    settings: TransferSettings["archive"],
    plan: (topic: string) => TopicPlan,
    by: string,
    events: UpkeepEvents,
  ): Upkeep {
    return new Upkeep(this.#store, {
      by,
      compactBytes: settings.compactBytes,
      sealAfterMs: settings.sealAfter,
      topics: () =>
        [...this.lanes].filter(({ partition }) => partition === 0).map(({ topic }) => topic),
      daysOf: (topic) => plan(topic).archive.days,
      positions: (topic) => positionsOf(this.#admin, this.groupId, topic),
      clock: systemClock,
    }, events);
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
          this.#keeping = this.#keep();
        });
      },
      stop: async (deadlineMs) => {
        this.#stopping.abort();
        const until = performance.now() + deadlineMs;
        this.#consumer.held = true;
        await bounded(this.#archiver.stop(), deadlineMs * 0.75).catch(() => {}); // it is found again
        await bounded(this.#keeping ?? Promise.resolve(), 1000).catch(() => {}); // it goes on later
        await bounded(this.#admin.disconnect(), 1000).catch(() => {}); // nothing depends on it
        await this.#consumer.stop(Math.max(1000, until - performance.now()));
      },
    };
  }

  /** Looks after the days of topics, again and again. */
  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    await systemClock.sleep(Math.min(FIRST_LOOK_MS, this.#upkeepMs), signal);
    while (!signal.aborted) {
      await this.#upkeep.pass(signal);
      await systemClock.sleep(this.#upkeepMs, signal);
    }
  }

  /** Why nothing is archived; empty where it is. */
  notReady(): string[] {
    const reasons = this.#archiver.lastError === "" ? [] : [this.#archiver.lastError];
    for (const { topic, partition, isShort } of this.lanes) {
      if (isShort) reasons.push(`${topic}/${partition} has less in Kafka than in the archive`);
    }
    return reasons.map((reason) => `archive: ${reason}`);
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
