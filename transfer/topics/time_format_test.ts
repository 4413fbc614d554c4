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
      ["%y%m%d", "051121", "2005-11-21T00:00:00.000Z"],
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
      ["epoch_ms", ""],
      ["epoch_s", "0x10"],
      ["epoch_s", " 5"],
      ["epoch_s", "-5"],
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

Deno.test("timeFormat reads every month by its short and its whole name, in any letters", () => {
  const names = ["January", "February", "March", "April", "May", "June", "July"];
  [...names, "August", "September", "October", "November", "December"].forEach((name, i) => {
    const expected = `2026-${String(i + 1).padStart(2, "0")}-09T00:00:00.000Z`;
    assert.equal(read("%d %B %Y", `09 ${name} 2026`), expected);
    assert.equal(read("%d %b %Y", `9 ${name.slice(0, 3).toUpperCase()} 2026`), expected);
  });
  assert.equal(read("%d %b %Y", "09 Foo 2026"), "none");
});

Deno.test("timeFormat takes the bounds that clocks and calendars have, and nothing beyond", () => {
  const day = (text: string) => read("%Y-%m-%d", text);
  assert.equal(day("2024-02-29"), "2024-02-29T00:00:00.000Z");
  assert.equal(day("2026-1-1"), "2026-01-01T00:00:00.000Z");
  assert.equal(day("2026-12-31"), "2026-12-31T00:00:00.000Z");
  assert.equal(day("0050-06-01"), "0050-06-01T00:00:00.000Z");
  for (const text of ["2026-0-10", "2026-13-1", "2026-1-0", "2026-1-32", "2026-4-31"]) {
    assert.equal(day(text), "none", text);
  }
  const clock = (text: string) => read("%Y-%m-%d %H:%M:%S", `2026-11-21 ${text}`);
  assert.equal(clock("23:59:60"), "2026-11-22T00:00:00.000Z");
  for (const text of ["24:00:00", "23:60:00", "23:59:61"]) assert.equal(clock(text), "none", text);
  const nth = (text: string) => read("%Y %j", text);
  assert.equal(nth("2026 1"), "2026-01-01T00:00:00.000Z");
  assert.equal(nth("2026 365"), "2026-12-31T00:00:00.000Z");
  assert.equal(nth("2024 366"), "2024-12-31T00:00:00.000Z");
  for (const text of ["2026 0", "2026 366", "2024 367"]) assert.equal(nth(text), "none", text);
});

Deno.test("timeFormat reads the twelve hours before and after noon", () => {
  const hour = (text: string) => read("%Y-%m-%d %I:%M %p", `2026-11-21 ${text}`).slice(11, 16);
  assert.deepEqual(
    ["12:30 AM", "1:30 am", "11:30 Am", "12:30 PM", "1:30 pM", "11:30 pm"].map(hour),
    [
      ...["00:30", "01:30", "11:30", "12:30", "13:30", "23:30"],
    ],
  );
  assert.equal(read("%Y-%m-%d %I:%M %p", "2026-11-21 13:30 pm"), "none");
});

Deno.test("timeFormat reads an offset of either sign, with and without a colon", () => {
  const zone = (text: string) =>
    read("%Y-%m-%d %H:%M %z", `2026-11-21 12:00 ${text}`).slice(11, 16);
  assert.deepEqual(["Z", "+0000", "+05:30", "-0330", "-03:30", "+1400"].map(zone), [
    ...["12:00", "12:00", "06:30", "15:30", "15:30", "22:00"],
  ]);
});

Deno.test("timeFormat reads a fraction of an epoch, and cuts it to the millisecond", () => {
  assert.equal(read("%s.%f", "1795233600.9999"), "2026-11-21T04:00:00.999Z");
  assert.equal(read("%s", "0"), "1970-01-01T00:00:00.000Z");
  assert.equal(read("%d/%m/%Y %H:%M:%S.%f", "21/11/2026 04:00:00.05"), "2026-11-21T04:00:00.050Z");
  assert.equal(read("epoch_ms", "1795233600123.9"), "2026-11-21T04:00:00.123Z");
});

Deno.test("timeFormat gives a day without a year the latest one up to a day after the reading", () => {
  assert.equal(read("%m-%d %H:%M", "11-22 12:00"), "2026-11-22T12:00:00.000Z");
  assert.equal(read("%m-%d %H:%M", "11-22 12:01"), "2025-11-22T12:01:00.000Z");
  assert.equal(read("%m-%d", "02-29"), "2024-02-29T00:00:00.000Z");
  assert.equal(read("%m-%d", "02-30"), "none");
  const late = timeFormat("%m-%d")("01-01", UTC, Date.UTC(2026, 11, 31, 12));
  assert.equal(new Date(late).toISOString(), "2027-01-01T00:00:00.000Z");
  const leap = timeFormat("%m-%d")("02-29", UTC, Date.UTC(2104, 1, 1));
  assert.equal(new Date(leap).toISOString(), "2096-02-29T00:00:00.000Z");
});

Deno.test("timeFormat takes signs of a format as they stand, and names that it leaves out", () => {
  assert.equal(read("(%a) %Y.%m.%d+", "(Sat) 2026.11.21+"), "2026-11-21T00:00:00.000Z");
  assert.equal(read("(%A) %Y.%m.%d", "(Saturday) 2026x11x21"), "none");
  assert.equal(read("%Y-%m-%d", `${" ".repeat(200)}2026-11-21`), "none");
  const long = `${"x".repeat(190)}%Y-%m-%d`;
  assert.equal(read(long, `${"x".repeat(190)}2026-11-21`), "2026-11-21T00:00:00.000Z");
  assert.equal(read(`x${long}`, `${"x".repeat(191)}2026-11-21`), "none", "201 characters");
  assert.equal(read("%a %d %a %m", "Sat 21 Sat 11"), "2026-11-21T00:00:00.000Z");
});

Deno.test("timeFormat says what is wrong with a format", () => {
  assert.throws(() => timeFormat("%Q"), /%Q is not known; known are Y y m/);
  assert.throws(() => timeFormat("%d %e %m"), /%e says again/);
  assert.throws(() => timeFormat("%b %B %d"), /%B says again/);
  assert.throws(() => timeFormat("%d %Y"), /no day and month/);
  assert.throws(() => timeFormat("%m %Y"), /no day and month/);
  assert.throws(() => timeFormat("%I %d %m"), /%I needs %p/);
  for (const format of ["%s", "%j", "%d %m", "%e %b"]) {
    assert.equal(typeof timeFormat(format), "function");
  }
});
