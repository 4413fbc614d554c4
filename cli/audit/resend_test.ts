import assert from "node:assert/strict";
import { join } from "node:path";
import { systemFiles } from "../../core/system_files.ts";
import { byDay, mergedSeal, type Seal } from "../../core/ledger/seal.ts";
import { MemoryLineSink } from "../../core/ports/memory_line_sink.ts";
import { type Entry, parseEntries } from "../../agent/tail/entries.ts";
import { hashOf } from "../../agent/tail/fingerprint.ts";
import { datedRanges, entryOf, openSealed, resendRange } from "./resend.ts";

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
    (await openSealed(systemFiles, seal)).close();
    await Deno.writeTextFile(path, "one other\nlines\nof it\n");
    await assert.rejects(
      openSealed(systemFiles, seal),
      { code: "RESEND_NO_FILE" },
      "same head, other lines",
    );
    (await openSealed(systemFiles, { ...seal, mark: undefined })).close(); // an older agent's seal says no more
    await Deno.writeTextFile(moved, "one first\ntwo\n");
    const { ino } = await Deno.stat(moved);
    (await openSealed(systemFiles, { ...seal, inode: ino ?? 0 })).close();
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

/** Lines that are sent again of a file with this text. */
async function resent(text: string, entry: Partial<Entry>, sink = new MemoryLineSink()) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    const entries = parseEntries(JSON.stringify([{ path, topic: "t", ...entry }]), "test");
    const seal = sealOf(path, text), lineBytesMax = 4096;
    const file = await openSealed(systemFiles, seal);
    const options = { sink, entry: entryOf(seal, entries), tz: "UTC", lineBytesMax };
    const range = { start: 0, end: seal.to, day: "2026-11-20" };
    const lines = await resendRange(file, seal, range, options).finally(() => file.close());
    assert.equal(lines, sink.lines.length);
    return sink.lines.map(({ start, end, text, day, fields }) => ({
      ...{ start, end, text, day, fields },
    }));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("resendRange() masks as the file's entry asks", async () => {
  const entry = { mask: [{ name: "p", preset: "password" as const, replace: "***" }] };
  const lines = await resent("user=a password=geheim\nplain\n", { ...entry, fields: { env: "x" } });
  assert.deepEqual(lines, [
    { start: 0, end: 23, text: "user=a password=***", day: "2026-11-20", fields: { env: "x" } },
    { start: 23, end: 29, text: "plain", day: "2026-11-20", fields: { env: "x" } },
  ]);
});

Deno.test("resendRange() joins and leaves out as the agent does, under the same names", async () => {
  const text = "drop a\nError: b\n  at c\ndrop d\nlast";
  const lines = await resent(text, {
    drop: [{ name: "d", pattern: "^drop" }],
    multiline: { continue: "^ " },
  });
  assert.deepEqual(lines.map(({ start, end, text }) => [start, end, text]), [
    [0, 23, "Error: b\n  at c"],
    [23, 34, "last"],
  ]);
});

Deno.test("resendRange() holds a bounded part of a large file in memory", async () => {
  let open = 0, most = 0;
  const sink = new MemoryLineSink();
  const send = sink.send.bind(sink);
  sink.send = async (chunk) => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve));
    await send(chunk);
    open--;
  };
  const line = `${"x".repeat(1023)}\n`;
  assert.equal((await resent(line.repeat(20 * 1024), {}, sink)).length, 20 * 1024);
  assert.ok(most > 1 && most <= 8, `${most}`);
});

Deno.test("resendRange() rejects with the first refusal", async () => {
  const sink = new MemoryLineSink();
  sink.send = () => Promise.reject(new Error("refused"));
  await assert.rejects(resent(`${"x".repeat(1023)}\n`.repeat(20 * 1024), {}, sink), /refused/);
});

Deno.test("entryOf() refuses a file that no entry sends: nobody knows what is to be masked", () => {
  const entries = parseEntries('[{"path": "/other/*.log", "topic": "t"}]', "test");
  assert.throws(() => entryOf(sealOf("/a.log", "x"), entries), { code: "RESEND_NO_ENTRY" });
  assert.equal(entryOf(sealOf("/other/a.log", "x"), entries), entries[0]);
});

Deno.test("datedRanges() goes by the seal's days, and by the record before where they are not known", () => {
  const days = [{ from: 10, day: "2026-11-20" }, { from: 30, day: "2026-11-21" }];
  const seal = sealOf("/a", "x", { days }), later = Date.parse("2026-11-25T01:00:00Z");
  assert.deepEqual(datedRanges(seal, [{ start: 20, end: 40 }], [later]), [
    { start: 20, end: 30, day: "2026-11-20" },
    { start: 30, end: 40, day: "2026-11-21" },
  ]);
  assert.deepEqual(datedRanges(seal, [{ start: 0, end: 5 }], [later]), [
    { start: 0, end: 5, day: "2026-11-25" },
  ]);
});
