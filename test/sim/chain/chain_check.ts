/**
 * What must hold of a simulated world once all is healed: every line is in the index or, where the index refuses it, in
 * the dead letters; none is there twice, none under another's id; lines are joined as the rules say (places.ts); first
 * occurrences in Kafka are in the order of the file; everything is committed, and nothing was ever committed before its
 * lines were safe.
 */
import assert from "node:assert/strict";
import { RecordDecoder } from "../../../transfer/consume/decode.ts";
import { type RecordBatch, RecordCursor } from "../../../transfer/consume/record_batch.ts";
import type { LogRecord } from "../../../core/ports/document_store.ts";
import type { ChainWorld } from "./chain_world.ts";
import type { SimPartition } from "./sim_broker.ts";
import { POISON } from "./sim_index.ts";
import {
  lostOf,
  miscounted,
  type Removed,
  uncounted,
  unexplained,
  unrepaired,
} from "./retention.ts";
import { type AuditFound, shortOf } from "./sim_ledger.ts";
import type { WrittenLife } from "./written_life.ts";
import { checkPlaces, type Place } from "./places.ts";
import { DEAD_TOPIC, NOISE } from "./transfer_process.ts";

/** Of each kind of fault so many are told. */
const FIRST = 5;
const NO_FAULTS: AuditFound = { missing: [], doubled: [], unsealed: [], unknown: [] };
const decoder = new TextDecoder();

/** What was found when all was healed, before anything was repaired. */
export interface ChainFound {
  what: Record<string, unknown>;
  lifeOf: ReadonlyMap<string, WrittenLife>;
}

/** Looks at a world in which all is healed, audited, and not repaired yet. */
export function lookAt(world: ChainWorld): ChainFound {
  const records = new Map<string, Place>(), disordered: string[] = [], removed: Removed[] = [];
  for (const partition of world.kafka.brokers.partitions) {
    takeFirsts(partition, records, disordered);
    removed.push(...removedOf(partition));
  }
  const lost = lostOf(removed, world.audited!);
  const { lines, lifeOf } = linesOf(world, records, new Set(lost.map(({ uid }) => uid)));
  return {
    lifeOf,
    what: {
      violations: world.violations.slice(0, FIRST),
      lag: lagOf(world),
      settled: world.wereSettled,
      ...short(lines),
      ...short({ disordered, uncounted: uncounted(world, lost), miscounted: miscounted(world) }),
      audit: shortOf(world, unexplained(world.audited!, lost)),
    },
  };
}

/** Throws an AssertionError that says what of the world is not as it should be. */
export function checkChain(world: ChainWorld, { what, lifeOf }: ChainFound): void {
  const { repaired } = world;
  const found = { ...what, unrepaired: [] as string[], repaired: NO_FAULTS };
  if (repaired !== undefined) {
    found.unrepaired = unrepaired(world, repaired, (one) => lifeOf.get(one)?.content);
    found.repaired = { ...shortOf(world, repaired), missing: [] };
  }
  assert.deepEqual(found, {
    violations: [],
    lag: 0,
    settled: true,
    lost: [],
    doubled: [],
    foreign: [],
    misjoined: [],
    unlike: [],
    kept: [],
    buried: [],
    disordered: [],
    uncounted: [],
    miscounted: [],
    audit: NO_FAULTS,
    unrepaired: [],
    repaired: NO_FAULTS,
  });
}

function short<Lists extends Record<string, string[]>>(lists: Lists): Lists {
  const all = Object.entries(lists).map(([name, list]) => [name, list.slice(0, FIRST)]);
  return Object.fromEntries(all);
}

function lagOf({ kafka: { brokers, group } }: ChainWorld): number {
  return brokers.partitions.reduce(
    (sum, { topic, number, highWatermark }) =>
      sum + highWatermark - (group.committed.get(`${topic} ${number}`) ?? 0),
    0,
  );
}

/** The records of a partition, each once; `disordered` gets those that stand behind a later one of their life. */
function takeFirsts(
  partition: SimPartition,
  records: Map<string, Place>,
  disordered: string[],
): void {
  const last = new Map<string, number>();
  const all = [...partition.removed, ...partition.readable];
  for (const { uid, offset, length, value, generation } of recordsOf(partition, 0, all)) {
    if (records.has(uid)) continue;
    const place = { uid, generation: generation!, start: offset, end: offset + length };
    records.set(uid, { ...place, text: decoder.decode(value) });
    if (offset < (last.get(place.generation) ?? 0)) disordered.push(uid);
    last.set(place.generation, offset);
  }
}

function removedOf(partition: SimPartition): Removed[] {
  return [...recordsOf(partition, 0, partition.removed)].map((record) => ({
    uid: record.uid,
    generation: record.generation!,
    start: record.offset,
    end: record.offset + record.length,
    partition: partition.number,
    offset: Number(record.kafka!.offset),
  }));
}

/** What is not where it should be, by what is wrong with it; `gone`: ids that nobody could read. */
function linesOf(
  world: ChainWorld,
  records: ReadonlyMap<string, Place>,
  gone: ReadonlySet<string>,
) {
  const unlike: string[] = [], twice: string[] = [], indexed = new Map<string, Place>();
  for (const documents of world.index.indices.values()) {
    for (const [uid, { message: text, ...fields }] of documents) {
      const start = fields["log.offset"], end = start + fields["log.length"];
      const generation = fields["log.file.generation"];
      const record = records.get(uid), isOther = record !== undefined && record.text !== text;
      if (`${generation}:${start}-${end}` !== uid || isOther) unlike.push(uid);
      if (indexed.has(uid)) twice.push(uid);
      indexed.set(uid, { uid, generation, start, end, text });
    }
  }
  const { found: places, lifeOf } = checkPlaces(
    world,
    new Map([...records, ...indexed]).values(),
  );
  const dead = new Set(
    (world.kafka.plain.get(DEAD_TOPIC) ?? []).map((one) => String((one as any).value)),
  );
  const isSafe = ({ uid, text }: Place) =>
    indexed.has(uid) || dead.has(text) || isDropped(text) || gone.has(uid);
  const lines = {
    ...places,
    lost: [
      ...places.lost,
      ...[...records.values()].filter((one) => !isSafe(one)).map(({ uid, text }) =>
        `${uid} ${text}`
      ),
    ],
    doubled: [...places.doubled, ...twice],
    unlike,
    /** Documents that a rule drops. */
    kept: [...indexed.values()].filter(({ text }) => isDropped(text)).map(({ uid }) => uid),
    /** Dead letters that the index would have taken, and the other way round. */
    buried: [
      ...[...dead].filter((text) => !text.includes(POISON)),
      ...[...indexed.values()].filter(({ text }) => text.includes(POISON)).map(({ uid }) => uid),
    ],
  };
  return { lines, lifeOf };
}

function isDropped(text: string): boolean {
  return text.includes(NOISE);
}

/** What consumers can read of a partition, from the offset on; or what is in other batches of it. */
export function* recordsOf(
  partition: SimPartition,
  from: number,
  batches: readonly RecordBatch[] = partition.readable,
): Generator<LogRecord> {
  const decoder = new RecordDecoder(partition.topic, partition.number);
  for (const batch of batches) {
    if (batch.lastOffset < from) continue;
    const cursor = new RecordCursor(batch, 1 << 20);
    while (cursor.next()) {
      if (cursor.offset < from) continue;
      const record = decoder.decode(cursor);
      if (record !== "tombstone") yield record;
    }
  }
}

/** From now on each commit is looked at: what is behind it must be safe. */
export function watchCommits(world: ChainWorld): void {
  const { group, brokers, plain } = world.kafka;
  group.onCommit = (topic, number, offset) => {
    const from = group.committed.get(`${topic} ${number}`) ?? 0;
    if (offset <= from) return;
    for (const record of recordsOf(brokers.partition(topic, number), from)) {
      if (Number(record.kafka!.offset) >= offset) break;
      if (world.index.ids.has(record.uid)) continue;
      const text = decoder.decode(record.value);
      const isDead = plain.get(DEAD_TOPIC)?.some((one) => String((one as any).value) === text);
      if (!isDead && !isDropped(text)) {
        world.violations.push(`committed and not safe: ${record.uid} ${text}`);
      }
    }
  };
}
