import assert from "node:assert/strict";
import { compareFile } from "./archive.ts";

const SEAL = { from: 0, to: 100 };
const range = (start: number, end: number) => ({ start, end });
const NOTHING = { missing: [], doubled: [], waitingBytes: 0, expiredBytes: 0 };
const calm = { lags: false, expires: false };

Deno.test("compareFile() says what of a file is in the archive, in whatever order it was read", () => {
  const ranges = [range(50, 100), range(0, 50)];
  assert.deepEqual(compareFile(SEAL, { lines: 9, ranges }, [], calm), { ...NOTHING, lines: 9 });
});

Deno.test("compareFile() names holes and doubles; what rules and dead letters took is neither", () => {
  const ranges = [range(0, 20), range(10, 20), range(40, 60), range(80, 100)];
  const found = compareFile(SEAL, { lines: 4, ranges }, [range(20, 30)], calm);
  assert.deepEqual(found.missing, [range(30, 40), range(60, 80)]);
  assert.deepEqual(found.doubled, [range(10, 20)]);
});

Deno.test("compareFile() tells the end that waits in Kafka from a hole", () => {
  const pieces = { lines: 2, ranges: [range(0, 20), range(30, 60)] };
  const found = compareFile(SEAL, pieces, [], { lags: true, expires: false });
  assert.deepEqual([found.missing, found.waitingBytes], [[range(20, 30)], 40]);
  assert.deepEqual(compareFile(SEAL, pieces, [], calm).missing, [range(20, 30), range(60, 100)]);
  const none = { lines: 0, ranges: [] };
  assert.equal(compareFile(SEAL, none, [], { lags: true, expires: false }).waitingBytes, 100);
});

Deno.test("compareFile() tells a begin that was deleted by age from a hole", () => {
  const pieces = { lines: 2, ranges: [range(20, 60), range(70, 100)] };
  const found = compareFile(SEAL, pieces, [], { lags: false, expires: true });
  assert.deepEqual([found.missing, found.expiredBytes], [[range(60, 70)], 20]);
  assert.deepEqual(compareFile(SEAL, pieces, [], calm).missing, [range(0, 20), range(60, 70)]);
});
