import assert from "node:assert/strict";
import fc from "fast-check";
import { dropKey, parseDropSeal, unpackRanges } from "./drop_seal.ts";

Deno.test("unpackRanges() reads a start, then lengths and gaps in turn", () => {
  const steps = fc.array(fc.tuple(fc.nat(1e6), fc.integer({ min: 1, max: 1e6 })), { minLength: 1 });
  fc.assert(fc.property(steps, (all) => {
    let at = 0;
    const ranges = all.map(([gap, length]) => {
      const start = at + gap;
      at = start + length;
      return { start, end: at };
    });
    assert.deepEqual(unpackRanges(all.flat()), ranges);
  }));
});

Deno.test("a shorter seal that comes late does not take the place of a longer one", () => {
  const seal = { v: 1, kind: "drop", generation: "g".repeat(16), topic: "t", rule: "r", atMs: 1 };
  const key = (ranges: number[]) => dropKey({ ...seal, kind: "drop", ranges });
  assert.notEqual(key([10, 5]), key([10, 5, 20, 5]));
  assert.equal(key([10, 5, 20, 5]), key([10, 5, 20, 5]));
});

Deno.test("what is no drop seal is none", () => {
  const seal = { v: 1, kind: "drop", generation: "g".repeat(16), topic: "t", rule: "r", atMs: 1 };
  const text = JSON.stringify({ ...seal, ranges: [10, 5] });
  assert.equal(dropKey(parseDropSeal(text)!), `${"g".repeat(16)}/t/r/10-15`);
  for (const ranges of [[], [1], [1, -2], [1, 2, 3]]) {
    assert.equal(parseDropSeal(JSON.stringify({ ...seal, ranges })), undefined);
  }
  for (
    const wrong of [
      ...[{ v: 2 }, { v: "1" }, { kind: "expired" }, { generation: "short" }, { generation: 5 }],
      ...[{ topic: 5 }, { topic: undefined }, { rule: 5 }, { rule: undefined }],
      ...[{ ranges: "10" }, { ranges: { length: 2 } }, { ranges: ["1", "2"] }, {
        ranges: [0.5, 1],
      }],
      ...[{ ranges: undefined }, { ranges: [1, 2 ** 53] }],
    ]
  ) {
    const other = JSON.stringify({ ...seal, ranges: [10, 5], ...wrong });
    assert.equal(parseDropSeal(other), undefined, other);
  }
  assert.deepEqual(parseDropSeal(JSON.stringify({ ...seal, ranges: [0, 1] }))?.ranges, [0, 1]);
  assert.equal(parseDropSeal("{"), undefined);
  assert.equal(parseDropSeal("{}"), undefined);
  assert.equal(parseDropSeal("null"), undefined);
});
