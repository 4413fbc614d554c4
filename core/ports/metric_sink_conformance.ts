/**
 * What every MetricSink must do. Each adapter's test calls `metricSinkConformance` with a way to
 * make one and a way to look at what arrived; adapters that can be made to fail say how, and the
 * promises about failure are checked too.
 */
import assert from "node:assert/strict";
import type { MetricSink, Point } from "./metric_sink.ts";

/** One sink under test. */
export interface SinkCase {
  sink: MetricSink;
  /** Points that arrived, in the order of their times; of one measurement where it is named. */
  arrived(measurement: string): Promise<Point[]>;
  /** Makes the far side fail (retriable) until `heal`; undefined where it cannot fail. */
  breakDown?: () => Promise<void> | void;
  heal?: () => Promise<void> | void;
  /** Most points that the sink may hold. */
  bufferPointsMax?: number;
  /** A point that the far side refuses for good; undefined where it takes every point. */
  unacceptable?: () => Promise<Point> | Point;
  end(): Promise<void>;
}

/** What the far side of an adapter can do, so that only checks that can fail are registered. */
export interface SinkAbilities {
  /** `breakDown`, `heal` and `bufferPointsMax` are given. */
  fails: boolean;
  /** `unacceptable` is given. */
  refuses: boolean;
}

/**
 * Registers the tests of an adapter. `make` is called once a test; `options` are those of
 * Deno.test.
 */
export function metricSinkConformance(
  name: string,
  abilities: SinkAbilities,
  make: () => Promise<SinkCase> | SinkCase,
  options: Omit<Deno.TestDefinition, "name" | "fn"> = {},
): void {
  const check = (what: string, run: (given: SinkCase) => Promise<void>) => {
    Deno.test({
      ...options,
      name: `${name}: ${what}`,
      fn: async () => {
        const given = await make();
        try {
          await run(given);
        } finally {
          await given.sink.close(5000);
          await given.end();
        }
      },
    });
  };
  check("delivers every point with its tags, types and time", deliversEveryPoint);
  check("keeps the order of what was written", keepsTheOrder);
  check("flush of nothing resolves, stats begin at 0", flushesNothing);
  check("a closed sink counts what it does not take", countsAfterClose);
  if (abilities.fails) {
    check("goes on after a failure, nothing lost within the bound", survivesFailure);
    check("drops the oldest beyond the bound and counts them", dropsTheOldest);
  }
  if (abilities.refuses) check("counts a refused point, the others arrive", countsRefused);
}

const T0 = Date.UTC(2026, 10, 21, 12);

/** Point number `n`, a second after the one before. */
export function numbered(measurement: string, n: number): Point {
  return {
    measurement,
    tags: { host: "a b,c=d", n: String(n % 3) },
    fields: { count: { int: n }, share: { float: n / 4 }, note: { text: `quo"te ${n}` } },
    timeMs: T0 + n * 1000,
  };
}

function series(measurement: string, from: number, to: number): Point[] {
  return Array.from({ length: to - from }, (_, i) => numbered(measurement, from + i));
}

function counts(points: readonly Point[]): number[] {
  return points.map((point) => (point.fields.count as { int: number }).int);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

async function deliversEveryPoint({ sink, arrived }: SinkCase): Promise<void> {
  sink.write(series("whole", 0, 40));
  await sink.flush(20_000);
  assert.deepEqual(await arrived("whole"), series("whole", 0, 40));
  const stats = sink.stats();
  assert.equal(stats.written, 40);
  assert.equal(stats.buffered, 0);
  assert.equal(stats.lastError, "");
}

async function keepsTheOrder({ sink, arrived }: SinkCase): Promise<void> {
  for (let n = 0; n < 200; n += 7) sink.write(series("order", n, Math.min(n + 7, 200)));
  await sink.flush(20_000);
  assert.deepEqual(counts(await arrived("order")), range(0, 200));
}

async function flushesNothing({ sink }: SinkCase): Promise<void> {
  await sink.flush(1000);
  const stats = sink.stats();
  assert.deepEqual([stats.written, stats.dropped, stats.rejected, stats.buffered], [0, 0, 0, 0]);
}

async function countsAfterClose({ sink }: SinkCase): Promise<void> {
  await sink.close(1000);
  sink.write(series("late", 0, 3));
  assert.equal(sink.stats().dropped, 3);
}

async function survivesFailure(given: SinkCase): Promise<void> {
  const { sink, arrived, breakDown, heal } = given;
  assert(breakDown !== undefined && heal !== undefined);
  await breakDown();
  sink.write(series("outage", 0, 10));
  await sink.flush(300);
  assert.equal(sink.stats().buffered, 10, "held while the far side is down");
  assert.notEqual(sink.stats().lastError, "");
  await heal();
  sink.write(series("outage", 10, 20));
  await sink.flush(20_000);
  assert.deepEqual(counts(await arrived("outage")), range(0, 20));
  assert.equal(sink.stats().lastError, "");
  assert.equal(sink.stats().dropped, 0);
}

async function dropsTheOldest(given: SinkCase): Promise<void> {
  const { sink, arrived, breakDown, heal, bufferPointsMax: max } = given;
  assert(breakDown !== undefined && heal !== undefined && max !== undefined);
  await breakDown();
  const all = max * 3;
  for (let n = 0; n < all; n += 10) sink.write(series("full", n, Math.min(n + 10, all)));
  await sink.flush(300);
  const held = sink.stats();
  assert.equal(held.buffered, max);
  assert.equal(held.dropped, all - max);
  await heal();
  await sink.flush(20_000);
  assert.deepEqual(counts(await arrived("full")), range(all - max, all), "the newest arrive");
  assert.equal(sink.stats().written + sink.stats().dropped, all, "each point is accounted for");
}

async function countsRefused(given: SinkCase): Promise<void> {
  const { sink, arrived, unacceptable } = given;
  assert(unacceptable !== undefined);
  const bad = await unacceptable();
  sink.write([...series("mixed", 0, 5), bad, ...series("mixed", 5, 12)]);
  await sink.flush(20_000);
  assert.deepEqual(counts(await arrived("mixed")), range(0, 12));
  const stats = sink.stats();
  assert.equal(stats.rejected, 1);
  assert.equal(stats.buffered, 0);
}
