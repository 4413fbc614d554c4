import assert from "node:assert/strict";
import { CatchUp, progressText } from "./progress.ts";

const MB = 1_000_000;

Deno.test("CatchUp gives percent, lines a second and the time left, and ends when nothing is left", () => {
  const catchUp = new CatchUp();
  catchUp.tell({ lines: 0, bytes: 0, bytesLeft: 100 * MB }, 0);
  const half = catchUp.tell({ lines: 200_000, bytes: 50 * MB, bytesLeft: 50 * MB }, 2000);
  assert.deepEqual(half, {
    caughtUp: false,
    percent: 49,
    linesPerS: 100_000,
    secondsLeft: 2,
  });
  assert.equal(progressText(half), "  Reading: 49 %, 100,000 lines/s, 2 s left");
  assert.equal(catchUp.tell({ lines: 4e5, bytes: 100 * MB, bytesLeft: 10 }, 4000).caughtUp, true);
  const later = catchUp.tell({ lines: 5e5, bytes: 100 * MB, bytesLeft: 50 * MB }, 5000);
  assert.equal(later.caughtUp, true, "once caught up it stays so");
});

Deno.test("CatchUp goes by the last seconds, not by the whole time", () => {
  const catchUp = new CatchUp();
  for (let s = 0; s <= 20; s++) {
    const bytes = s <= 10 ? s * 10 * MB : 100 * MB + (s - 10) * MB;
    catchUp.tell({ lines: bytes / 100, bytes, bytesLeft: 10 * MB }, s * 1000);
  }
  assert.equal(catchUp.progress.linesPerS, 10_000);
  assert.equal(Math.round(catchUp.progress.secondsLeft!), 10);
});

Deno.test("CatchUp is behind while the journal is, and says where it stands", () => {
  const catchUp = new CatchUp();
  const journalMs = Date.UTC(2026, 10, 20, 10, 30);
  const progress = catchUp.tell({ lines: 10, bytes: 0, bytesLeft: 0, journalMs }, 0);
  assert.equal(progress.caughtUp, false);
  assert.match(progressText(progress), /journal at 2026-11-20 10:30 UTC$/);
});
