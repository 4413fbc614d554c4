import assert from "node:assert/strict";
import { gzipSync as pack } from "node:zlib";
import { MemoryFiles } from "../../core/ports/memory_files.ts";
import { GzipReader } from "./gzip_reader.ts";

/** 200 KB that pack to about half. */
let noise = 1;
const PLAIN = new Uint8Array(200_000).map(() => {
  noise = noise * 48271 % 2147483647;
  return 97 + noise % 13;
});

/** Not a Buffer, whose slices share its bytes. */
const gzipSync = (bytes: Uint8Array, level = 6) => new Uint8Array(pack(bytes, { level }));

async function readerOf(bytes: Uint8Array): Promise<[GzipReader, MemoryFiles]> {
  const files = new MemoryFiles();
  files.append("/x.gz", bytes);
  return [new GzipReader(await files.open("/x.gz")), files];
}

async function rest(reader: GzipReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const output = await reader.next();
    if (output === undefined) return new Uint8Array(await new Blob(parts as BlobPart[]).bytes());
    parts.push(...output);
  }
}

/** A difference of long arrays takes minutes to print. */
function assertSame(got: Uint8Array, wanted: Uint8Array, what = ""): void {
  const at = got.findIndex((byte, i) => byte !== wanted[i]);
  assert.deepEqual([got.length, at], [wanted.length, -1], what);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A header with an extra field, a name, a comment and a checksum of its own. */
function withAllFlags(packed: Uint8Array): Uint8Array {
  const extra = [3, 0, 1, 2, 3], name = [97, 0], comment = [98, 99, 0], crc = [9, 9];
  const head = packed.slice(0, 10);
  head[3] = 4 + 8 + 16 + 2;
  return joined(head, Uint8Array.from([...extra, ...name, ...comment, ...crc]), packed.slice(10));
}

Deno.test("GzipReader gives what was packed: one member, several, with padding, with every kind of header", async () => {
  const packed = gzipSync(PLAIN);
  const cases: [Uint8Array, number][] = [
    [packed, 1],
    [joined(packed, packed, gzipSync(new Uint8Array(0)), packed), 3],
    [joined(packed, new Uint8Array(20_000)), 1],
    [withAllFlags(packed), 1],
  ];
  for (const [bytes, times] of cases) {
    const [reader] = await readerOf(bytes);
    assertSame(await rest(reader), joined(...Array(times).fill(PLAIN)));
    assert.deepEqual([reader.isWhole, reader.fault], [true, ""]);
  }
});

Deno.test("GzipReader waits where a file is cut short at any place, and goes on when it has grown", async () => {
  const packed = joined(gzipSync(PLAIN.subarray(0, 300)), gzipSync(PLAIN.subarray(300, 500)));
  for (let cut = 1; cut < packed.length; cut++) {
    const [reader, files] = await readerOf(packed.slice(0, cut));
    const first = await rest(reader);
    assert.equal(reader.fault, "");
    files.append("/x.gz", packed.slice(cut));
    assertSame(joined(first, await rest(reader)), PLAIN.subarray(0, 500), `cut at ${cut}`);
    assert.equal(reader.isWhole, true);
  }
});

Deno.test("GzipReader gives all before a fault, the same each time, and says what is wrong", async () => {
  const packed = gzipSync(PLAIN);
  for (const at of [20_000, 40_001, 50_000]) {
    const bytes = packed.slice();
    bytes.fill(0xff, at, at + 40);
    const [reader] = await readerOf(bytes);
    const good = await rest(reader);
    assert.notEqual(reader.fault, "");
    const wrong = good.findIndex((byte, i) => byte !== PLAIN[i]); // damaged bits may read as text
    assert((wrong < 0 ? good.length : wrong) > PLAIN.length * (at - 1000) / packed.length);
    const [again] = await readerOf(bytes);
    assertSame(await rest(again), good);
  }
  const stored = gzipSync(PLAIN, 0);
  const block = stored.indexOf(0, 70_000); // header of the third block: no text has such a byte
  stored[block + 3] ^= 1; // the length does not fit its complement
  const [reader] = await readerOf(stored);
  const headers = 10 + 2 * 5;
  assertSame(await rest(reader), PLAIN.subarray(0, block - headers));
  const faults: [Uint8Array, RegExp][] = [
    [packed.map((byte, i) => i === packed.length - 6 ? byte ^ 1 : byte), /checksum/],
    [packed.map((byte, i) => i === packed.length - 2 ? byte ^ 1 : byte), /length/],
    [joined(packed, PLAIN.subarray(0, 9)), /behind its end/],
  ];
  for (const [bytes, reason] of faults) {
    const [reader] = await readerOf(bytes);
    assertSame(await rest(reader), PLAIN);
    assert.match(reader.fault, reason);
    assert.equal(reader.isWhole, false);
  }
});
