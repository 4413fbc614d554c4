import assert from "node:assert/strict";
import fc from "fast-check";
import { layOut, lineDiff } from "./line_diff.ts";

Deno.test("lineDiff: says what went and what came", () => {
  assert.deepEqual(lineDiff(["a", "b", "c"], ["a", "x", "c", "d"]), [
    "  a",
    "- b",
    "+ x",
    "  c",
    "+ d",
  ]);
  assert.deepEqual(lineDiff(["a"], ["a"]), []);
});

Deno.test("lineDiff: without its + it is the old text, without its - the new one", () => {
  const texts = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
  fc.assert(fc.property(texts, texts, (before, after) => {
    const lines = lineDiff(before, after);
    const of = (sign: string) =>
      lines.filter((line) => !line.startsWith(sign)).map((line) => line.slice(2));
    if (lines.length === 0) assert.deepEqual(before, after);
    else {
      assert.deepEqual(of("+"), before);
      assert.deepEqual(of("-"), after);
    }
  }));
});

Deno.test("layOut: JSON is compared by its fields, whatever its spaces", () => {
  assert.deepEqual(layOut('[{"a":1}]'), layOut('[ { "a" : 1 } ]'));
  assert.deepEqual(layOut(null), []);
});
