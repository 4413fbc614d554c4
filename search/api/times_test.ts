import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { parseSpan, parseTime } from "./times.ts";

const NOW = Date.UTC(2026, 10, 21, 9, 30, 0);
const iso = (text: string, zone?: string) => new Date(parseTime(text, NOW, zone)).toISOString();

Deno.test("parseTime() reads ISO 8601, epochs, relative and named times", () => {
  const cases: [string, string][] = [
    ["2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000Z"],
    ["2026-11-21T10:00:00.123456Z", "2026-11-21T10:00:00.123Z"],
    ["2026-11-21T10:00:00+01:00", "2026-11-21T09:00:00.000Z"],
    ["2026-11-21 10:00:00,250", "2026-11-21T10:00:00.250Z"],
    ["2026-11-21 10:00", "2026-11-21T10:00:00.000Z"],
    ["2026-11-21", "2026-11-21T00:00:00.000Z"],
    ["1763719200000", "2025-11-21T10:00:00.000Z"],
    ["1763719200", "2025-11-21T10:00:00.000Z"],
    ["now", "2026-11-21T09:30:00.000Z"],
    ["-2h", "2026-11-21T07:30:00.000Z"],
    ["now-90s", "2026-11-21T09:28:30.000Z"],
    ["1h30m ago", "2026-11-21T08:00:00.000Z"],
    ["-1.5h", "2026-11-21T08:00:00.000Z"],
    ["today", "2026-11-21T00:00:00.000Z"],
    ["yesterday 10:00", "2026-11-20T10:00:00.000Z"],
    ["Yesterday at 10:00:05", "2026-11-20T10:00:05.000Z"],
    ["08:15", "2026-11-21T08:15:00.000Z"],
  ];
  for (const [text, expected] of cases) assert.equal(iso(text), expected, text);
});

Deno.test("parseTime() takes times without a zone in the zone of the caller", () => {
  assert.equal(iso("2026-11-21 10:00", "Asia/Shanghai"), "2026-11-21T02:00:00.000Z");
  assert.equal(iso("2026-11-21T10:00:00Z", "Asia/Shanghai"), "2026-11-21T10:00:00.000Z");
  // It is 17:30 of the same day there, and 01:30 in Los Angeles.
  assert.equal(iso("today", "Asia/Shanghai"), "2026-11-20T16:00:00.000Z");
  assert.equal(iso("yesterday 23:00", "America/Los_Angeles"), "2026-11-21T07:00:00.000Z");
});

Deno.test("parseTime() refuses what is no time, with examples", () => {
  for (const text of ["", "soon", "2026-13-01", "2026-02-30", "25:00", "-2 parsecs", "12"]) {
    assert.throws(
      () => parseTime(text, NOW),
      (error: unknown) =>
        error instanceof WeirError && error.code === "TIME_INVALID" && /-2h/.test(error.hint),
      text,
    );
  }
  assert.equal(parseSpan("1h30m"), 5_400_000);
  assert.equal(parseSpan("h"), undefined);
});
