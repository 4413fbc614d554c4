/** By what a file is known again: inode, device, head, the bytes before each place, or the end of a copy. */
import assert from "node:assert/strict";
import {
  endAt,
  hashOf,
  HEAD_BYTES,
  type KnownFile,
  MARK_BYTES,
  recognise,
  sameContent,
  type SeenFile,
} from "./fingerprint.ts";
import { addPlace, type Trail } from "./trail.ts";

const ALL = Uint8Array.from({ length: 4000 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 19);

function seenOf(bytes: Uint8Array, more: Partial<SeenFile> = {}): SeenFile {
  const read = (at: number, length: number) => {
    assert(at >= 0 && length >= 0);
    return Promise.resolve(bytes.subarray(at, at + length));
  };
  return { device: 1, inode: 10, size: bytes.length, read, ...more };
}

function markAt(offset: number, bytes = ALL) {
  return { offset, mark: hashOf(bytes.subarray(Math.max(0, offset - MARK_BYTES), offset)) };
}

function knownOf(size: number, more: Partial<KnownFile> = {}): KnownFile {
  const head = hashOf(ALL.subarray(0, Math.min(size, HEAD_BYTES)));
  return { device: 1, inode: 10, head, marks: [markAt(size)], ...more };
}

/** The first bytes, with one of them changed. */
function changed(size: number, at: number): Uint8Array {
  const bytes = ALL.slice(0, size);
  bytes[at] ^= 1;
  return bytes;
}

Deno.test("sameContent() is true for what grew, and false where the head or a mark differs", async () => {
  for (const size of [10, 63, 64, 65, 1023, 1024, 1025, 3000]) {
    const known = knownOf(size);
    for (const more of [0, 1, 900]) {
      assert.equal(await sameContent(known, seenOf(ALL.subarray(0, size + more))), true, `${size}`);
    }
    assert.equal(await sameContent(known, seenOf(ALL.subarray(0, size - 1))), false, `${size}`);
    for (const at of [0, Math.min(size, HEAD_BYTES) - 1, size - 1, Math.max(0, size - 64)]) {
      assert.equal(await sameContent(known, seenOf(changed(size + 9, at))), false, `${size} ${at}`);
    }
    if (size > HEAD_BYTES + MARK_BYTES) {
      assert.equal(
        await sameContent(known, seenOf(changed(size, size - 65))),
        true,
        "not looked at",
      );
    }
  }
  const two = knownOf(2000, { marks: [markAt(3000), markAt(1500)] });
  assert.equal(await sameContent(two, seenOf(ALL)), true);
  assert.equal(await sameContent(two, seenOf(changed(4000, 1499))), false);
  assert.equal(await sameContent(two, seenOf(changed(4000, 2999))), false);
  assert.equal(await sameContent(knownOf(100, { marks: [] }), seenOf(ALL)), true, "nothing read");
});

Deno.test("sameContent() takes packed files by size and sum, and brief ones by their length", async () => {
  const packed = { size: 5, hash: "a", length: 50 } as never as NonNullable<KnownFile["packed"]>;
  const other = seenOf(changed(100, 0));
  const is = (a: object, b: object) =>
    sameContent(knownOf(100, { packed: { ...packed, ...a } }), {
      ...other,
      packed: { ...packed, ...b },
    });
  assert.equal(await is({}, {}), true);
  assert.equal(await is({}, { size: 6 }), false);
  assert.equal(await is({}, { hash: "b" }), false);
  assert.equal(await sameContent(knownOf(100, { packed }), other), false);
  assert.equal(await sameContent(knownOf(100), { ...other, packed }), false);
  const brief = knownOf(100, { brief: true });
  const exact = seenOf(ALL.subarray(0, 100)), longer = seenOf(ALL.subarray(0, 101));
  assert.equal(await sameContent(brief, { ...exact, packed }), true);
  assert.equal(await sameContent(brief, exact), false, "not packed");
  assert.equal(await sameContent(brief, { ...longer, packed }), false, "longer");
});

Deno.test("sameContent() knows a copy that ends early by its end, or by the places of its original", async () => {
  const trail: Trail = [];
  for (const place of [40, 1500, 2500]) {
    addPlace(trail, place, ALL.subarray(Math.max(0, place - MARK_BYTES), place));
  }
  const known = { ...knownOf(3000), trail };
  const upTo = (size: number) => seenOf(ALL.subarray(0, size));
  assert.equal(await sameContent(known, upTo(2600), true), true);
  assert.equal(await sameContent(known, upTo(2600)), false, "only where it may end");
  assert.equal(await sameContent(known, seenOf(changed(2600, 2499)), true), false);
  assert.equal(await sameContent(known, seenOf(changed(2600, 1499)), true), false);
  assert.equal(await sameContent({ ...known, trail: undefined }, upTo(2600), true), false);
  const ends = await endAt(2600, upTo(2600).read);
  assert.deepEqual(ends, { size: 2600, mark: hashOf(ALL.subarray(2600 - MARK_BYTES, 2600)) });
  assert.deepEqual((await endAt(30, upTo(30).read)).mark, hashOf(ALL.subarray(0, 30)));
  for (const mayEnd of [true, false]) {
    assert.equal(await sameContent({ ...known, ends }, upTo(2600), mayEnd), true);
    assert.equal(await sameContent({ ...known, ends }, upTo(2700), mayEnd), true, "it grew");
    assert.equal(await sameContent({ ...known, ends }, upTo(2599), mayEnd), false);
    assert.equal(await sameContent({ ...known, ends }, seenOf(changed(2600, 2599)), mayEnd), false);
  }
});

Deno.test("recognise() goes by inode and device first, then by content alone where that is one file", async () => {
  const seen = seenOf(ALL.subarray(0, 500)), gone = () => Promise.resolve(true);
  const same = knownOf(400), remounted = knownOf(300, { device: 2 });
  const moved = knownOf(200, { inode: 11 }), twin = knownOf(100, { inode: 12 });
  const of = (known: KnownFile[], isGone: (one: KnownFile) => Promise<boolean> = gone) =>
    recognise(seen, known, isGone);
  assert.equal(await of([moved, remounted, same]), same);
  assert.equal(await of([same, remounted]), same);
  assert.equal(await of([moved, remounted]), remounted);
  assert.equal(await of([moved]), moved);
  assert.equal(await of([moved], () => Promise.resolve(false)), undefined, "its own is there");
  assert.equal(await of([moved, twin]), undefined, "two that fit");
  assert.equal(await of([moved, twin], (one) => Promise.resolve(one === twin)), twin);
  assert.equal(await of([{ ...same, retired: true }]), undefined, "its inode holds another life");
  assert.equal(await of([{ ...same, marks: [markAt(600)] }]), undefined);
  const unread = knownOf(100, { head: hashOf(new Uint8Array(0)), marks: [] });
  assert.equal(await of([unread]), undefined, "never read");
  assert.equal(await of([]), undefined);
});

Deno.test("a trail keeps its first place, its last, and places between at distances that double", () => {
  const trail: Trail = [], offsets = () => trail.filter((_, i) => i % 2 === 0);
  for (let offset = 100; offset <= 1600; offset += 100) {
    addPlace(trail, offset, ALL.subarray(0, 64));
  }
  assert.deepEqual(offsets(), Array.from({ length: 16 }, (_, i) => 100 + 100 * i));
  addPlace(trail, 1700, ALL.subarray(0, 64));
  assert.deepEqual(offsets(), [100, 900, 1300, 1500, 1600, 1700]);
  for (let offset = 1800; offset <= 300_000; offset += 100) {
    addPlace(trail, offset, ALL.subarray(0, 64));
    assert(trail.length <= 32);
  }
  const [first, ...rest] = offsets(), distances = rest.map((one) => 300_000 - one);
  assert.equal(first, 100);
  assert.equal(distances.at(-1), 0);
  assert(distances.length >= 7 && distances[0] > 1500, `${distances}`);
  const short: Trail = [];
  addPlace(short, 0, new Uint8Array(0));
  addPlace(short, 100, ALL.subarray(0, 63));
  addPlace(short, 10, ALL.subarray(0, 9));
  assert.deepEqual(short, [], "without the bytes before it a place says nothing");
  addPlace(short, 10, ALL.subarray(0, 10));
  addPlace(short, 64, ALL.subarray(0, 64));
  assert.deepEqual(short.filter((_, i) => i % 2 === 0), [10, 64]);
});
