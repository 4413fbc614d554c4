/**
 * A partition is archived by owners that die at any step, follow one another and sometimes overlap: in the end every
 * line is in the archive once, the segments leave no gap, and what was committed is there.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { Lane } from "../consume/lane.ts";
import { plainShape } from "../index/shape_fixture.ts";
import { FailingObjects } from "./failing_objects.ts";
import { LaneArchive } from "./lane_archive.ts";
import { parseDataName } from "../../core/archive/names.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { readObject } from "../../core/archive/read.ts";

const TOPIC = "web";
const NOW_MS = Date.UTC(2026, 10, 21, 12);

/** One that owns the partition, or still thinks so. */
class Owner {
  readonly lane = new Lane(TOPIC, 0);
  readonly archive: LaneArchive;

  constructor(store: ObjectStore, committed: number) {
    this.lane.committed = committed;
    this.archive = new LaneArchive(store, this.lane, {
      release: (row) => this.lane.tracker.finish(row.ticket),
      nowMs: () => NOW_MS,
      monotonicMs: () => NOW_MS,
    });
  }

  /** Reads so many records behind what it has. */
  read(log: readonly LogRecord[], count: number): void {
    const { tracker } = this.lane;
    const from = Math.max(tracker.next, this.lane.committed, 0);
    this.archive.meet(from);
    for (let offset = from; offset < Math.min(log.length, from + count); offset++) {
      const ticket = tracker.take(offset);
      this.archive.push({ record: log[offset], offset, ticket, bytes: 1 });
    }
  }

  async close(): Promise<void> {
    if (this.archive.rows.length === 0 && !this.archive.unfinished) return;
    await this.archive.close(["ndjson"], plainShape(TOPIC));
  }
}

/** Lines of two files, of which some are sent again as an agent does after a kill: from an earlier one on. */
function logOf(sent: readonly { file: number; back: number }[]): LogRecord[] {
  const log: LogRecord[] = [], next = [0, 0];
  const record = (file: number, line: number): LogRecord => ({
    topic: TOPIC,
    uid: `${file}:${line * 10}-${line * 10 + 10}`,
    generation: `generation-000${file}`,
    offset: line * 10,
    length: 10,
    host: "h",
    path: "/a",
    value: new TextEncoder().encode(`line ${line}`),
    createdMs: NOW_MS,
    day: line % 3 === 0 ? "2026-11-20" : "2026-11-21",
    tz: "UTC",
    kafka: { partition: 0, offset: String(log.length) },
  });
  for (const { file, back } of sent) {
    for (let line = Math.max(0, next[file] - back); line <= next[file]; line++) {
      log.push(record(file, line));
    }
    next[file]++;
  }
  return log;
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("read"), count: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "close", count: 0 }) },
  { weight: 1, arbitrary: fc.constant({ kind: "old owner closes", count: 0 }) },
  { weight: 2, arbitrary: fc.constant({ kind: "commit and hand over", count: 0 }) },
  { weight: 2, arbitrary: fc.constant({ kind: "die", count: 0 }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("fail before", "fail behind"),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
);

Deno.test("LaneArchive: each line once over failures, deaths and owners that overlap", async () => {
  const sent = fc.array(fc.record({ file: fc.nat(1), back: fc.nat(6) }), {
    minLength: 1,
    maxLength: 80,
  });
  await fc.assert(
    fc.asyncProperty(sent, fc.array(step, { maxLength: 60 }), async (sent, steps) => {
      const log = logOf(sent), store = new FailingObjects();
      let committed = -1, owner = new Owner(store, committed), old: Owner | undefined;
      const tries = async (work: () => Promise<void>) => await work().catch(() => {}); // made to fail
      const change = () => {
        old = owner;
        owner = new Owner(store, committed);
      };
      const commit = () => committed = Math.max(committed, owner.lane.tracker.position);
      for (const { kind, count } of steps) {
        if (kind.startsWith("fail")) {
          store.untilFailure = count;
          store.acts = kind === "fail behind";
        } else if (kind === "die") change();
        else if (kind === "commit and hand over") {
          commit();
          change();
        } else if (kind === "old owner closes") {
          if (old?.archive.opened) await tries(() => old!.close());
        } else {
          if (!owner.archive.opened) await tries(() => owner.archive.open());
          if (!owner.archive.opened) continue;
          if (kind === "read") owner.read(log, count);
          else await tries(() => owner.close());
        }
      }
      store.untilFailure = Infinity;
      commit();
      owner = new Owner(store, committed);
      await owner.archive.open();
      owner.read(log, log.length);
      for (let i = 0; i < 20; i++) await owner.close();
      assert.equal(owner.lane.tracker.position, log.length);
      await check(store, log, committed);
    }),
    { numRuns: 300 },
  );
});

async function check(store: FailingObjects, log: readonly LogRecord[], committed: number) {
  const found: string[] = [], ranges: [number, number][] = [];
  for await (const { name } of store.list("topic=")) {
    const { start, end, day } = parseDataName(name)!;
    ranges.push([start, end]);
    for (const document of await readObject(store, name)) {
      found.push(document._id);
      const offset = document["kafka.offset"] as number;
      assert.ok(offset >= start && offset < end, `${name} holds offset ${offset}`);
      assert.equal(day, log[offset].day);
    }
  }
  assert.deepEqual(found.sort(), [...new Set(log.map(({ uid }) => uid))].sort());
  assert.ok(committed <= log.length);
  let next = 0;
  for await (const { name } of store.list("_weir/")) {
    if (name.endsWith("head.json")) continue;
    const entry = JSON.parse(new TextDecoder().decode(store.objects.get(name)));
    assert.equal(entry.start, next, "segments follow one another");
    assert.equal(entry.done, true);
    next = entry.end;
  }
  assert.equal(next, log.length);
}
