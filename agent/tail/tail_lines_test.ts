import assert from "node:assert/strict";
import { parseEntries } from "./entries.ts";
import { type Bench, bench } from "./tail_bench.ts";

const A = "/var/log/a.log";
const entry = (options: object) =>
  JSON.stringify([{ path: "/var/log/*.log", topic: "t", ...options }]);

/** Every byte of a generation belongs to one record. */
function ranges(it: Bench): [number, number][] {
  const all = it.sink.lines.map(({ start, end }) => [start, end] as [number, number]);
  all.forEach(([start], i) => assert.equal(start, i === 0 ? 0 : all[i - 1][1]));
  return all;
}

Deno.test("TailSet joins events, waits for the last one's end, and begins again at its begin after a kill", () =>
  bench(async (it) => {
    it.files.append(A, "1 a\n  b\n2 c\n");
    await it.settle(1000);
    assert.deepEqual(it.texts(), ["1 a\n  b"]);
    await it.set.save();
    await it.kill();
    await it.start();
    it.files.append(A, "  d\n3 e\n");
    await it.settle(1000);
    assert.deepEqual(it.texts(), ["1 a\n  b", "2 c\n  d"]);
    await it.settle(7000);
    assert.deepEqual(it.texts(), ["1 a\n  b", "2 c\n  d", "3 e"]);
    ranges(it);
  }, entry({ multiline: { preset: "java" } })));

Deno.test("TailSet moves over what a rule drops, also where nothing comes behind it, and after a kill alike", () =>
  bench(async (it) => {
    it.files.append(A, "drop 1\nkeep 1\ndrop 2\n");
    await it.settle(1000);
    assert.deepEqual(it.sink.lines.map(({ start, end }) => [start, end]), [[0, 14]]);
    await it.settle(8000);
    assert.equal(it.set.status()[0].lagBytes, 0);
    assert.deepEqual(it.events.filter((event) => event.startsWith("dropped")), [
      "dropped noise 1",
      "dropped noise 1",
    ]);
    await it.set.save();
    await it.kill();
    await it.start();
    it.files.append(A, "drop 3\nkeep 2\n");
    await it.settle(1000);
    assert.deepEqual(it.sink.lines.map(({ start, end }) => [start, end]), [[0, 14], [21, 35]]);
  }, entry({ drop: [{ name: "noise", pattern: "^drop" }] })));

Deno.test("TailSet cuts records as it did before where the entry changes while lines are not acknowledged", () =>
  bench(async (it) => {
    it.files.append(A, "1\n  a\n2\n");
    await it.settle(1000);
    const before = it.sink.lines.length;
    it.set.apply(parseEntries(entry({}), "test"));
    await it.settle(1000);
    it.files.append(A, "  b\n");
    await it.settle(1000);
    assert.deepEqual(it.texts().slice(before), ["2", "  b"]);
    await it.kill(); // without a checkpoint of what was acknowledged last: it is sent again, with the same ends
    it.entries = parseEntries(entry({ multiline: { preset: "java" } }), "test");
    await it.start();
    await it.settle(8000);
    assert.deepEqual(it.indexed(), ["1\n  a", "2", "  b"]);
  }, entry({ multiline: { preset: "java" } })));

Deno.test("TailSet reads UTF-16 by its first bytes, takes off a UTF-8 mark, leaves a hole of NUL bytes out", () =>
  bench(async (it) => {
    const wide = [...`\ufeffé1\r\n2\n`].flatMap((
      c,
    ) => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]);
    it.files.append(A, Uint8Array.from(wide));
    it.files.append("/var/log/b.log", "\ufeffone\n");
    it.files.append("/var/log/c.log", new Uint8Array(300_000));
    it.files.append("/var/log/c.log", "after\nnext\n");
    it.files.append("/var/log/d.log", "\0\0\0small\n");
    await it.settle(2000);
    assert.deepEqual(it.texts().sort(), ["2", "after", "next", "one", "small", "é1"]);
    const nul = it.events.filter((event) => event.startsWith("nul")).map((event) =>
      Number(event.split(" ")[2])
    );
    assert.equal(nul.reduce((a, b) => a + b, 0), 300_003);
    const hole = it.sink.lines.find(({ text }) => text === "after")!;
    assert.deepEqual([hole.start, hole.end], [0, 300_006]);
  }, entry({})));

Deno.test("TailSet skips an over-long line where it is told to, longer than a buffer too", () =>
  bench(async (it) => {
    it.files.append(A, `a\n${"x".repeat(2000)}\nb\n${"y".repeat(200_000)}\nc\n`);
    await it.settle(2000);
    assert.deepEqual(it.texts(), ["a", "b", "c"]);
    assert.equal(it.events.filter((event) => event === "skipped  1").length, 2);
    ranges(it);
  }, entry({ overlong: "skip" })));

Deno.test("TailSet waits where an entry limits its rate, and drops nothing", () =>
  bench(async (it) => {
    it.files.append(A, Array.from({ length: 100 }, (_, i) => `${i}\n`).join(""));
    await it.settle(1000);
    assert(it.texts().length >= 10 && it.texts().length <= 30, `${it.texts().length} lines`);
    await it.settle(12_000);
    assert.equal(it.texts().length, 100);
    ranges(it);
  }, entry({ linesPerSecond: 10 })));

Deno.test("TailSet sends namespace, pod and container of a Kubernetes path as fields", () =>
  bench(
    async (it) => {
      it.files.append("/var/log/pods/shop_cart-7d_12ab/app/0.log", "t stdout F x\n");
      await it.settle(11_000);
      assert.deepEqual(it.texts(), ["x"]);
      assert.deepEqual(it.sink.lines[0].fields, {
        "kubernetes.namespace": "shop",
        "kubernetes.pod.name": "cart-7d",
        "kubernetes.pod.uid": "12ab",
        "kubernetes.container.name": "app",
        env: "prod",
      });
    },
    JSON.stringify([{
      path: "/var/log/pods/**/*.log",
      topic: "t",
      container: "cri",
      fields: { env: "prod" },
    }]),
  ));

Deno.test("TailSet begins at the end of files that were there, or are old, and at the begin of later ones", async () => {
  for (const options of [{ from: "end" }, { ignoreOlder: "1h" }]) {
    await bench(async (it) => {
      it.files.append(A, "old\n"); // its time in memory is 1970
      it.set.apply(parseEntries(entry(options), "test"));
      await it.settle(1000);
      it.files.append(A, "new\n");
      it.files.append("/var/log/later.log", "first\n");
      await it.settle(1000);
      assert.deepEqual(it.texts().sort(), ["first", "new"]);
      await it.set.save();
      await it.kill();
      it.files.append("/var/log/meanwhile.log", "meanwhile\n");
      it.entries = parseEntries(entry(options), "test");
      await it.start();
      await it.settle(1000);
      assert.deepEqual(it.indexed().sort(), ["first", "meanwhile", "new"]);
    }, "[]");
  }
});

Deno.test("TailSet drops by a rule what is longer than a buffer, and counts it: nothing of it is sent unmasked", () =>
  bench(
    async (it) => {
      const secret = `audit password=hunter2 ${"x".repeat(200_000)}`;
      it.files.append(A, `a\n${secret}\nb\nkept password=hunter2 ${"y".repeat(200_000)}\nc\n`);
      await it.settle(2000);
      assert.deepEqual(it.texts().map((text) => text.slice(0, 17)), [
        "a",
        "b",
        "kept password=***",
        "c",
      ]);
      assert.equal(it.events.filter((event) => event === "dropped audit 1").length, 1);
      assert.equal(it.events.filter((event) => event === "masked pw 1").length, 1);
      ranges(it);
    },
    entry({
      drop: [{ name: "audit", pattern: "^audit" }],
      mask: [{ name: "pw", preset: "password" }],
    }),
  ));

Deno.test("TailSet finds the end of a line of UTF-16 that is longer than a buffer at a whole character", () => {
  const text = `\ufeffa\n${"\u0a05\u050a".repeat(100_000)}\nb\nc\n`;
  const encoded = (low: 0 | 1) => {
    const bytes = new Uint8Array(text.length * 2), view = new DataView(bytes.buffer);
    for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), low === 0);
    return bytes;
  };
  return bench(async (it) => {
    it.files.append(A, encoded(0));
    it.files.append("/var/log/b.log", encoded(1));
    await it.settle(2000);
    assert.deepEqual(
      it.texts().filter((one) => one.length < 100).sort(),
      ["a", "a", "b", "b", "c", "c"],
    );
    assert.equal(it.sink.lines.length, 8);
  }, entry({}));
});
