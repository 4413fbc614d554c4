import assert from "node:assert/strict";
import { byDay, mergedDays, mergedSeal, parseSeal, recordKey, type Seal, sealKey } from "./seal.ts";

const seal: Seal = {
  ...{ v: 1, host: "web-1", path: "/a.log", device: 1, inode: 2, generation: "g".repeat(16) },
  ...{ topic: "t", from: 10, to: 100, lines: 3, size: 120, headLength: 8, head: "aa" },
  ...{ markLength: 16, mark: "bb", closed: false, unread: 0, guarantee: "all", atMs: 1 },
};
const parsed = (changed: Record<string, unknown>) =>
  parseSeal(JSON.stringify({ ...seal, ...changed }));

Deno.test("parseSeal() gives a seal back as it was written", () => {
  assert.deepEqual(parsed({}), seal);
  const days = [{ from: 0, day: "2026-11-20" }, { from: 50, day: "2026-11-21" }];
  assert.deepEqual(parsed({ days })?.days, days);
  const zero = { from: 0, to: 0, lines: 0, size: 0, unread: 0, atMs: 0 };
  assert.deepEqual(parsed(zero), { ...seal, ...zero });
});

Deno.test("parseSeal() takes what is no seal for none, whatever a topic holds", () => {
  for (const text of ["", "{", "null", "5", "true", '"seal"', "[]", "{}"]) {
    assert.equal(parseSeal(text), undefined, text);
  }
  for (const name of ["from", "to", "lines", "size", "unread", "atMs"]) {
    for (const wrong of [-1, 0.5, "1", null, undefined, 2 ** 53]) {
      assert.equal(parsed({ [name]: wrong }), undefined, `${name}: ${wrong}`);
    }
  }
  for (const name of ["host", "path", "topic", "head"]) {
    for (const wrong of [1, null, undefined]) {
      assert.equal(parsed({ [name]: wrong }), undefined, name);
    }
  }
  for (
    const wrong of [{ v: 2 }, { v: undefined }, { generation: "x" }, { generation: undefined }]
  ) {
    assert.equal(parsed(wrong), undefined);
  }
  for (const days of [5, "x", [null], [{ from: "0", day: "2026-11-21" }], [{ from: 0 }]]) {
    assert.equal(parsed({ days }), undefined, JSON.stringify(days));
  }
});

Deno.test("the keys of a seal name its generation and topic, and where its run began", () => {
  assert.equal(sealKey(seal), `${"g".repeat(16)}/t`);
  assert.equal(recordKey(seal), `${"g".repeat(16)}/t/10`);
});

Deno.test("mergedSeal() takes nothing back: the widest range, the mark of its end, the newest rest", () => {
  assert.deepEqual(mergedSeal(undefined, seal), seal);
  const later = {
    ...seal,
    from: 100,
    to: 150,
    size: 150,
    mark: "cc",
    markLength: 17,
    closed: true,
  };
  const both = mergedSeal(seal, later);
  assert.deepEqual([both.from, both.to, both.size, both.closed], [10, 150, 150, true]);
  assert.deepEqual([both.mark, both.markLength], ["cc", 17]);
  const back = mergedSeal(later, { ...seal, from: 5 });
  assert.deepEqual([back.from, back.to, back.closed], [5, 150, false]);
  assert.deepEqual([back.mark, back.markLength], ["cc", 17]);
  const same = mergedSeal(seal, { ...seal, mark: "dd", markLength: 4 });
  assert.deepEqual([same.mark, same.markLength], ["dd", 4]);
});

Deno.test("mergedDays() keeps the newest hundred days in order; the later word counts", () => {
  const day = (from: number, text = `day ${from}`) => ({ from, day: text });
  assert.deepEqual(mergedDays(), []);
  assert.deepEqual(mergedDays([day(50), day(0)], [day(9), day(50, "other")]), [
    ...[day(0), day(9), day(50, "other")],
  ]);
  const many = Array.from({ length: 130 }, (_, i) => day(i * 10));
  assert.deepEqual(mergedDays(many.slice(65), many.slice(0, 65)), many.slice(30));
});

Deno.test("byDay() parts a range where a day begins inside it, and knows no day before the first", () => {
  const days = [{ from: 10, day: "a" }, { from: 20, day: "b" }, { from: 30, day: "c" }];
  assert.deepEqual(byDay(days, { start: 10, end: 30 }), [
    { start: 10, end: 20, day: "a" },
    { start: 20, end: 30, day: "b" },
  ]);
  assert.deepEqual(byDay(days, { start: 5, end: 11 }), [
    { start: 5, end: 10, day: undefined },
    { start: 10, end: 11, day: "a" },
  ]);
  assert.deepEqual(byDay(undefined, { start: 5, end: 11 }), [{
    start: 5,
    end: 11,
    day: undefined,
  }]);
});
