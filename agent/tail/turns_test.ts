import assert from "node:assert/strict";
import { bench } from "./tail_bench.ts";

/** Thirty files and room for three. */
const few = (work: Parameters<typeof bench>[0]) =>
  bench(async (it) => {
    await it.kill();
    it.openMax = 3;
    await it.start();
    await work(it);
  });

const names = Array.from({ length: 30 }, (_, i) => `/var/log/${i}.log`);

Deno.test("TailSet opens files in turn where more match than may be open, and sends all their lines once", () =>
  few(async (it) => {
    for (const name of names) it.files.append(name, `first of ${name}\n`);
    for (let i = 0; i < 200; i++) {
      await it.settle(50);
      assert.ok(it.files.openHandles <= 3, `${it.files.openHandles} are open`);
    }
    assert.equal(it.texts().length, 30);
    for (const name of names) it.files.append(name, `second of ${name}\n`);
    await it.settle(10_000);
    assert.equal(it.texts().length, 60);
    assert.equal(new Set(it.texts()).size, 60);
    assert.deepEqual(new Set(it.set.status().map(({ lagBytes }) => lagBytes)), new Set([0]));
    assert.equal(it.set.status().length, 30);
    assert.equal(it.set.shipped().length, 30);
    await it.kill();
    for (const name of names) it.files.append(name, `third of ${name}\n`);
    await it.start();
    await it.settle(10_000);
    assert.equal(it.indexed().length, 90);
  }));

Deno.test("TailSet gives every file its turn while others grow all the time", () =>
  few(async (it) => {
    for (const name of names) it.files.append(name, `quiet ${name}\n`);
    for (let i = 0; i < 600; i++) {
      for (const name of names.slice(0, 6)) it.files.append(name, `${i}\nhalf a line`);
      await it.settle(100);
      if (new Set(it.sink.lines.map(({ path }) => path)).size === 30) return;
    }
    assert.fail("a file starved");
  }));

Deno.test("TailSet reads on in a file that was renamed out of the pattern while it was not open", () =>
  few(async (it) => {
    for (const name of names) it.files.append(name, `one of ${name}\n`);
    await it.settle(10_000);
    for (const name of names.slice(0, 10)) {
      it.files.append(name, `late in ${name}\n`);
      it.files.rename(name, name.replace(".log", "-old"));
      it.files.append(name, `new ${name}\n`);
    }
    await it.settle(30_000);
    assert.equal(it.texts().filter((text) => text.startsWith("late")).length, 10);
    assert.equal(it.texts().filter((text) => text.startsWith("new")).length, 10);
    assert.equal(it.texts().length, 50);
  }));

Deno.test("TailSet tells of each file that was removed while it was not open", () =>
  few(async (it) => {
    for (const name of names) it.files.append(name, `one of ${name}\n`);
    await it.settle(10_000);
    await it.kill();
    await it.start();
    const before = it.events.length;
    for (const name of names) it.files.append(name, "lost\n");
    for (const name of names) await it.files.remove(name);
    await it.settle(20_000);
    const removed = it.events.slice(before).filter((event) => event.startsWith("removed"));
    assert.equal(new Set(removed.map((event) => event.split(" ")[1])).size, 30);
  }));
