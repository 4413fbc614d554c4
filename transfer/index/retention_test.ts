import assert from "node:assert/strict";
import type { Client } from "@elastic/elasticsearch";
import fc from "fast-check";
import { ManualClock } from "../../core/ports/clock.ts";
import type { TopicPlan } from "../topics/plan.ts";
import { TemplateNames } from "./names.ts";
import {
  type ListedIndex,
  type OwnedIndex,
  Retention,
  streamIndices,
  toDelete,
} from "./retention.ts";
import { MANAGED_BY } from "./template.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const owned = (day: string, bytes = 10): OwnedIndex => ({
  index: `weir-t-${day.replaceAll("-", ".")}`,
  topic: "t",
  day,
  bytes,
  documents: 1,
  createdMs: Date.parse(day),
});
const days = (found: ReturnType<typeof toDelete>) =>
  found.map(({ index, reason }) => `${index.day} ${reason}`);
const FOUR = ["2026-11-21", "2026-11-18", "2026-11-20", "2026-11-19"].map((day) => owned(day));

Deno.test("toDelete() takes what is older than the days that are kept", () => {
  assert.deepEqual(days(toDelete(FOUR, { days: 2, bytes: 0 }, NOW)), ["2026-11-18 age"]);
  assert.deepEqual(days(toDelete(FOUR, { days: 3, bytes: 0 }, NOW)), []);
  assert.deepEqual(days(toDelete(FOUR, { days: 0, bytes: 0 }, NOW)), []);
});

Deno.test("toDelete() takes the oldest until the rest fits, and never the newest", () => {
  assert.deepEqual(days(toDelete(FOUR, { days: 0, bytes: 25 }, NOW)), [
    "2026-11-18 size",
    "2026-11-19 size",
  ]);
  assert.equal(toDelete(FOUR, { days: 0, bytes: 1 }, NOW).length, 3);
  assert.equal(toDelete([owned("2020-01-01")], { days: 1, bytes: 1 }, NOW).length, 0);
  assert.deepEqual(days(toDelete(FOUR, { days: 2, bytes: 25 }, NOW)), [
    "2026-11-18 age",
    "2026-11-19 size",
  ]);
});

Deno.test("toDelete() leaves no index that is older than one it deletes", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 30 }),
    fc.nat(40),
    fc.nat(300),
    (ages, keep, bytes) => {
      const indices = ages.map((age) =>
        owned(new Date(NOW - age * 86_400_000).toISOString().slice(0, 10))
      );
      const gone = new Set(toDelete(indices, { days: keep, bytes }, NOW).map(({ index }) => index));
      const left = indices.filter((index) => !gone.has(index)).map(({ day }) => day).sort();
      for (const { day } of gone) assert.ok(day < left[0]);
      if (indices.length > 0) assert.ok(left.length > 0);
      if (bytes > 0 && left.length > 1) assert.ok(left.length * 10 <= bytes);
    },
  ));
});

Deno.test("streamIndices() dates an index by the one that followed it", () => {
  const listed = (index: string, created: string): ListedIndex => ({
    index,
    bytes: 1,
    documents: 1,
    createdMs: Date.parse(created),
  });
  const found = streamIndices("logs-t-default", "t", [
    listed(".ds-logs-t-default-2026.11.03-000002", "2026-11-03T10:00:00Z"),
    listed(".ds-logs-t-default-2026.11.01-000001", "2026-11-01T10:00:00Z"),
    listed(".ds-logs-t-default-other-2026.11.01-000001", "2026-11-01T10:00:00Z"),
  ]);
  assert.deepEqual(found.map(({ index, day }) => [index.slice(-6), day]), [
    ["000001", "2026-11-03"],
    ["000002", "9999-12-31"],
  ]);
});

Deno.test("Retention leaves a day where it is when its index cannot be deleted", async () => {
  const names = new TemplateNames("weir-{topic}-{day}", {}, () => NOW);
  const plan = { topic: "t", names, dataStream: false, retention: { days: 1, bytes: 0 } };
  let isAllowed = false;
  const listed = ["2026.11.01", "2026.11.21"].map((day) => ({ index: `weir-t-${day}` }));
  const request = ({ method, path }: { method: string; path: string }) => {
    if (method === "DELETE" && !isAllowed) return Promise.reject(new Error("forbidden"));
    if (path.startsWith("/_cat")) return Promise.resolve(listed);
    const about = { mappings: { _meta: { managed_by: MANAGED_BY } } };
    return Promise.resolve({ "weir-t-2026.11.01": about });
  };
  const retention = new Retention(
    { transport: { request } } as unknown as Client,
    {
      ...{ intervalMs: 1, rolloverBytes: 1, topics: () => ["t"] },
      plan: () => plan as unknown as TopicPlan,
    },
    {},
    new ManualClock(NOW),
  );
  await retention.pass();
  assert.equal(retention.lastError, "forbidden");
  assert.equal(names.dayFor("t", "2026-11-01"), "2026-11-01");
  isAllowed = true;
  await retention.pass();
  assert.equal(names.dayFor("t", "2026-11-01"), "2026-11-21");
});
