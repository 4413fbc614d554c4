import assert from "node:assert/strict";
import { countOf, endOf, gapsOf, linePath, startOf, timeValue } from "./axis.ts";

Deno.test("axis: begins at a whole bar and covers the last line", () => {
  const answer = { bucketMs: 100, fromMs: 250, toMs: 601, total: 1, buckets: [] };
  assert.deepEqual([startOf(answer), countOf(answer), endOf(answer)], [200, 5, 700]);
  assert.equal(countOf({ ...answer, fromMs: null, toMs: null }), 0);
});

Deno.test("axis: times before 1970 and far in the future are ones that the API can read", () => {
  assert.equal(timeValue(-1), "1969-12-31T23:59:59.999Z");
  assert.equal(timeValue(8.64e15), "9999-12-31T23:59:59.999Z");
  assert.equal(timeValue(-8.64e15), "0000-01-01T00:00:00.000Z");
});

Deno.test("axis: gaps lie between runs, within the axis; short pauses and what was before are none", () => {
  const runs = [{ fromMs: 100, toMs: 200 }, { fromMs: 205, toMs: 300 }, { fromMs: 400, toMs: 500 }];
  assert.deepEqual(gapsOf(runs, 0, 1000, 50), [{ fromMs: 300, toMs: 400 }]);
  assert.deepEqual(gapsOf(runs, 350, 380, 50), [{ fromMs: 350, toMs: 380 }]);
  assert.deepEqual(gapsOf(runs, 0, 1000, 1).length, 2);
  assert.deepEqual(gapsOf(runs, 450, 1000, 1), []);
});

Deno.test("axis: a line is broken where values are missing, and held within its height", () => {
  assert.equal(linePath([0, 1, null, 0.5], 1, 40, 22), "M5.0 21.0L15.0 1.0M35.0 11.0h.1");
  assert.equal(linePath([5], 1, 10, 22), "M5.0 1.0h.1");
  assert.equal(linePath([null], 1, 10, 22), "");
});
