import assert from "node:assert/strict";
import fc from "fast-check";
import { RANGES_MAX, Seen } from "./seen.ts";

Deno.test("Seen: calls a record a repeat exactly where all of its bytes were there", () => {
  const record = fc.record({
    generation: fc.constantFrom("a", "b"),
    from: fc.nat(60),
    length: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(fc.property(fc.array(record, { maxLength: 200 }), (records) => {
    let seen = new Seen();
    const bytes = new Set<string>();
    for (const [i, { generation, from, length }] of records.entries()) {
      const own = Array.from({ length }, (_, at) => `${generation}${from + at}`);
      const repeated = own.every((one) => bytes.has(one));
      assert.equal(seen.add(generation, from, from + length), !repeated);
      for (const one of own) bytes.add(one);
      if (i % 40 !== 39) continue;
      const next = new Seen(); // as after a restart
      next.load(seen.all());
      seen = next;
    }
  }));
});

Deno.test("Seen: what it forgets is archived twice, never left out", () => {
  const seen = new Seen();
  for (let i = 0; i <= RANGES_MAX + 10; i++) assert.equal(seen.add("a", i * 10, i * 10 + 5), true);
  assert.equal(seen.add("a", (RANGES_MAX + 10) * 10, (RANGES_MAX + 10) * 10 + 5), false);
  assert.equal(seen.add("a", 0, 5), true);
});

Deno.test("Seen: tells the generations that were used since it was asked", () => {
  const seen = new Seen();
  seen.add("a", 0, 5);
  seen.add("b", 0, 5);
  assert.deepEqual(seen.takeTouched(), [["a", [0, 5]], ["b", [0, 5]]]);
  seen.add("b", 5, 9);
  assert.deepEqual(seen.takeTouched(), [["b", [0, 9]]]);
});
