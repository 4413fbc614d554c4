/** Packed rotated files: what was read as plain is not read again, the rest is, and unknown ones are read whole. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { type Bench, bench } from "./tail_bench.ts";

const LOG = "/var/log/a.log";

/** Numbered lines that are longer than a head together. */
function lines(from: number, to: number): string {
  let text = "";
  for (let n = from; n <= to; n++) text += `line ${n} ${"x".repeat(40)}\n`;
  return text;
}

function numbers(it: Bench): number[] {
  return it.indexed().map((text) => Number(text.split(" ")[1])).sort((a, b) => a - b);
}

function count(to: number): number[] {
  return Array.from({ length: to }, (_, i) => i + 1);
}

/** As gzip does: the packed file is there, whole, before the plain one goes. */
async function pack(it: Bench, path: string, parts = 1): Promise<void> {
  const packed = new Uint8Array(gzipSync(it.files.content(path)));
  for (let i = 0; i < parts; i++) {
    const at = (part: number) => Math.floor(part * packed.length / parts);
    it.files.append(`${path}.gz`, packed.slice(at(i), at(i + 1)));
    await it.settle(200);
  }
  await it.files.remove(path);
}

for (const [name, last] of [["long", 100], ["short", 3]] as const) {
  Deno.test(`TailSet does not read again what was rotated and packed, ${name} file`, () =>
    bench(async (it) => {
      it.files.append(LOG, lines(1, last));
      await it.settle(100);
      it.files.rename(LOG, `${LOG}.1`);
      it.files.append(LOG, lines(last + 1, last + 3));
      await it.settle(100);
      await pack(it, `${LOG}.1`, 3);
      await it.settle(40_000);
      assert.deepEqual(numbers(it), count(last + 3));
      assert.equal(it.texts().length, last + 3, "nothing was sent twice");
      assert(it.events.includes(`resumed ${LOG}.1.gz`));
      it.files.rename(`${LOG}.1.gz`, `${LOG}.2.gz`);
      await it.settle(12_000);
      await it.set.save();
      await it.kill();
      await it.start();
      await it.settle(12_000);
      assert.equal(it.texts().length, last + 3, "nor after a restart");
    }));
}

Deno.test("TailSet reads the rest of a half-read file from its packed copy, under the same generation", async () => {
  for (const down of [true, false]) {
    await bench(async (it) => {
      it.files.append(LOG, lines(1, 50));
      await it.settle(100);
      if (down) {
        await it.set.save();
        await it.kill();
      } else it.sink.gate = new Promise(() => {});
      it.files.append(LOG, lines(51, 2000));
      it.files.rename(LOG, `${LOG}.1`);
      it.files.append(LOG, lines(2001, 2002));
      if (!down) await it.settle(100);
      await pack(it, `${LOG}.1`);
      if (down) await it.start();
      else {
        await it.settle(100);
        await it.kill();
        await it.start();
      }
      await it.settle(30_000);
      assert.deepEqual(numbers(it), count(2002), `down: ${down}`);
      assert.equal(new Set(it.sink.lines.map((line) => line.generation)).size, 2);
    });
  }
});

Deno.test("TailSet reads an unknown packed file of several members whole, and goes on in it after a kill", () =>
  bench(async (it) => {
    const parts = [lines(1, 3000), lines(3001, 3001), lines(3002, 12_000)];
    const packed = parts.flatMap((part) => [...gzipSync(part)]);
    let open = () => {};
    it.sink.gate = new Promise((resolve) => open = resolve);
    it.files.append(`${LOG}.7.gz`, Uint8Array.from(packed));
    await it.settle(200);
    it.sink.gate = new Promise(() => {}); // the first chunks are acknowledged, the others are not
    open();
    await it.settle(200);
    await it.set.save();
    const [{ offset }] = it.set.status(), before = it.texts().length;
    assert(offset > 0 && before < 12_000, `${offset} ${before}`);
    await it.kill();
    await it.start();
    await it.settle(12_000);
    assert.deepEqual(numbers(it), count(12_000));
    assert.equal(it.sink.lines[before].start, offset, "it went on in the middle");
    assert.equal(new Set(it.sink.lines.map((line) => line.generation)).size, 1);
    const sent = it.texts().length;
    await it.set.save();
    await it.kill();
    await it.start();
    await it.settle(12_000);
    assert.equal(it.texts().length, sent, "known by its packed bytes");
  }));

Deno.test("TailSet reads the good part of a broken packed file, and says once what is wrong", () =>
  bench(async (it) => {
    const packed = new Uint8Array(gzipSync(lines(1, 5000), { level: 0 }));
    it.files.append("/var/log/cut.log.gz", packed.slice(0, 100_000));
    await it.settle(40_000);
    const got = numbers(it);
    assert(got.length > 1900, `${got.length}`);
    assert.deepEqual(got, count(got.length));
    await it.kill();
    await it.start();
    await it.settle(40_000);
    assert.deepEqual(it.events.filter((event) => event.startsWith("broken")), [
      "broken /var/log/cut.log.gz it is cut short",
    ]);
    assert.equal(numbers(it).length, got.length);
  }));

Deno.test("TailSet says what is wrong with a packed file when it died before it could", () =>
  bench(async (it) => {
    const packed = new Uint8Array(gzipSync(lines(1, 5000), { level: 0 }));
    it.files.append("/var/log/cut.log.gz", packed.slice(0, 100_000));
    const told = () => it.events.filter((event) => event.startsWith("broken")).length;
    while (it.texts().length < 1900) await it.settle(500);
    await it.set.save();
    assert.equal(told(), 0, "it might still be written");
    await it.kill();
    await it.start();
    await it.settle(40_000);
    assert.equal(told(), 1);
    await it.set.save();
    await it.kill();
    await it.start();
    await it.settle(40_000);
    assert.equal(told(), 1);
  }));

Deno.test("TailSet reads a packed file that grows by whole members, and one that is none as it is", () =>
  bench(async (it) => {
    for (let n = 1; n <= 40; n++) {
      it.files.append("/var/log/grow.log.gz", new Uint8Array(gzipSync(lines(n, n))));
      await it.settle(100);
    }
    it.files.append("/var/log/plain.log.gz", lines(41, 41));
    await it.settle(12_000);
    assert.deepEqual(numbers(it), count(41));
    assert.equal(it.texts().length, 41);
  }));

Deno.test("TailSet leaves a packed copy alone for as long as its plain original is there", () =>
  bench(async (it) => {
    it.files.append(LOG, lines(1, 100));
    await it.settle(100);
    it.files.append("/var/log/kept.log.gz", new Uint8Array(gzipSync(lines(1, 100))));
    await it.settle(60_000);
    it.files.append(LOG, lines(101, 102));
    await it.settle(60_000);
    assert.equal(it.texts().length, 102);
    assert.equal(it.set.status().reduce((sum, row) => sum + row.lagBytes, 0), 0);
    await it.files.remove("/var/log/kept.log.gz");
    await it.settle(60_000);
    assert.equal(it.set.openFiles, 1);
  }));

Deno.test("TailSet takes a copy for one that ends before what was read of its original, after a restart too", async () => {
  for (const way of ["copytruncate", "gzip"] as const) {
    await bench(async (it) => {
      it.files.append(LOG, lines(1, 50));
      await it.settle(100);
      if (way === "gzip") it.files.rename(LOG, `${LOG}.1`);
      const [from, to] = way === "gzip" ? [`${LOG}.1`, `${LOG}.1.gz`] : [LOG, `${LOG}.1`];
      const copy = it.files.content(from).slice();
      it.files.append(from, lines(51, 60)); // written behind the copy, read before it is truncated or removed
      await it.settle(100);
      it.files.append(to, way === "gzip" ? new Uint8Array(gzipSync(copy)) : copy);
      if (way === "gzip") await it.files.remove(from);
      else it.files.truncate(from);
      it.files.append(LOG, lines(61, 62));
      await it.settle(40_000);
      assert.equal(it.texts().length, 62, way);
      assert(it.events.includes(`resumed ${to}`));
      await it.set.save();
      await it.kill();
      await it.start();
      await it.settle(40_000);
      assert.equal(it.texts().length, 62, `${way}, restarted`);
    });
  }
});
