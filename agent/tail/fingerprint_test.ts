import assert from "node:assert/strict";
import fc from "fast-check";
import { HEAD_BYTES, prefixesFit, prefixOf } from "./fingerprint.ts";

Deno.test("prefixesFit() is true for what grew, and false for heads that differ in any summed part", () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: HEAD_BYTES });
  fc.assert(fc.property(bytes, fc.nat(HEAD_BYTES), (all, cut) => {
    const less = prefixOf(all.subarray(0, cut));
    assert.ok(prefixesFit(less, prefixOf(all)));
    assert.ok(prefixesFit(prefixOf(all), less));
  }));
  const head = Uint8Array.from({ length: HEAD_BYTES }, (_, i) => i & 255);
  for (const [length, place] of [[16, 3], [64, 40], [256, 200], [HEAD_BYTES, HEAD_BYTES - 1]]) {
    const other = head.slice(0, length);
    other[place] ^= 1;
    assert.equal(prefixesFit(prefixOf(head.subarray(0, length)), prefixOf(other)), false);
  }
});
