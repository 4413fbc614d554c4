/**
 * Ends a day: says in a manifest that its lines are there, and makes few objects of many. A manifest is announced
 * before anything is changed, and only one can announce a revision; then each merged object is written, the small ones
 * behind it are deleted, and the manifest says that it is done. Whoever comes after a crash does the rest of the same
 * plan; two at once do the same. At every moment the objects that `settled()` leaves hold each line once.
 */
import { WeirError } from "../../core/errors.ts";
import { formatOf, planPartition, sumsOf } from "./day_plan.ts";
import { bytesOf } from "./json_object.ts";
import { type DayManifest, readManifest } from "./manifest.ts";
import { mergeObjects } from "./merge.ts";
import { dayFolder, manifestName, parseDataName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import type { Segments } from "./segments.ts";
import { type StoredObject, superseded } from "../../core/archive/settled.ts";

const DAY_MS = 86_400_000;

export interface SealerOptions {
  /** Who seals, for the manifest. */
  by: string;
  /** Objects become one up to so many bytes. */
  compactBytes: number;
}

/** Where a partition stands: everything before `to` is archived, or need not be. */
export interface PartitionEnd {
  partition: number;
  to: number;
}

/** A day of a topic that is over, and what is known of it. */
export interface OverDay {
  topic: string;
  day: string;
  /** Listed after `ends` were known. */
  objects: readonly StoredObject[];
  ends: readonly PartitionEnd[];
  segments: Segments;
  /** The last revision, done or not. */
  last: DayManifest | undefined;
  /** Now, for the manifest. */
  atMs: number;
}

export class DaySealer {
  readonly #store: ObjectStore;
  readonly #options: SealerOptions;

  constructor(store: ObjectStore, options: SealerOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * The manifest that holds now, or undefined where nothing changed. Rejects with ARCHIVE_HOLE where an object is
   * missing, with the store's error, or what mergeObjects() does; called again it goes on.
   */
  async seal(over: OverDay): Promise<DayManifest | undefined> {
    const { topic, day, objects, last } = over;
    if (last?.done === false) return await this.#execute(last);
    if (last !== undefined) await this.#clean(objects, last);
    const plan = await this.#plan(over);
    if (plan === undefined) return undefined;
    const name = manifestName(topic, day, plan.revision);
    const made = await this.#store.create(name, bytesOf(plan));
    return await this.#execute(made ? plan : (await readManifest(this.#store, name))!);
  }

  async #objects(topic: string, day: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    for await (const { name, bytes } of this.#store.list(dayFolder(topic, day))) {
      const parsed = parseDataName(name);
      if (parsed !== undefined) found.push({ ...parsed, name, bytes });
    }
    return found;
  }

  /** Undefined where the last manifest says it all. */
  async #plan(
    { topic, day, objects, ends, segments, last, atMs }: OverDay,
  ): Promise<DayManifest | undefined> {
    // Lines of a day are not archived before it; a day more for clocks that differ.
    const sinceMs = Date.parse(`${day}T00:00:00Z`) - DAY_MS;
    const plans = [];
    for (const { partition, to } of ends) {
      const before = last?.partitions.find((one) => one.partition === partition);
      const own = objects.filter((object) => object.partition === partition);
      // A day that was sealed is looked at again for what lies there alone: entries go back for years.
      const entries = last === undefined ? await segments.since(partition, sinceMs) : [];
      const sealed = new Set(before?.objects.map(({ name }) => name));
      // A segment from before the day can have lines that say to be of it: their clock was ahead.
      for (const { name, start } of own) {
        if (sealed.has(name) || entries.some((entry) => entry.start === start)) continue;
        const entry = await segments.at(partition, start);
        if (entry?.done && entry.objects.some((object) => object.day === day)) entries.push(entry);
      }
      entries.sort((a, b) => a.start - b.start);
      const { compactBytes } = this.#options;
      plans.push(
        planPartition(
          day,
          { partition, to, objects: own, segments: entries, before },
          compactBytes,
        ),
      );
    }
    const missing = plans.flatMap((plan) => plan.missing);
    if (missing.length > 0) throw hole(topic, day, missing, this.#store.name);
    const partitions = plans.map((plan) => plan.partition);
    const merges = plans.flatMap((plan) => plan.merges), sums = sumsOf(partitions);
    const late = last === undefined ? 0 : last.late + sums.records - last.records;
    if (last !== undefined && sums.records === last.records && merges.length === 0) {
      return undefined;
    }
    return {
      v: 1,
      topic,
      day,
      revision: (last?.revision ?? 0) + 1,
      atMs,
      by: this.#options.by,
      done: false,
      ...sums,
      late,
      partitions,
      merges,
    };
  }

  /** Does what is left of a plan. */
  async #execute(plan: DayManifest): Promise<DayManifest> {
    if (plan.done) return plan;
    const sizes = new Map<string, number>();
    for (const { name, bytes } of await this.#objects(plan.topic, plan.day)) sizes.set(name, bytes);
    for (const { name, records, of } of plan.merges) {
      if (!sizes.has(name)) {
        const merged = await mergeObjects(this.#store, of, formatOf(name));
        if (merged.records !== records) {
          throw new WeirError(
            "ARCHIVE_DAMAGED",
            `${of.length} objects of ${plan.topic} on ${plan.day} hold ${merged.records} lines, not ${records}`,
            {
              hint: `Compare them with what is in ${
                manifestName(plan.topic, plan.day, plan.revision)
              }.`,
            },
          );
        }
        await this.#store.put(name, merged.bytes);
        sizes.set(name, merged.bytes.length);
      }
      for (const small of of) if (sizes.has(small)) await this.#store.delete(small);
    }
    const partitions = plan.partitions.map((partition) => ({
      ...partition,
      objects: partition.objects.map((one) => ({
        ...one,
        bytes: sizes.get(one.name) ?? one.bytes,
      })),
    }));
    const done = { ...plan, partitions, ...sumsOf(partitions), done: true };
    await this.#store.put(manifestName(plan.topic, plan.day, plan.revision), bytesOf(done));
    return done;
  }

  /** Deletes what somebody wrote once more after it was merged: an owner that stood still for long. */
  async #clean(objects: readonly StoredObject[], manifest: DayManifest): Promise<void> {
    const names = new Set(
      manifest.partitions.flatMap(({ objects }) => objects.map(({ name }) => name)),
    );
    const held = objects.filter(({ name }) => names.has(name));
    const left = new Set(superseded(objects));
    for (const object of objects) {
      if (!left.has(object) || names.has(object.name)) continue;
      if (superseded([...held, object]).includes(object)) await this.#store.delete(object.name);
    }
  }
}

function hole(topic: string, day: string, missing: string[], where: string): WeirError {
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
  return new WeirError(
    "ARCHIVE_HOLE",
    `${topic} on ${day} is not complete: ${missing[0]}${more} is missing in ${where}`,
    {
      hint: "Bring it back from a backup; weir archive check says what is missing.",
      retriable: true,
    },
  );
}
