import assert from "node:assert/strict";
import fc from "fast-check";
import { LEVEL_NAMES } from "./level.ts";
import { LineReader } from "./line_reader.ts";
import { zoneOf } from "./zone.ts";

const READ_MS = Date.UTC(2026, 10, 21, 4, 30);
const reader = new LineReader();
const encoder = new TextEncoder();

function read(line: string, tz = "UTC", readMs = READ_MS) {
  const bytes = encoder.encode(`before${line}behind`);
  const to = bytes.length - 6;
  reader.read(bytes, 6, to, zoneOf(tz), readMs);
  return {
    time: Number.isNaN(reader.timeMs) ? "" : new Date(reader.timeMs).toISOString(),
    level: LEVEL_NAMES[reader.level],
    continues: reader.continues,
  };
}

const CASES: [string, string, string][] = [
  // ISO 8601 and relatives
  ["2026-11-21T04:15:26.123Z INFO started", "2026-11-21T04:15:26.123Z", "info"],
  ["2026-11-21T04:15:26,9 WARN x", "2026-11-21T04:15:26.900Z", "warn"],
  ["2026-11-21T04:15:26.123456789+05:30 x", "2026-11-20T22:45:26.123Z", ""],
  ["2026-11-21 04:15:26 +0800 ERROR x", "2026-11-20T20:15:26.000Z", "error"],
  ["2026-11-21 04:15:26-08 LOG:  ready", "2026-11-21T12:15:26.000Z", ""],
  ["2026-11-21 04:15:26.5 UTC [77] FATAL:  no", "2026-11-21T04:15:26.500Z", "fatal"],
  ["2026-11-21 04:15 status ok", "2026-11-21T04:15:00.000Z", ""],
  ["2026-11-21 23:59:60 leap", "2026-11-22T00:00:00.000Z", ""],
  ["2026.11.21 04:15:26 dotted", "2026-11-21T04:15:26.000Z", ""],
  ["20261121T041526Z basic", "2026-11-21T04:15:26.000Z", ""],
  ["20261121-22:15:29:606|step", "2026-11-21T22:15:29.606Z", ""],
  ["[2026-11-21 04:15:26,123] [debug] x", "2026-11-21T04:15:26.123Z", "debug"],
  ["[WARN] 2026-11-21 04:15:26 x", "2026-11-21T04:15:26.000Z", "warn"],
  // syslog
  ["Nov  1 04:05:06 web-1 cron[9]: run", "2026-11-01T04:05:06.000Z", ""],
  ["Nov 21 23:00:00 web-1 x: later today", "2026-11-21T23:00:00.000Z", ""],
  ["Nov 22 00:30:00 web-1 x: after today", "2025-11-22T00:30:00.000Z", ""],
  ["Feb 29 01:00:00 web-1 x: leap year", "2024-02-29T01:00:00.000Z", ""],
  ["Nov 21 2026 04:15:26 router x", "2026-11-21T04:15:26.000Z", ""],
  ["<11>Nov 21 04:15:26 web-1 x: m", "2026-11-21T04:15:26.000Z", "error"],
  ["<165>1 2026-11-21T04:15:26Z h su - ID47 - m", "2026-11-21T04:15:26.000Z", "info"],
  ["Nov 21 04:15:26 web-1 sshd[1]: error: no", "2026-11-21T04:15:26.000Z", "error"],
  // web servers
  ["[Sun Dec 04 04:47:44 2005] [error] mod_jk", "2005-12-04T04:47:44.000Z", "error"],
  ["[Sun Dec 04 04:47:44.123456 2005] [core:warn] [pid 1] x", "2005-12-04T04:47:44.123Z", "warn"],
  ['::1 - - [21/Nov/2026:04:15:26 +0100] "GET / HTTP/1.1" 200 5', "2026-11-21T03:15:26.000Z", ""],
  ['10.0.0.1 - a [21/Nov/2026:04:15:26 +0000] "G \\" x" 404 5', "2026-11-21T04:15:26.000Z", "warn"],
  ['h 10.0.0.1 - - [21/Nov/2026:04:15:26 +0000] "G" 502 5', "2026-11-21T04:15:26.000Z", "error"],
  ["2026/11/21 04:15:26 [crit] 7#7: *1 x", "2026-11-21T04:15:26.000Z", "fatal"],
  // Java and friends
  ["2026-11-21 04:15:26,978 INFO [main] a.B: x", "2026-11-21T04:15:26.978Z", "info"],
  ["2026-11-21 04:15:26,978 - WARN  [x:y@1] - z", "2026-11-21T04:15:26.978Z", "warn"],
  ["2026-11-21 04:15:26.978 [pool-1] ERROR a.B - x", "2026-11-21T04:15:26.978Z", "error"],
  ["Nov 21, 2026 4:15:26 PM a.B run", "2026-11-21T16:15:26.000Z", ""],
  ["21-Nov-2026 04:15:26.123 SEVERE [main] x", "2026-11-21T04:15:26.123Z", "error"],
  ["081109 203615 148 INFO dfs.DataNode: x", "2008-11-09T20:36:15.000Z", "info"],
  ["17/06/09 20:10:40 INFO a.B: x", "2017-06-09T20:10:40.000Z", "info"],
  // Go, klog, OpenStack, Redis, Android
  ["2026/11/21 04:15:26.000123 listening", "2026-11-21T04:15:26.000Z", ""],
  ["W1121 04:15:26.123456   12 a.go:3] x", "2026-11-21T04:15:26.123Z", "warn"],
  [
    "api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 1 INFO n",
    "2017-05-16T00:00:00.008Z",
    "info",
  ],
  ["7:M 21 Nov 2026 04:15:26.123 * Ready", "2026-11-21T04:15:26.123Z", ""],
  ["11-20 04:15:26.123  1  2 I Tag: x", "2026-11-20T04:15:26.123Z", ""],
  // epochs, JSON, logfmt
  ["1795234526 x", "2026-11-21T04:15:26.000Z", ""],
  ["1795234526.25 x", "2026-11-21T04:15:26.250Z", ""],
  ["1795234526123 x", "2026-11-21T04:15:26.123Z", ""],
  ['{"msg":"a","ts":1795234526.5,"level":"Warning"}', "2026-11-21T04:15:26.500Z", "warn"],
  ['{"level":50,"time":1795234526123}', "2026-11-21T04:15:26.123Z", "error"],
  ['{ "@timestamp" : "2026-11-21T04:15:26+01:00" }', "2026-11-21T03:15:26.000Z", ""],
  ['{"log":{"level":"debug"},"time":"2026-11-21T04:15:26Z"}', "2026-11-21T04:15:26.000Z", "debug"],
  ['{"m":"\\"level\\":\\"error\\"","a":{"level":"error"},"severity":"NOTICE"}', "", "info"],
  ['time="2026-11-21T04:15:26Z" level=error msg="a b"', "2026-11-21T04:15:26.000Z", "error"],
  ["ts=1795234526 lvl=dbug level=info", "2026-11-21T04:15:26.000Z", "info"],
  // none
  ["nothing here", "", ""],
  ["backup of 2026-13-41 10:00:00 done", "", ""],
  ["2026-02-30 10:00:00 no such day", "", ""],
  ["4111111111 is a card, not a time", "", ""],
  ["error.log was rotated", "", ""],
  ["", "", ""],
];

Deno.test("LineReader finds time and level in the formats that logs have", () => {
  for (const [line, time, level] of CASES) {
    assert.deepEqual(read(line), { time, level, continues: false }, line);
  }
});

Deno.test("LineReader takes the zone where the line names none", () => {
  assert.equal(read("2026-07-01 12:00:00 x", "Europe/Berlin").time, "2026-07-01T10:00:00.000Z");
  assert.equal(read("2026-07-01 12:00:00Z x", "Europe/Berlin").time, "2026-07-01T12:00:00.000Z");
  assert.equal(read("Jul  1 12:00:00 h x", "Asia/Kolkata").time, "2026-07-01T06:30:00.000Z");
  // Clocks go back: the hour came twice, the first is meant.
  assert.equal(read("2026-10-25 02:30:00 x", "Europe/Berlin").time, "2026-10-25T00:30:00.000Z");
  assert.equal(read("2026-10-25 03:00:00 x", "Europe/Berlin").time, "2026-10-25T02:00:00.000Z");
  // Clocks go forward: an hour that never was.
  assert.equal(read("2026-03-29 02:30:00 x", "Europe/Berlin").time, "2026-03-29T01:30:00.000Z");
});

Deno.test("LineReader takes the latest year that is not after the day of reading", () => {
  const january = Date.UTC(2027, 0, 1, 0, 5);
  assert.equal(read("Dec 31 23:59:59 h x", "UTC", january).time, "2026-12-31T23:59:59.000Z");
  assert.equal(read("Jan  1 23:00:00 h x", "UTC", january).time, "2027-01-01T23:00:00.000Z");
  assert.equal(read("Jan  2 00:10:00 h x", "UTC", january).time, "2026-01-02T00:10:00.000Z");
});

Deno.test("LineReader sees what goes on an event", () => {
  for (
    const line of [
      "\tat a.B.c(B.java:1)",
      "    at Object.<anonymous> (/a/b.js:1:2)",
      "Caused by: java.io.IOException: x",
      "... 12 more",
      "Traceback (most recent call last):",
      '  File "/a/b.py", line 1, in <module>',
      "ValueError: invalid literal",
      "java.lang.IllegalStateException: x",
      "com.example.Broken$InnerException",
      "goroutine 1 [running]:",
      "}",
    ]
  ) assert.deepEqual(read(line), { time: "", level: "", continues: true }, line);
  for (
    const line of [
      "Error: x",
      "plain text",
      "2026-11-21 04:15:26 at home",
      " 2026-11-21 04:15:26 x",
    ]
  ) {
    assert.equal(read(line).continues, false, line);
  }
});

Deno.test("LineReader takes any bytes, whatever was read before", () => {
  const zone = zoneOf("UTC");
  const shapes = fc.constantFrom(...CASES.map(([line]) => encoder.encode(line)));
  const mixed = fc.tuple(shapes, fc.nat(60), fc.uint8Array({ maxLength: 12 }), fc.boolean())
    .map(([base, at, noise, cut]) => {
      const bytes = new Uint8Array(base.length + noise.length);
      bytes.set(base);
      bytes.set(noise, Math.min(at, base.length));
      return cut ? bytes.slice(0, at) : bytes;
    });
  fc.assert(
    fc.property(fc.array(mixed, { minLength: 2, maxLength: 5 }), (lines) => {
      const answer = (one: LineReader, line: Uint8Array, around = "") => {
        // What stands around the line in the buffer must not count.
        const bytes = new Uint8Array([
          ...encoder.encode(around),
          ...line,
          ...encoder.encode(around),
        ]);
        const from = (bytes.length - line.length) / 2;
        one.read(bytes, from, from + line.length, zone, READ_MS);
        assert.ok(Number.isNaN(one.timeMs) || Number.isInteger(one.timeMs), `${one.timeMs}`);
        assert.ok(one.level >= 0 && one.level <= 6);
        return `${one.timeMs} ${one.level} ${one.continues}`;
      };
      const used = new LineReader();
      for (const line of lines) {
        const alone = answer(new LineReader(), line);
        assert.equal(answer(used, line), alone);
        for (const around of ["0", ":26 2026 ", '"', " INFO "]) {
          assert.equal(answer(used, line, around), alone);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("LineReader costs no more on a long line than its window", () => {
  for (const piece of ["a ", "[", "a=b ", '{"a":', "1 ", '"', "\\"]) {
    assert.equal(read(piece.repeat(200_000)).time, "");
  }
});
