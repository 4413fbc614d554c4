import assert from "node:assert/strict";
import { MARK_BYTES } from "./fingerprint.ts";
import { addPlace, followsTrail, type Trail } from "./trail.ts";

Deno.test("a trail stays short, keeps its first place, and knows every prefix that reaches it", async () => {
  let noise = 7;
  const bytes = new Uint8Array(300_000).map(() => (noise = noise * 48271 % 2147483647) & 255);
  const trail: Trail = [];
  for (let offset = 100; offset <= bytes.length; offset += 100) {
    addPlace(trail, offset, bytes.subarray(Math.max(0, offset - MARK_BYTES), offset));
    assert(trail.length <= 34);
  }
  assert.equal(trail[0], 100);
  const seen = (size: number, all = bytes) => ({
    device: 1,
    inode: 1,
    size,
    read: (at: number, length: number) =>
      Promise.resolve(all.subarray(at, Math.min(size, at + length))),
  });
  for (const size of [100, 150, 5000, 299_950]) {
    assert.equal(await followsTrail(trail, seen(size)), true, `${size}`);
  }
  assert.equal(await followsTrail(trail, seen(99)), false, "too short to be known");
  const last = trail.findLast((place, i) => i % 2 === 0 && place < 299_950)!;
  assert(last > 299_000, `near the end: ${last}`);
  const other = bytes.slice();
  other[last - 1] ^= 1;
  assert.equal(await followsTrail(trail, seen(299_950, other)), false);
});
