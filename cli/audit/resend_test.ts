import assert from "node:assert/strict";
import { join } from "node:path";
import { byDay, mergedSeal, type Seal } from "../../core/ledger/seal.ts";
import { hashOf } from "../../agent/tail/fingerprint.ts";
import { openSealed } from "./resend.ts";

const encoder = new TextEncoder();

function sealOf(path: string, text: string, more: Partial<Seal> = {}): Seal {
  const bytes = encoder.encode(text), head = bytes.subarray(0, 4), mark = bytes.subarray(-6);
  return {
    ...{ v: 1, host: "h", path, device: 1, inode: -1, generation: "g".repeat(16), topic: "t" },
    ...{ from: 0, to: bytes.length, lines: 2, size: bytes.length, closed: false, unread: 0 },
    ...{ headLength: head.length, head: hashOf(head).hash, guarantee: "all", atMs: 1 },
    ...{ markLength: mark.length, mark: hashOf(mark).hash },
    ...more,
  };
}

Deno.test("openSealed() takes the file by its head and its end, under its own name or another", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "a.log"), moved = join(folder, "a.log.1");
    const seal = sealOf(path, "one first\ntwo\n");
    await Deno.writeTextFile(path, "one first\ntwo\nthree\n");
    (await openSealed(seal)).close();
    await Deno.writeTextFile(path, "one other\nlines\nof it\n");
    await assert.rejects(openSealed(seal), { code: "RESEND_NO_FILE" }, "same head, other lines");
    (await openSealed({ ...seal, mark: undefined })).close(); // an older agent's seal says no more
    await Deno.writeTextFile(moved, "one first\ntwo\n");
    const { ino } = await Deno.stat(moved);
    (await openSealed({ ...seal, inode: ino ?? 0 })).close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("byDay() parts a range where another index begins", () => {
  const days = [{ from: 10, day: "2026-11-20" }, { from: 30, day: "2026-11-21" }];
  assert.deepEqual(byDay(days, { start: 0, end: 40 }), [
    { start: 0, end: 10, day: undefined },
    { start: 10, end: 30, day: "2026-11-20" },
    { start: 30, end: 40, day: "2026-11-21" },
  ]);
  assert.deepEqual(byDay(days, { start: 30, end: 31 }), [
    { start: 30, end: 31, day: "2026-11-21" },
  ]);
  const path = "/a", earlier = sealOf(path, "x", { days: days.slice(0, 1) });
  assert.deepEqual(mergedSeal(earlier, sealOf(path, "x", { days: days.slice(1) })).days, days);
});

Deno.test("mergedSeal() keeps the end that goes furthest, with its mark", () => {
  const long = sealOf("/a", "one first\ntwo\n"), short = sealOf("/a", "one first\n", { atMs: 2 });
  const merged = mergedSeal(long, short);
  assert.deepEqual([merged.to, merged.mark, merged.atMs], [long.to, long.mark, 2]);
  assert.equal(mergedSeal(short, long).mark, long.mark);
});
