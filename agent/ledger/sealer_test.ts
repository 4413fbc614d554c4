import assert from "node:assert/strict";
import { mergedSeal, recordKey, type Seal } from "../../core/ledger/seal.ts";
import { type Progress, Sealer } from "./sealer.ts";

const progress = (offset: number, more: Partial<Progress> = {}): Progress => ({
  path: "/a.log",
  device: 1,
  inode: 2,
  generation: "g".repeat(16),
  topic: "t",
  origin: 0,
  offset,
  lines: offset / 10,
  size: 1000,
  headLength: 10,
  head: "h",
  ...more,
});
Deno.test("a seal is made when the offset moved, and only then", () => {
  const sealer = new Sealer("host", "all");
  const first = sealer.look([progress(100)], 1);
  assert.deepEqual(first.map(({ from, to, lines }) => [from, to, lines]), [[0, 100, 10]]);
  sealer.accept(first);
  assert.deepEqual(sealer.look([progress(100, { size: 2000 })], 2), []);
  assert.equal(sealer.look([progress(300)], 3)[0].to, 300);
});

Deno.test("a seal tells the longest wait of the lines since the last one that was taken", () => {
  const sealer = new Sealer("host", "all");
  const held = ([seal]: ReturnType<Sealer["look"]>) => [seal.heldFrom, seal.heldMs];
  assert.deepEqual(held(sealer.look([progress(100, { heldMs: 70 })], 1)), [0, 70]);
  const again = sealer.look([progress(200, { heldMs: 20 })], 2);
  assert.deepEqual(held(again), [0, 70], "the first one was not taken");
  sealer.accept(again);
  assert.deepEqual(held(sealer.look([progress(300, { heldMs: 5 })], 3)), [200, 5]);
});

Deno.test("a seal that the ledger did not take is made again", () => {
  const sealer = new Sealer("host", "all");
  assert.equal(sealer.look([progress(100)], 1).length, 1);
  assert.equal(sealer.look([progress(100)], 2).length, 1);
});

Deno.test("a file that is tailed no more is closed once, with what nobody read", () => {
  const sealer = new Sealer("host", "all");
  sealer.accept(sealer.look([progress(900)], 1));
  const closed = sealer.look([], 2);
  assert.deepEqual(closed.map(({ closed, unread }) => [closed, unread]), [[true, 100]]);
  sealer.accept(closed);
  assert.deepEqual(sealer.look([], 3), []);
  assert.equal(sealer.size, 0);
});

Deno.test("where a topic's lines begin is asked once, and a renamed file is sealed under its new name", () => {
  const sealer = new Sealer("host", "all");
  sealer.accept(sealer.look([progress(500, { origin: 400 })], 1));
  const [renamed] = sealer.look([progress(500, { path: "/a.log.1" })], 2);
  assert.deepEqual([renamed.path, renamed.from], ["/a.log.1", 400]);
});

Deno.test("a file of which nothing was sent is told of when it goes unread, and only then", () => {
  const sealer = new Sealer("host", "all");
  assert.deepEqual(sealer.look([progress(0, { size: 70 })], 1), []);
  const closed = sealer.look([], 2);
  assert.deepEqual(closed.map(({ closed, to, unread }) => [closed, to, unread]), [[true, 0, 70]]);
  sealer.accept(closed);
  assert.deepEqual(sealer.look([], 3), []);
  sealer.look([progress(0, { generation: "e".repeat(16), size: 0 })], 4);
  assert.deepEqual(sealer.look([], 5), []);
});

Deno.test("a file that went while no agent ran is closed at once, and says so", () => {
  const sealer = new Sealer("host", "all");
  const [seal] = sealer.look([progress(40, { away: true, origin: 40, size: 90 })], 1);
  assert.deepEqual([seal.closed, seal.away, seal.unread], [true, true, 50]);
  sealer.accept([seal]);
  assert.deepEqual(sealer.look([], 2), []);
});

Deno.test("what compaction leaves of a file's seals tells its whole range, over starts of the agent", () => {
  const left = new Map<string, Seal>();
  for (const [origin, offset] of [[0, 50], [0, 100], [100, 150], [100, 300], [280, 400]]) {
    const [seal] = new Sealer("host", "all").look([progress(offset, { origin })], 1);
    left.set(recordKey(seal), seal);
  }
  const whole = [...left.values()].reduce<Seal | undefined>(mergedSeal, undefined)!;
  assert.deepEqual([left.size, whole.from, whole.to], [3, 0, 400]);
});

Deno.test("a run goes on with the range of the runs before, under a key of its own", () => {
  const [seal] = new Sealer("host", "all").look([progress(150, { origin: 100, begin: 0 })], 1);
  assert.deepEqual([seal.from, seal.to, seal.heldFrom], [0, 150, 100]);
  const [before] = new Sealer("host", "all").look([progress(100)], 1);
  assert.notEqual(recordKey(seal), recordKey(before));
});

Deno.test("a life that ended is sealed to its end, until the ledger has it", () => {
  const sealer = new Sealer("host", "all");
  sealer.accept(sealer.look([progress(100)], 1));
  const ended = progress(200, { closed: true, size: 200, lines: 0 });
  const [seal] = sealer.look([ended], 2);
  assert.deepEqual([seal.to, seal.closed, seal.unread, seal.lines], [200, true, 800, 10]);
  const again = sealer.look([ended], 3);
  assert.equal(again.length, 1);
  sealer.accept(again);
  assert.deepEqual(sealer.look([], 4), []);
  assert.equal(sealer.size, 0);
});
