import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { ManualClock } from "../../core/ports/clock.ts";
import { MemoryFiles } from "../../core/ports/memory_files.ts";
import { loadSettings } from "../../core/config/load.ts";
import { agentSettings } from "../config.ts";
import { readCheckpoint } from "../checkpoint/checkpoint_store.ts";
import { BufferPool } from "../tail/buffers.ts";
import { searchedBefore } from "../tail/discovery.ts";
import { KnownFiles } from "../tail/known_files.ts";
import { mergeEntries, parseEntries } from "../tail/entries.ts";
import { Bench } from "../tail/tail_bench.ts";
import { planOf } from "./plan.ts";

const BOUNDS = { files: 100, opened: 100, lines: 3, sampled: 100 };

function planFor(files: MemoryFiles, layers: Record<string, unknown[]>, bounds = BOUNDS) {
  const { tail } = loadSettings(agentSettings, "tail: {roots: [/var/log]}", { name: "test" });
  const read = Object.entries(layers).map(([name, value]) => ({
    name,
    entries: parseEntries(JSON.stringify(value), name),
  }));
  return readCheckpoint(files, "/state").then(({ states }) => {
    const known = new KnownFiles();
    for (const state of states) known.add(state);
    return planOf(
      read,
      {
        known,
        searched: new Set(searchedBefore(mergeEntries(read.map((one) => one.entries)), states)),
        live: false,
      },
      bounds,
      {
        files,
        clock: new ManualClock(),
        roots: ["/var/log"],
        tail,
        host: "h",
        tz: "UTC",
        buffers: new BufferPool(2 * tail.lineBytesMax, 1),
      },
    );
  });
}

const LOGS = { path: "/var/log/*.log", topic: "t" };

Deno.test("planOf says of each file from where it would be read, and its first lines", async () => {
  const it = new Bench();
  it.files.append("/var/log/a.log", "1\n2\n");
  await it.start();
  await it.settle(2000);
  await it.set.save();
  await it.kill();
  it.files.append("/var/log/a.log", "3\n4");
  it.files.append("/var/log/new.log", "x\r\n\ny\n");
  it.files.append("/var/log/none.log", "");
  const before = it.files.paths();
  const plan = await planFor(it.files, { own: [LOGS] });
  const rows = plan.files.map(({ path, lanes: [{ begin, from, unread, lines }] }) => [
    ...[path, begin, from, unread, lines.map(({ offset, text }) => `${offset} ${text}`)],
  ]);
  assert.deepEqual(rows, [
    ["/var/log/a.log", "known", 4, 3, ["4 3", "6 4"]],
    ["/var/log/new.log", "new", 0, 6, ["0 x", "3 ", "4 y"]],
    ["/var/log/none.log", "empty", 0, 0, []],
  ]);
  assert.deepEqual(plan.entries, [
    { ...LOGS, from: "own", files: 3, unread: 9, failed: 0 },
  ]);
  assert.deepEqual(plan.problems, []);
  assert.deepEqual(it.files.paths(), before);
  assert.equal(it.files.openHandles, 0);
});

Deno.test("planOf shows lines as the entry makes them, and of a file that is read whole its last ones", async () => {
  const it = new Bench();
  it.files.append("/var/log/a.log", "password=one\nskip me\n");
  await it.start();
  await it.settle(2000);
  await it.set.save();
  await it.kill();
  it.files.append("/var/log/b.log", "skip this\npassword=two\n");
  const entry = {
    ...LOGS,
    drop: [{ name: "skipped", pattern: "^skip" }],
    mask: [{ name: "secret", preset: "password" }],
    fields: { env: "test" },
  };
  const plan = await planFor(it.files, { own: [entry] });
  const [a, b] = plan.files;
  assert.deepEqual([a.lanes[0].begin, a.lanes[0].earlier, a.lanes[0].unread], ["known", true, 0]);
  assert.deepEqual(a.lanes[0].lines, [{ offset: 0, text: "password=***" }]);
  assert.deepEqual(b.lanes[0].lines, [{ offset: 0, text: "password=***" }]);
  assert.deepEqual(b.counts, { "dropped:skipped": 1, "masked:secret": 1 });
  assert.deepEqual(b.lanes[0].fields, { env: "test" });
});

Deno.test("planOf names entries that meet, and which of them holds", async () => {
  const files = new MemoryFiles();
  files.append("/var/log/a.log", "1\n");
  const plan = await planFor(files, {
    own: [LOGS, { path: "/var/log/a*", topic: "t" }, { path: "/var/log/a.log", topic: "other" }],
    group: [{ ...LOGS, from: "end" }],
  });
  assert.deepEqual(plan.collisions.map(({ kind, entries, topics }) => [kind, entries, topics]), [
    ["overridden", [0], ["t"]],
    ["same-topic", [0, 1], ["t"]],
    ["two-topics", [0, 2], ["t", "other"]],
  ]);
  assert.deepEqual(plan.files[0].lanes.map(({ entry, topic }) => [entry, topic]), [[0, "t"], [
    2,
    "other",
  ]]);
});

Deno.test("planOf names what cannot be read: missing, outside, beyond the bounds", async () => {
  const files = new MemoryFiles();
  files.append("/etc/passwd", "root\n");
  for (const name of ["a", "b", "c"]) files.append(`/var/log/${name}.log`, "1\n");
  const plan = await planFor(files, {
    own: [
      { path: "/etc/passwd", topic: "t" },
      { path: "/etc/none", topic: "t" },
      { path: "/var/log/app/none.log", topic: "t" },
      LOGS,
    ],
  }, { ...BOUNDS, opened: 3, files: 1 });
  assert.deepEqual(plan.problems.map(({ path, code, passes }) => [path, code, passes]), [
    ["/etc/none", "PATH_OUTSIDE_ROOTS", false],
    ["/var/log/app/none.log", "NOTHING_MATCHES", true],
    ["/etc/passwd", "PATH_OUTSIDE_ROOTS", false],
  ]);
  assert.deepEqual(plan.entries.map(({ files, failed }) => [files, failed]), [
    [0, 1],
    [0, 1],
    [0, 0],
    [3, 0],
  ]);
  assert.equal(plan.files.length, 1);
  assert.equal(plan.filesLeftOut, 2);
});

Deno.test("planOf says that a copy of a known file is held", async () => {
  const it = new Bench();
  it.files.append("/var/log/a.log", "one line\nand another\n");
  await it.start();
  await it.settle(2000);
  await it.set.save();
  await it.kill();
  it.files.copy("/var/log/a.log", "/var/log/z.log");
  const plan = await planFor(it.files, { own: [LOGS] });
  assert.deepEqual(plan.files.map(({ lanes: [{ begin }] }) => begin), ["known", "copy"]);
});

Deno.test("planOf unpacks packed files, and knows those that were read as plain", async () => {
  const it = new Bench();
  it.files.append("/var/log/a.log", "1\n2\n");
  await it.start();
  await it.set.save();
  await it.kill();
  const packed = (text: string) => new Uint8Array(gzipSync(text));
  it.files.append("/var/log/a.log.1.gz", packed("1\n2\n3\n"));
  await it.files.remove("/var/log/a.log");
  it.files.append("/var/log/other.log.1.gz", packed("x\ny\n"));
  const plan = await planFor(it.files, { own: [{ path: "/var/log/*.log*", topic: "t" }] });
  const rows = plan.files.map(({ path, size, lanes: [{ begin, from, lines }] }) => [
    path,
    size,
    begin,
    from,
    lines.map(({ text }) => text),
  ]);
  assert.deepEqual(rows, [
    ["/var/log/a.log.1.gz", 6, "known", 4, ["3"]],
    ["/var/log/other.log.1.gz", 4, "new", 0, ["x", "y"]],
  ]);
});
