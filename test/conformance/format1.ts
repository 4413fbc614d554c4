/**
 * The story of the fixtures of format version 1 (test/fixtures/format1/): what a release of that version had done
 * when it was ended, so that another one goes on. Its writer is make_format1.ts, its reader format1_test.ts.
 */
import type { LogRecord } from "../../core/ports/document_store.ts";
import type { LineChunk } from "../../core/ports/line_sink.ts";
import type { ObjectStore } from "../../core/archive/objects.ts";
import { Lane } from "../../transfer/consume/lane.ts";
import { LaneArchive } from "../../transfer/archive/lane_archive.ts";
import { Upkeep } from "../../transfer/archive/upkeep.ts";
import { ManualClock } from "../../core/ports/clock.ts";

export const FIXTURES = new URL("../fixtures/format1/", import.meta.url).pathname;
export const GENERATION = "AbCdEfGh01234-_9", TOPIC = "web", DAY = "2026-11-20";
export const TIME_MS = Date.UTC(2026, 10, 20, 23, 30);
const DAY_MS = 86_400_000;

/** What each file of the agent holds when it ends, in the order in which they were made. */
export const LOGS: readonly [path: string, text: string][] = [
  ["/var/log/app.log", "one\ntwo\nthree\npartfour\nlast"],
  ["/var/log/turned.log.1", "old one\nold two\n"],
  ["/var/log/turned.log", "new one\n"],
];

export const TEXTS = ["first", 'second {"level":"error"}', "third ü"];

/** Three lines of a file, from byte 100 on. */
export function storyChunk(): LineChunk {
  return chunkOf(100, TEXTS);
}

/** Lines of one file as a chunk that begins at byte `start`. */
export function chunkOf(start: number, texts: readonly string[]): LineChunk {
  const encoder = new TextEncoder(), marks: number[] = [];
  let at = 0;
  for (const text of texts) {
    const { length } = encoder.encode(text);
    marks.push(at, at + length, at + length + 1);
    at += length + 1;
  }
  return {
    topic: TOPIC,
    generation: GENERATION,
    path: "/var/log/app.log",
    host: "web-1",
    start,
    end: start + at,
    bytes: encoder.encode(texts.map((text) => `${text}\n`).join("")),
    marks: Int32Array.from(marks),
    lines: texts.length,
    day: DAY,
    tz: "Europe/Berlin",
    fields: { team: "shop" },
  };
}

/** Line `n` of a file whose lines have ten bytes, as the record at offset `n` of partition 0. */
export function archivedLine(n: number): LogRecord {
  return {
    topic: TOPIC,
    uid: `${GENERATION}:${n * 10}-${n * 10 + 10}`,
    generation: GENERATION,
    offset: n * 10,
    length: 10,
    host: "web-1",
    path: "/var/log/app.log",
    value: new TextEncoder().encode(`line ${n}`),
    createdMs: TIME_MS,
    day: DAY,
    tz: "UTC",
    kafka: { partition: 0, offset: String(n) },
  };
}

/** Archives lines up to `to`, of which those before `committed` are committed, and then, a day later, seals the day. */
export async function archiveAndSeal(
  store: ObjectStore,
  { committed, to, by }: { committed: number; to: number; by: string },
): Promise<void> {
  const lane = new Lane(TOPIC, 0), { tracker } = lane;
  lane.committed = committed;
  const archive = new LaneArchive(store, lane, {
    release: (row) => tracker.finish(row.ticket),
    nowMs: () => TIME_MS,
    monotonicMs: () => TIME_MS,
  });
  await archive.open();
  const from = Math.max(tracker.next, committed, 0);
  archive.meet(from);
  for (let offset = from; offset < to; offset++) {
    archive.push({ record: archivedLine(offset), offset, ticket: tracker.take(offset), bytes: 1 });
  }
  const shape = {
    dataset: TOPIC,
    namespace: "",
    dataStream: false,
    fields: true,
    parser: undefined,
  };
  await archive.close(["ndjson", "parquet"], shape);
  const upkeep = new Upkeep(store, {
    by,
    compactBytes: 1 << 20,
    sealAfterMs: 3600e3,
    topics: () => [TOPIC],
    daysOf: () => 0,
    clock: new ManualClock(TIME_MS + DAY_MS),
    positions: () => {
      return Promise.resolve([{ partition: 0, low: 0, high: to, committed: tracker.position }]);
    },
  });
  await upkeep.pass();
}
