import assert from "node:assert/strict";
import { type DropSeal, unpackRanges } from "../../core/ledger/drop_seal.ts";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { DropLedger } from "./drop_ledger.ts";

const record = (offset: number, length: number, generation: string | null = "g".repeat(16)) =>
  ({ generation, topic: "t", offset, length }) as LogRecord;

function ledger(write: (seals: readonly DropSeal[]) => Promise<void>) {
  let lost = 0;
  const it = new DropLedger({
    log: { writeDrops: write, close: () => Promise.resolve() },
    wallMs: () => 7,
    onLost: (ranges) => lost += ranges,
  });
  return { it, lost: () => lost };
}

Deno.test("DropLedger joins ranges that touch, by rule, and writes each once", async () => {
  const written: DropSeal[] = [];
  const { it } = ledger((seals) => Promise.resolve(void written.push(...seals)));
  for (const offset of [0, 10, 30]) it.add(record(offset, 10), "noise");
  it.add(record(40, 5), "quota");
  it.add(record(0, 5, null), "noise"); // no agent wrote it
  await it.flush();
  await it.flush();
  assert.deepEqual(
    written.map(({ rule, ranges }) => [rule, unpackRanges(ranges)]),
    [
      ["noise", [{ start: 0, end: 20 }, { start: 30, end: 40 }]],
      ["quota", [{ start: 40, end: 45 }]],
    ],
  );
});

Deno.test("DropLedger keeps what the ledger did not take, and a replay makes a seal of its own", async () => {
  const written: DropSeal[] = [];
  let fails = true;
  const { it, lost } = ledger((seals) => {
    if (fails) return Promise.reject(new Error("no"));
    return Promise.resolve(void written.push(...seals));
  });
  it.add(record(100, 10), "noise");
  await it.flush();
  assert.equal(it.waiting, 1);
  fails = false;
  it.add(record(0, 10), "noise");
  await it.flush();
  assert.deepEqual(written.map(({ ranges }) => ranges), [[100, 10], [0, 10]]);
  assert.equal(lost(), 0);
});

Deno.test("DropLedger is bounded: what it lets go is counted", () => {
  const { it, lost } = ledger(() => Promise.reject(new Error("no")));
  for (let i = 0; i <= 200_000; i++) {
    it.add(record(i * 20, 10, i < 10 ? "a".repeat(16) : "b".repeat(16)), "n");
  }
  assert.equal(lost(), 10);
  assert.equal(it.waiting, 200_000 - 9);
});
