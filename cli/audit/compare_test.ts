import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bytesOf,
  compareRanges,
  isComplete,
  type Range,
  subtract,
  united,
  within,
} from "./compare.ts";

const range = (start: number, end: number): Range => ({ start, end });

Deno.test("a hole is missing, an overlap is doubled, what comes behind is not sealed yet", () => {
  const documents = [range(0, 10), range(10, 20), range(10, 20), range(30, 40), range(40, 55)];
  assert.deepEqual(compareRanges(documents, range(0, 50)), {
    missing: [range(20, 30)],
    doubled: [range(10, 20)],
    unsealedBytes: 5,
  });
  assert.deepEqual(compareRanges([], range(5, 9)).missing, [range(5, 9)]);
  assert.deepEqual(compareRanges([range(0, 10)], range(5, 8)), {
    missing: [],
    doubled: [],
    unsealedBytes: 2,
  });
});

Deno.test("what the dead letters have is not missing", () => {
  const { missing } = compareRanges([range(0, 10), range(40, 50)], range(0, 50), [range(10, 30)]);
  assert.deepEqual(missing, [range(30, 40)]);
  assert.deepEqual(subtract([range(0, 10)], [range(2, 3), range(9, 12)]), [
    range(0, 2),
    range(3, 9),
  ]);
});

Deno.test("subtract() leaves exactly the bytes that nothing else has", () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e9);
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 8 })));
  const others = fc.array(fc.tuple(fc.nat(80), fc.integer({ min: 1, max: 9 })));
  fc.assert(
    fc.property(steps, others, (own, taken) => {
      let at = 0;
      const ranges = own.map(([gap, length]) => range(at += gap, at += length));
      const gone = taken.map(([start, length]) => range(start, start + length));
      const has = (all: Range[], byte: number) =>
        all.some(({ start, end }) => byte >= start && byte < end);
      const left = subtract(ranges, gone);
      for (let byte = 0; byte < at + 10; byte++) {
        const expected = has(ranges, byte) && !has(gone, byte);
        assert.equal(has(left, byte), expected, `replay with SEED=${seed}`);
      }
    }),
    { seed },
  );
});

Deno.test("totals prove completeness only where bounds and bytes fit", () => {
  const total = { lines: 2, bytes: 50, start: 0, end: 50 };
  assert.ok(isComplete(total, range(0, 50)));
  assert.ok(!isComplete({ ...total, bytes: 49 }, range(0, 50)));
  assert.ok(!isComplete({ ...total, end: 60 }, range(0, 50)));
  assert.ok(!isComplete(undefined, range(0, 50)));
  assert.ok(isComplete(undefined, range(0, 0)));
});

Deno.test("totals count the others' bytes within the acknowledged range only", () => {
  const total = { lines: 1, bytes: 10, start: 20, end: 30 }, dead = [range(10, 20), range(30, 45)];
  assert.ok(isComplete(total, range(10, 40), dead));
  assert.ok(isComplete(total, range(10, 40), [range(5, 20), range(30, 40)]));
  assert.ok(!isComplete(total, range(10, 40), [range(10, 20), range(30, 39)]));
  assert.ok(!isComplete({ ...total, start: 9 }, range(10, 40), dead));
  assert.ok(isComplete(undefined, range(10, 20), [range(10, 20)]));
  assert.ok(!isComplete(undefined, range(10, 20), [range(10, 19)]));
  assert.ok(isComplete(undefined, range(10, 8)));
  // One byte of the others is enough to hide a hole of one byte.
  assert.ok(!isComplete({ ...total, bytes: 29 }, range(10, 40), [range(11, 12)], true));
});

Deno.test("documents that reach over the acknowledged range count within it only", () => {
  const documents = [range(0, 20), range(5, 25), range(22, 60), range(50, 70)];
  assert.deepEqual(compareRanges(documents, range(10, 40)), {
    missing: [],
    doubled: [range(10, 20), range(22, 25), range(50, 60)],
    unsealedBytes: 40,
  });
  assert.deepEqual(compareRanges([range(0, 10), range(60, 70)], range(10, 40)), {
    missing: [range(10, 40)],
    doubled: [],
    unsealedBytes: 10,
  });
});

Deno.test("united() and within() give ranges that neither overlap, touch, nor are empty", () => {
  const some = [range(30, 40), range(0, 10), range(10, 20), range(15, 18), range(25, 25)];
  assert.deepEqual(united(some), [range(0, 20), range(30, 40)]);
  assert.deepEqual(within(some, range(5, 30)), [range(5, 10), range(10, 20), range(15, 18)]);
  assert.deepEqual(within(some, range(39, 41)), [range(39, 40)]);
  assert.deepEqual(subtract([range(0, 10), range(10, 20)], [range(4, 4)]), [range(0, 20)]);
});

Deno.test("totals prove nothing where a line may be both in a document and in the others", () => {
  // [10, 20) is in the dead letters and, sent again, in a document: it hides that [30, 40) is in none.
  const documents = [range(0, 10), range(10, 20), range(20, 30)], dead = [range(10, 20)];
  const total = { lines: 3, bytes: 30, start: 0, end: 30 };
  assert.deepEqual(compareRanges(documents, range(0, 40), dead).missing, [range(30, 40)]);
  assert.ok(!isComplete(total, range(0, 40), dead, true));
  assert.ok(isComplete({ ...total, bytes: 40, end: 40 }, range(0, 40), [], true));
  assert.ok(isComplete(undefined, range(0, 40), [range(0, 40)], true));
});

Deno.test("every line that is taken away or doubled is found, byte by byte", () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e9);
  const lines = fc.array(
    fc.record({ length: fc.integer({ min: 1, max: 20 }), copies: fc.nat(3) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(lines, (made) => {
      const documents: Range[] = [];
      let at = 0, missing = 0, doubled = 0;
      for (const { length, copies } of made) {
        for (let i = 0; i < copies; i++) documents.push(range(at, at + length));
        if (copies === 0) missing += length;
        if (copies > 1) doubled += length;
        at += length;
      }
      const found = compareRanges(documents, range(0, at));
      assert.equal(bytesOf(found.missing), missing, `replay with SEED=${seed}`);
      assert.equal(bytesOf(found.doubled), doubled, `replay with SEED=${seed}`);
      assert.equal(found.unsealedBytes, 0);
    }),
    { seed },
  );
});
