import assert from "node:assert/strict";
import { zoneOf } from "../../core/reading/zone.ts";
import { timeFormat } from "./time_format.ts";

const READ = Date.UTC(2026, 10, 21, 12);
const UTC = zoneOf("UTC");
const read = (format: string, text: string, zone = UTC) => {
  const ms = timeFormat(format)(text, zone, READ);
  return Number.isNaN(ms) ? "none" : new Date(ms).toISOString();
};

Deno.test("timeFormat reads what its directives say", () => {
  for (
    const [format, text, expected] of [
      ["%d/%b/%Y:%H:%M:%S %z", "21/Nov/2026:04:15:26 +0100", "2026-11-21T03:15:26.000Z"],
      ["%Y-%m-%dT%H:%M:%S.%f%z", "2026-11-21T04:15:26.123456Z", "2026-11-21T04:15:26.123Z"],
      ["%y%m%d %I:%M %p", "261121 12:05 am", "2026-11-21T00:05:00.000Z"],
      ["%e %B %Y", " 1 November 2026", "2026-11-01T00:00:00.000Z"],
      ["%Y.%j %H:%M:%S,%L", "2026.325 01:02:03,004", "2026-11-21T01:02:03.004Z"],
      ["[%s]", "[1795233600]", "2026-11-21T04:00:00.000Z"],
      ["epoch_ms", "1795233600123", "2026-11-21T04:00:00.123Z"],
      ["epoch_s", "1795233600.5", "2026-11-21T04:00:00.500Z"],
      ["100%% %m-%d %H:%M", "100% 12-31 10:00", "2025-12-31T10:00:00.000Z"],
    ]
  ) {
    assert.equal(read(format, text), expected, `${format} of ${text}`);
  }
});

Deno.test("timeFormat takes the zone where the text names none", () => {
  assert.equal(
    read("%Y-%m-%d %H:%M", "2026-11-21 08:00", zoneOf("Asia/Shanghai")),
    "2026-11-21T00:00:00.000Z",
  );
});

Deno.test("timeFormat finds no time in what does not fit", () => {
  for (
    const [format, text] of [
      ["%Y-%m-%d", "2026-02-30"],
      ["%Y-%m-%d", "2026-11-21 and more"],
      ["%Y-%m-%d %H", "2026-11-21 24"],
      ["%m/%d", "13/01"],
      ["%Y %j", "2026 366"],
      ["epoch_ms", "soon"],
      ["%Y-%m-%d", "9".repeat(10_000)],
    ]
  ) {
    assert.equal(read(format, text), "none", `${format} of ${text}`);
    assert.equal(
      read(format, text, zoneOf("Asia/Shanghai")),
      "none",
      `${format} of ${text}, in a zone`,
    );
  }
});

Deno.test("timeFormat refuses a format that gives no time", () => {
  for (const format of ["", "%H:%M", "%Q", "%d %d %m", "%Y", "%I %d %m", "%"]) {
    assert.throws(() => timeFormat(format), RangeError, format);
  }
});
