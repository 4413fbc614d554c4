/** Times written in every form from a date known beforehand must be read as that date, and nothing else as a time. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { TimeReader } from "./time.ts";
import { zoneOf } from "./zone.ts";

const READ_MS = Date.UTC(2026, 10, 21, 4, 30);
const DAY_MS = 86_400_000;
const UTC = zoneOf("UTC");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const encoder = new TextEncoder();

interface At {
  atStart?: boolean;
  tz?: string;
  readMs?: number;
  reader?: TimeReader;
}

/** "2026-11-21T04:15:26.000Z" and the place behind it; undefined for no time. */
function at(text: string, { atStart = true, tz = "UTC", readMs = READ_MS, reader }: At = {}) {
  const one = reader ?? new TimeReader(), bytes = encoder.encode(`9${text}9`);
  if (!one.at(bytes, 1, bytes.length - 1, atStart, zoneOf(tz), readMs)) return undefined;
  return { time: new Date(one.ms).toISOString(), end: one.end - 1 };
}

const p = (value: number, digits = 2) => String(value).padStart(digits, "0");

/** Every form of a UTC time of whole seconds, in text alone; `start` for those that only a line's start may have. */
function formsOf(ms: number): { text: string; start: boolean }[] {
  const date = new Date(ms),
    [Y, m, d] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const H = date.getUTCHours(), M = p(date.getUTCMinutes()), S = p(date.getUTCSeconds());
  const clock = `${p(H)}:${M}:${S}`,
    short = `${H}:${M}:${S}`,
    mon = MONTHS[m],
    mm = p(m + 1),
    dd = p(d);
  const weekday = WEEKDAYS[date.getUTCDay()],
    half = `${H % 12 || 12}:${M}:${S} ${H < 12 ? "AM" : "PM"}`;
  const yy = p(Y % 100), is20 = Y >= 2000 && Y < 2100;
  const anywhere = [
    ...["-", "/", "."].flatMap((by) =>
      ["T", "t", " ", "_", "-", ":", "  "].map((between) =>
        `${Y}${by}${mm}${by}${dd}${between}${clock}`
      )
    ),
    ...[`${Y}-${mm}-${dd} ${p(H)}.${M}.${S}`, `${Y}-${mm}-${dd} ${short}`],
    ...[`${dd}/${mon}/${Y}:${clock}`, `${dd} ${mon} ${Y} ${clock}`, `${d} ${mon} ${Y} ${clock}`],
    ...[`${dd}-${mon}-${Y} ${clock}`, `${dd} ${mon.toUpperCase()} ${Y}:${clock}`],
    ...[`${Y}${mm}${dd}T${p(H)}${M}${S}`, `${Y}${mm}${dd}-${clock}`, `${Y}${mm}${dd} ${short}`],
    ...[
      `${weekday} ${mon} ${dd} ${clock} ${Y}`,
      `${weekday} ${mon} ${String(d).padStart(2)} ${clock} ${Y}`,
    ],
    ...[`${weekday} ${mon} ${d} ${clock} ${Y}`, `${weekday} ${mon} ${dd} ${clock} UTC ${Y}`],
    ...[`${weekday}, ${dd} ${mon} ${Y} ${clock}`, `${weekday}, ${d} ${mon} ${Y} ${clock}`],
  ];
  const start = [
    ...[`${mon} ${dd} ${Y} ${clock}`, `${mon} ${String(d).padStart(2)} ${clock} ${Y}`],
    ...[`${mon} ${d}, ${Y} ${half}`, `${mon} ${d}, ${Y} ${half.toLowerCase()}`],
    ...(is20 ? [`${yy}/${mm}/${dd} ${clock}`, `${yy}${mm}${dd} ${p(H)}${M}${S}`] : []),
    ...(is20 ? [`${yy}${mm}${dd} ${clock}`, `${yy}${mm}${dd}  ${short}`] : []),
    ...(ms >= 1e12 && ms < READ_MS
      ? [String(ms / 1000), String(ms), `${ms}000`, `${ms}000000`]
      : []),
  ];
  return [
    ...anywhere.map((text) => ({ text, start: false })),
    ...start.map((text) => ({ text, start: true })),
  ];
}

const seconds = fc.integer({ min: 0, max: Date.UTC(2199, 11, 31) / 1000 }).map((s) => s * 1000);

Deno.test("TimeReader reads a date in every form, to its last byte", () => {
  fc.assert(
    fc.property(seconds, fc.constantFrom("", " x", "  12"), (ms, behind) => {
      const time = new Date(ms).toISOString();
      for (const { text, start } of formsOf(ms)) {
        assert.deepEqual(at(text + behind), { time, end: text.length }, text + behind);
        const inside = start ? undefined : { time, end: text.length };
        assert.deepEqual(at(text + behind, { atStart: false }), inside, `inside: ${text}`);
      }
    }),
    { numRuns: 60, examples: [[0, ""], [1e12, ""], [Date.UTC(2000, 1, 29, 12), ""]] },
  );
});

Deno.test("TimeReader reads zones behind every form of a whole date", () => {
  const ms = Date.UTC(2026, 1, 3, 4, 5, 6), minutes = 60_000;
  const zones: [string, number][] = [
    ...[["Z", 0], ["z", 0], [" UTC", 0], [" GMT", 0], ["+0000", 0]] as [string, number][],
    ...[["+05:30", -330], ["-0330", 210], [" +0800", -480], [" -08:00", 480]] as [string, number][],
    ...[["+14:00", -840], ["-14:59", 899], ["+09", -540], ["-05", 300]] as [string, number][],
  ];
  for (const { text } of formsOf(ms)) {
    const isClosed = / \d{4}$|^\d{6} \d{6}$/.test(text); // only space may stand behind
    if (/UTC|^\d{10,}$/.test(text)) continue;
    for (const [zone, late] of zones) {
      if (isClosed && zone[0] !== " ") continue;
      const time = new Date(ms + late * minutes).toISOString();
      assert.deepEqual(at(`${text}${zone}`), { time, end: text.length + zone.length }, text + zone);
    }
    // In the given zone, where what stands behind is none.
    const noZones = ["", " UTD", " UTCx", " GMX", "+15:00", "+0760", " -08", "+0", " +x"];
    for (const behind of [...noZones, " UT", " U"]) {
      if (isClosed && behind[0] !== " ") continue;
      const found = at(`${text}${behind}`, { tz: "Asia/Tokyo" });
      assert.equal(found?.time, new Date(ms - 540 * minutes).toISOString(), text + behind);
    }
  }
});

Deno.test("TimeReader reads fractions to the millisecond, behind a dot, a comma or before one", () => {
  const cases: [string, string, number][] = [
    ["04:15:26.1", "26.100", 10],
    ["04:15:26,12", "26.120", 11],
    ["04:15:26.123", "26.123", 12],
    ["04:15:26.1239", "26.123", 13],
    ["04:15:26.123456789", "26.123", 18],
    ["04:15:26:606", "26.606", 12],
    ["04:15:26:60", "26.000", 8],
    ["04:15:26:6066", "26.000", 8],
    ["04:15:26.", "26.000", 8],
    ["04:15:26.x", "26.000", 8],
    ["04:15:26;5", "26.000", 8],
  ];
  for (const [clock, text, length] of cases) {
    const expected = { time: `2026-11-21T04:15:${text}Z`, end: 11 + length };
    for (const behind of ["", " x"]) {
      assert.deepEqual(at(`2026-11-21 ${clock}${behind}`), expected, clock);
    }
  }
});

Deno.test("TimeReader takes seconds away only from a whole date of digits", () => {
  assert.deepEqual(at("2026-11-21 04:15"), { time: "2026-11-21T04:15:00.000Z", end: 16 });
  assert.deepEqual(at("2026-11-21 04:15:"), { time: "2026-11-21T04:15:00.000Z", end: 16 });
  assert.deepEqual(at("20261121T0415"), undefined);
  assert.deepEqual(at("20261121T0415Z"), { time: "2026-11-21T04:15:00.000Z", end: 14 });
  for (const text of ["21/Nov/2026:04:15 +0000", "21 Nov 2026 04:15 x", "Nov 21 2026 04:15 abc"]) {
    assert.equal(at(text), undefined, text);
  }
  assert.equal(at("2026-11-21 04.15"), undefined);
});

Deno.test("TimeReader believes no date that no calendar has, whatever it read before", () => {
  const reader = new TimeReader();
  const dates = [
    "2025-27-21",
    "2026-10-53",
    "2026-00-21",
    "2026-13-01",
    "2026-11-00",
    "2026-11-31",
  ];
  for (
    const date of [...dates, "2025-02-29", "1969-12-31", "3000-01-01", "2026-12-32", "1900-02-29"]
  ) {
    for (const before of ["2026-11-21", "2026-01-01", "2027-01-31", "2025-12-31"]) {
      assert.notEqual(at(`${before} 04:15:26`, { reader }), undefined);
      assert.equal(at(`${date} 04:15:26`, { reader }), undefined, `${date} behind ${before}`);
    }
  }
  for (const date of ["1970-01-01", "2999-12-31", "2024-02-29", "2000-02-29"]) {
    assert.equal(at(`${date} 00:00:00`, { reader })?.time, `${date}T00:00:00.000Z`);
  }
});

Deno.test("TimeReader believes no time that no clock shows", () => {
  for (
    const clock of [
      "24:00:00",
      "04:60:00",
      "04:15:61",
      "4:5:26",
      "04-15-26",
      "04:15-26",
      "x4:15:26",
      "0x:15:26",
    ]
  ) {
    assert.equal(at(`21/Nov/2026:${clock} +0000`), undefined, clock);
  }
  assert.equal(at("21/Nov/2026:23:59:60 +0000")?.time, "2026-11-22T00:00:00.000Z");
  for (const clock of ["246000", "236060", "235961"]) {
    assert.equal(at(`20261121T${clock}`), undefined, clock);
  }
  assert.equal(at("20261121T235960")?.time, "2026-11-22T00:00:00.000Z");
});

Deno.test("TimeReader takes what is nearly a time for none", () => {
  const none = [
    ...[
      "2026-11/21 04:15:26",
      "2026-11-21x04:15:26",
      "2026+11+21 04:15:26",
      "2026-11-21",
      "2026-1-21 04:15:26",
    ],
    ...[
      "21/Nox/2026:04:15:26",
      "21/Nov-2026:04:15:26",
      "21/Nov/2026-04:15:26",
      "21 Nov/2026 04:15:26",
    ],
    ...["21 Nov 2026-04:15:26", "21-Nov 2026 04:15:26", "26/11-21 04:15:26", "26/11/21-04:15:26"],
    ...["261121-041526", "261121 0415261", "20261121x041526", "20261121 041526", "20261121-041526"],
    ...[
      "Nox 21 04:15:26",
      "Nov-21 04:15:26",
      "Nov 21-04:15:26",
      "Nov  0 04:15:26",
      "Nov 2104:15:26 x",
    ],
    ...[
      "Sux Dec 04 04:47:44 2005",
      "Sun Dex 04 04:47:44 2005",
      "Sun Dec-04 04:47:44 2005",
      "Sun Dec 0404:47:44 2005",
    ],
    ...[
      "Sun; 21 Nov 2026 04:15:26",
      "Sun, 21-Nov 2026 04:15:26",
      "X1121 04:15:26.123456",
      "I1121-04:15:26.123456",
    ],
    ...[
      "11-21-04:15:26.123",
      "11-21 04:15:26,123",
      "(2026-11-21 04:15:26",
      "@Nov 21 04:15:26",
      "126-11-21 04:15:26",
    ],
    ...["12345 04:15:26 2026", "1795234526a", "1795234526Z", "179523452 x", "17952345261 x"],
  ];
  for (const text of none) assert.equal(at(text), undefined, text);
});

Deno.test("TimeReader believes an epoch from September 2001 to a day after the reading", () => {
  const bounds: [string, boolean][] = [
    ["1000000000", true],
    ["999999999999", false],
    ["1000000000000", true],
    ["0999999999", false],
    ["0999999999999", false],
    [String((READ_MS + DAY_MS) / 1000), true],
    [String((READ_MS + DAY_MS) / 1000 + 1), false],
    [String(READ_MS + DAY_MS), true],
    [String(READ_MS + DAY_MS + 1), false],
  ];
  for (const [text, isTime] of bounds) assert.equal(at(`${text} x`) !== undefined, isTime, text);
  const time = (ms: string, end: number) => ({ time: `2026-11-21T04:15:26.${ms}Z`, end });
  assert.deepEqual(at("1795234526.5"), time("500", 12));
  assert.deepEqual(at("1795234526.123456"), time("123", 17));
  assert.deepEqual(at("1795234526.1x"), time("100", 12));
  assert.deepEqual(at("1795234526]"), time("000", 10));
  assert.deepEqual(at("1795234526{"), time("000", 10));
  assert.deepEqual(at("1795234526123.5"), time("123", 13));
  assert.deepEqual(at("1795234526123456789"), time("123", 19));
});

Deno.test("TimeReader gives a day without a year the latest one that is not after the day of reading", () => {
  const forms = (ms: number) => {
    const [, mm, dd, clock] = /^\d+-(\d+)-(\d+)T(.{8})/.exec(new Date(ms).toISOString())!;
    const mon = MONTHS[Number(mm) - 1], day = String(Number(dd)).padStart(2);
    return [
      `${mon} ${day} ${clock} web-1 x`,
      `${mm}-${dd} ${clock}.000 1 2 I`,
      `I${mm}${dd} ${clock}.000000 1`,
      `Sun ${mon} ${dd} ${clock} x`,
    ];
  };
  const midnight = Date.UTC(2026, 10, 22);
  const cases: [number, string][] = [
    [midnight - 1000, "2026"],
    [midnight + 299_000, "2026"],
    [midnight + 300_000, "2025"],
    [midnight + DAY_MS, "2025"],
    [Date.UTC(2025, 11, 31, 23, 59, 59), "2025"],
    [Date.UTC(2024, 1, 29, 5), "2024"],
  ];
  for (const [ms, year] of cases) {
    for (const text of forms(ms)) assert.equal(at(text)?.time.slice(0, 4), year, `${text} ${year}`);
  }
  for (const text of forms(Date.UTC(1896, 1, 29))) {
    assert.equal(at(text, { readMs: Date.UTC(1903, 5, 1) + 8 * 365 * DAY_MS }), undefined);
  }
  assert.equal(at("Feb 29 01:00:00 h", { readMs: Date.UTC(2104, 0, 1) })?.time.slice(0, 4), "2096");
  assert.equal(at("Feb 30 01:00:00 h"), undefined);
  assert.equal(at("Apr 31 01:00:00 h"), undefined);
});

Deno.test("TimeReader tells an access log's time and a syslog's apart from others", () => {
  const reader = new TimeReader();
  const told = (text: string) => {
    at(text, { reader });
    return [reader.access, reader.syslog];
  };
  assert.deepEqual(told("21/Nov/2026:04:15:26 +0000"), [true, false]);
  assert.deepEqual(told("2026-11-21 04:15:26"), [false, false]);
  assert.deepEqual(told("Nov 21 04:15:26 web-1 x"), [false, true]);
  assert.deepEqual(told("Nov 21 04:15:26 2026 x"), [false, false]);
  assert.deepEqual(told("Sun Nov 21 04:15:26 x"), [false, false]);
  assert.deepEqual(told("26/11/21 04:15:26"), [false, false]);
});

Deno.test("TimeReader takes a year behind the clock only where a year can stand", () => {
  const year = (text: string) => at(`Nov 21 04:15:26 ${text}`)?.time.slice(0, 4);
  assert.deepEqual(["1970", "2199", "2005", "2005]", "2005: x"].map(year), [
    ...["1970", "2199", "2005", "2005", "2005"],
  ]);
  assert.deepEqual(
    ["1969", "2200", "20055", "2005x", "200", "2005-"].map(year),
    Array(6).fill("2026"),
  );
});

Deno.test("TimeReader takes only digits for digits, and its zone from where it stands", () => {
  const none = [
    "2026-11-2: 04:15:26",
    "2026-1:-21 04:15:26",
    "202/-11-21 04:15:26",
    "Nov 2: 04:15:26 x",
  ];
  for (const text of [...none, "2026-11-21 04:1::26", "2026-11-21 04:15:2:", "179523452: x"]) {
    assert.equal(at(text), undefined, text);
  }
  const tokyo = { tz: "Asia/Tokyo" };
  assert.equal(at("Sun Nov 21 04:15:26 UTC 2021", tokyo)?.time, "2021-11-21T04:15:26.000Z");
  assert.equal(at("Sun Nov 21 04:15:26 2021", tokyo)?.time, "2021-11-20T19:15:26.000Z");
  assert.equal(at("2021-11-21 04:15:26.12:", tokyo)?.time, "2021-11-20T19:15:26.120Z");
  assert.equal(at("1795234526.1:", tokyo)?.time, "2026-11-21T04:15:26.100Z");
});

Deno.test("TimeReader never reads behind the end of the line", () => {
  for (const { text } of formsOf(Date.UTC(2026, 10, 2, 14, 15, 26))) {
    const line = `${text}.123 +0100 2026`, whole = encoder.encode(line);
    for (let to = 1; to <= whole.length; to++) {
      const alone = new TimeReader(), inside = new TimeReader();
      const isTime = alone.at(whole.slice(0, to), 0, to, true, UTC, READ_MS);
      assert.equal(inside.at(whole, 0, to, true, UTC, READ_MS), isTime, `${line} to ${to}`);
      if (!isTime) continue;
      assert.deepEqual([inside.ms, inside.end], [alone.ms, alone.end], `${line} to ${to}`);
      assert.ok(inside.end <= to, `${line} to ${to}`);
    }
  }
});
