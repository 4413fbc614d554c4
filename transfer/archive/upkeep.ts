/**
 * What an archive needs beside writing: days that are over get their manifest, small objects become few, days that are
 * too old are deleted. Of all transfers the one with a topic's partition 0 does it; two at once do no harm.
 */
import { messageOf } from "../../core/errors.ts";
import { logOf } from "../../core/log.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { dayOf } from "../../core/record/identity.ts";
import { DaySealer, type PartitionEnd, type SealerOptions } from "./day_sealer.ts";
import { expire } from "./expiry.ts";
import { UNBELIEVED } from "./lane_archive.ts";
import { type DayManifest, manifestsOf } from "./manifest.ts";
import { parseDataName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import type { StoredObject } from "../../core/archive/settled.ts";
import { Segments } from "./segments.ts";

const DAY_MS = 86_400_000;

/** Where Kafka and the archive's group stand in a partition. */
export interface KafkaPosition {
  partition: number;
  /** First offset that Kafka has, and the one behind the last. */
  low: number;
  high: number;
  /** Of the archive's group; -1 for none. */
  committed: number;
}

export interface UpkeepOptions extends SealerOptions {
  /** A day is over so long after its end. */
  sealAfterMs: number;
  /** Topics that are ours to look after. */
  topics: () => Iterable<string>;
  /** Days that a topic is kept; 0: for ever. */
  daysOf: (topic: string) => number;
  positions: (topic: string) => Promise<KafkaPosition[]>;
  clock: Clock;
}

export interface UpkeepEvents {
  /** A day has a new manifest, for which so many objects became one. */
  sealed?(topic: string, merged: number): void;
  expired?(topic: string, objects: number): void;
  failed?(code: string): void;
}

export class Upkeep {
  readonly #store: ObjectStore;
  readonly #options: UpkeepOptions;
  readonly #events: UpkeepEvents;
  readonly #sealer: DaySealer;
  readonly #log = logOf("transfer.archive");
  /** By topic: the newest day that is over, and how far Kafka went when that was seen. */
  readonly #over = new Map<string, { day: string; highs: Map<number, number> }>();

  /** By topic: what was read of its manifests. */
  readonly #manifests = new Map<string, Map<string, DayManifest>>();

  constructor(store: ObjectStore, options: UpkeepOptions, events: UpkeepEvents = {}) {
    this.#store = store;
    this.#options = options;
    this.#events = events;
    this.#sealer = new DaySealer(store, options);
  }

  /** Looks once after each topic; what fails is told and done the next time. */
  async pass(signal?: AbortSignal): Promise<void> {
    for (const topic of new Set(this.#options.topics())) {
      if (signal?.aborted) return;
      await this.#try(topic, "delete old days", () => this.#expire(topic));
      if (signal?.aborted) return;
      await this.#try(topic, "seal days", () => this.#seal(topic, signal));
    }
  }

  async #try(topic: string, what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#events.failed?.((error as { code?: string }).code ?? "ARCHIVE");
      this.#log.warn(`Cannot ${what}, tried again`, {
        topic,
        reason: messageOf(error),
        hint: (error as { hint?: string }).hint ?? "",
      });
    }
  }

  async #expire(topic: string): Promise<void> {
    const days = this.#options.daysOf(topic);
    if (days === 0) return;
    const deleted = await expire(this.#store, topic, days, this.#options.clock.wallMs());
    if (deleted > 0) this.#events.expired?.(topic, deleted);
  }

  async #seal(topic: string, signal: AbortSignal | undefined): Promise<void> {
    const nowMs = this.#options.clock.wallMs();
    const over = dayOf(nowMs - this.#options.sealAfterMs - DAY_MS);
    const positions = await this.#options.positions(topic);
    const segments = await Segments.list(this.#store, topic);
    const ends = await endsOf(positions, segments);
    const ready = this.#passed(topic, over, positions, ends);
    const known = this.#manifests.get(topic) ?? new Map<string, DayManifest>();
    this.#manifests.set(topic, known);
    const manifests = await manifestsOf(this.#store, topic, known);
    for (const [day, objects] of await this.#daysOf(topic, over, segments)) {
      if (signal?.aborted) return;
      const last = manifests.get(day);
      if (!ready && last?.done !== false) continue; // what was begun can be ended all the same
      const about = { topic, day, objects, ends, segments, last, atMs: nowMs };
      await this.#try(topic, `seal ${day}`, async () => {
        const made = await this.#sealer.seal(about);
        if (made !== undefined) this.#tell(made);
      });
    }
  }

  #tell({ topic, day, revision, records, late, merges }: DayManifest): void {
    const merged = merges.reduce((sum, { of }) => sum + of.length, 0);
    this.#events.sealed?.(topic, merged);
    this.#log.info("Day sealed", { topic, day, revision, records, late, merged });
  }

  /** Whether all that Kafka had when the day was over is archived. */
  #passed(
    topic: string,
    day: string,
    positions: readonly KafkaPosition[],
    ends: readonly PartitionEnd[],
  ): boolean {
    let seen = this.#over.get(topic);
    if (seen?.day !== day) {
      const highs = new Map(
        positions.map(({ partition, low, high }) => [partition, high > low ? high : 0]),
      );
      this.#over.set(topic, seen = { day, highs });
    }
    return ends.every(({ partition, to }) => to >= (seen.highs.get(partition) ?? 0));
  }

  /** Days that are over with their objects, in order, and the last one even where it has none. */
  async #daysOf(
    topic: string,
    over: string,
    segments: Segments,
  ): Promise<[day: string, objects: StoredObject[]][]> {
    const days = new Map<string, StoredObject[]>();
    const beganMs = await segments.beganMs();
    if (beganMs !== undefined && dayOf(beganMs) <= over) days.set(over, []);
    for await (const { name, bytes } of this.#store.list(`topic=${topic}/`)) {
      const parsed = parseDataName(name);
      if (parsed === undefined || parsed.day > over || parsed.day === UNBELIEVED) continue;
      const object = { ...parsed, name, bytes }, own = days.get(parsed.day);
      if (own === undefined) days.set(parsed.day, [object]);
      else own.push(object);
    }
    return [...days].sort(([a], [b]) => a < b ? -1 : 1);
  }
}

/** The further one of what the store has and what the group has finished, which need not be archived. */
async function endsOf(
  positions: readonly KafkaPosition[],
  segments: Segments,
): Promise<PartitionEnd[]> {
  const committed = new Map(positions.map((one) => [one.partition, one.committed]));
  const partitions = new Set([...committed.keys(), ...segments.partitions]);
  const ends: PartitionEnd[] = [];
  for (const partition of [...partitions].sort((a, b) => a - b)) {
    const to = Math.max(0, await segments.next(partition), committed.get(partition) ?? 0);
    ends.push({ partition, to });
  }
  return ends;
}
