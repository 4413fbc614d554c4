/**
 * Days are sealed and their objects merged by transfers that fail at any request, die, and work at the same time: a
 * reader who goes by the rule of settled() sees each line once at every moment, whoever takes all files as they lie
 * sees it once in the end, and the manifests say what is there.
 */
import assert from "node:assert/strict";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { type ArchiveFormat, parseDataName } from "../../core/archive/names.ts";
import { readObject } from "../../core/archive/read.ts";
import { settled } from "../../core/archive/settled.ts";
import { ManualClock } from "../../core/ports/clock.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { Lane } from "../consume/lane.ts";
import { plainShape } from "../index/shape_fixture.ts";
import { FailingObjects } from "./failing_objects.ts";
import { checkTopic } from "./inspect.ts";
import { LaneArchive } from "./lane_archive.ts";
import { manifestsOf } from "./manifest.ts";
import { Upkeep } from "./upkeep.ts";

const TOPIC = "web", PARTITIONS = 2;
const DAYS = ["2026-11-18", "2026-11-19", "2026-11-20"];
const START_MS = Date.UTC(2026, 10, 18, 6);

/** An archive that is written without failures, and looked after with them. */
class World {
  readonly #compactBytes: number;
  readonly store = new FailingObjects();
  readonly clock = new ManualClock(START_MS);
  readonly sent: LogRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly #archives = Array.from({ length: PARTITIONS }, (_, partition) => {
    const lane = new Lane(TOPIC, partition);
    const archive = new LaneArchive(this.store, lane, {
      release: (row) => lane.tracker.finish(row.ticket),
      nowMs: () => this.clock.wallMs(),
      monotonicMs: () => this.clock.monotonicMs(),
    });
    return { lane, archive };
  });
  upkeeps: Upkeep[] = [];

  constructor(formats: ArchiveFormat[]) {
    // An object of a few lines has some 300 bytes of NDJSON, or 3,000 of Parquet.
    this.#compactBytes = formats.includes("parquet") ? 40_000 : 4000;
    this.start("a", "b");
  }

  /** Those that were there are dead. */
  start(...names: string[]): void {
    this.upkeeps = names.map((by) => this.upkeep(by));
  }

  upkeep(by: string): Upkeep {
    return new Upkeep(this.store, {
      by,
      compactBytes: this.#compactBytes / (by === "b" || by === "d" ? 2 : 1), // settings may differ
      sealAfterMs: 3600e3,
      topics: () => [TOPIC],
      daysOf: () => 0,
      clock: this.clock,
      positions: () =>
        Promise.resolve(this.sent.map(({ length }, partition) => ({
          partition,
          low: 0,
          high: length,
          committed: this.#archives[partition].lane.tracker.position,
        }))),
    });
  }

  /** A segment of lines, most of them of today. */
  async write(partition: number, days: readonly number[], formats: ArchiveFormat[]): Promise<void> {
    const { lane, archive } = this.#archives[partition], log = this.sent[partition];
    if (!archive.opened) await archive.open();
    archive.meet(log.length);
    for (const back of days) {
      const offset = log.length, today = new Date(this.clock.wallMs()).toISOString().slice(0, 10);
      const day = DAYS[Math.max(0, DAYS.indexOf(today) - back)];
      const record: LogRecord = {
        topic: TOPIC,
        uid: `${partition}:${offset}`,
        generation: null,
        offset: 0,
        length: 0,
        host: "h",
        path: "/a",
        value: new TextEncoder().encode(`line ${offset}`),
        createdMs: this.clock.wallMs(),
        day,
        tz: "UTC",
        kafka: { partition, offset: String(offset) },
      };
      log.push(record);
      archive.push({ record, offset, ticket: lane.tracker.take(offset), bytes: 1 });
    }
    await archive.close(formats, plainShape(TOPIC));
  }

  /** Both look after the archive at the same time. */
  async keep(): Promise<void> {
    await Promise.all(this.upkeeps.map((upkeep) => upkeep.pass()));
  }
}

const decoded = new WeakMap<Uint8Array, string[]>();

/** Ids of NDJSON; the same bytes are read once. */
function idsOf(bytes: Uint8Array): string[] {
  let ids = decoded.get(bytes);
  if (ids === undefined) {
    const lines = new TextDecoder().decode(zstdDecompressSync(bytes)).trimEnd().split("\n");
    decoded.set(bytes, ids = lines.map((line) => JSON.parse(line)._id));
  }
  return ids;
}

/** After each change: no line twice, and none that was there before is gone. */
function watch({ store, sent }: World): void {
  const ever = new Set<string>();
  store.changed = () => {
    const names = [...store.objects.keys()].map((name) => ({ name, parsed: parseDataName(name) }));
    const now = new Set<string>();
    for (const [, group] of Map.groupBy(names, ({ parsed }) => parsed?.day)) {
      const objects = group.flatMap(({ name, parsed }) => parsed ? [{ ...parsed, name }] : []);
      for (const { name, format, day, partition, start, end } of settled(objects)) {
        // Parquet is decoded at the end; here its name says what it holds.
        const ids = format === "ndjson"
          ? idsOf(store.objects.get(name)!)
          : sent[partition].slice(start, end).filter((one) => one.day === day).map(({ uid }) =>
            uid
          );
        for (const id of ids) {
          assert.ok(!now.has(id), `${id} is there twice`);
          now.add(id);
          ever.add(id);
        }
      }
    }
    assert.equal(now.size, ever.size, "what was there still is");
  };
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      partition: fc.nat(PARTITIONS - 1),
      days: fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "next day" as const }) },
  { weight: 4, arbitrary: fc.constant({ kind: "keep" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "keep beside the rest" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("ghost" as const), which: fc.nat(99) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      count: fc.integer({ min: 1, max: 25 }),
      acts: fc.boolean(),
    }),
  },
);

async function play(
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
  turns: readonly number[],
  formats: ArchiveFormat[],
): Promise<World> {
  const world = new World(formats), { store, clock } = world;
  const beside: Promise<void>[] = [];
  let turn = 0;
  store.turns = () => 1 + (turns.length === 0 ? 0 : turns[turn++ % turns.length]);
  watch(world);
  for (const one of steps) {
    if (one.kind === "write") await world.write(one.partition, one.days, formats);
    else if (one.kind === "next day") clock.advance(86_400e3);
    else if (one.kind === "keep beside the rest") beside.push(world.upkeep("slow").pass());
    else if (one.kind === "ghost") await ghost(world, one.which);
    else {
      if (one.kind === "fail") {
        store.untilFailure = one.count;
        store.acts = one.acts;
      }
      await world.keep();
      store.untilFailure = Infinity;
      if (one.kind === "fail") world.start("c", "d");
    }
  }
  await Promise.all(beside);
  clock.advance(4 * 86_400e3);
  for (let i = 0; i < 3; i++) await world.keep();
  return world;
}

/** Somebody who stood still for long writes an object that was merged and deleted meanwhile. */
async function ghost({ store }: World, which: number): Promise<void> {
  const gone = [...store.deleted].filter(([name]) => parseDataName(name) !== undefined);
  if (gone.length > 0) await store.put(...gone[which % gone.length]);
}

async function check({ store, sent }: World, formats: ArchiveFormat[]): Promise<void> {
  const wanted = sent.flatMap((log) => log.map(({ uid }) => uid)).sort();
  for (const format of formats) {
    const found: string[] = [];
    for (const name of store.objects.keys()) {
      if (parseDataName(name)?.format !== format) continue;
      for (const { _id } of await readObject(store, name)) found.push(_id);
    }
    assert.deepEqual(found.sort(), wanted, `all ${format} as it lies`);
  }
  const { days, partitions } = await checkTopic(store, TOPIC);
  for (const day of days) {
    assert.deepEqual([day.state, day.superseded, day.missing], ["complete", 0, []], day.day);
  }
  assert.equal(days.reduce((sum, { records }) => sum + records, 0), wanted.length);
  assert.ok(partitions.every(({ gaps, missing }) => gaps.length + missing.length === 0));
  for (const [day, manifest] of await manifestsOf(store, TOPIC)) {
    const named = manifest.partitions.flatMap(({ objects }) => objects.map(({ name }) => name));
    const there = [...store.objects.keys()].filter((name) => parseDataName(name)?.day === day);
    assert.deepEqual(named.sort(), there.sort());
    for (const { from, to, records } of manifest.partitions) {
      assert.ok(from <= to && records <= to - from);
    }
  }
}

for (const formats of [["ndjson"], ["parquet", "ndjson"], ["parquet"]] as ArchiveFormat[][]) {
  Deno.test(`Upkeep: each line once, ${formats}, over failures and two at once`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.oneof(fc.nat(5), fc.nat(300)), { maxLength: 30 }),
        async (steps, turns) => await check(await play(steps, turns, formats), formats),
      ),
      { numRuns: formats.includes("parquet") ? 40 : 300 },
    );
  });
}
