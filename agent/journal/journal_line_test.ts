import assert from "node:assert/strict";
import type { ExportEntry } from "./export_reader.ts";
import { generationOf, JournalLines, placeOf, timeOfCursor } from "./journal_line.ts";

const CURSOR =
  "s=cac16c58c59e4230ac55f2a93a3165e9;i=1f;b=3b8b1f5e6a1c4c1e9f0a1b2c3d4e5f60;m=3e8;t=660c474df5ce3;x=38";

function entry(fields: Readonly<Record<string, string | Uint8Array>>): ExportEntry {
  const encoder = new TextEncoder();
  return {
    cut: false,
    fields: new Map(
      Object.entries(fields).map(([name, value]) => {
        return [name, typeof value === "string" ? encoder.encode(value) : value];
      }),
    ),
  };
}

function lineOf(fields: Readonly<Record<string, string | Uint8Array>>): Record<string, string> {
  const lines = new JournalLines();
  lines.add(entry({ __REALTIME_TIMESTAMP: "1795246750915811", ...fields }));
  const { bytes, marks } = lines.take();
  return JSON.parse(new TextDecoder().decode(bytes.subarray(marks[0], marks[1])));
}

Deno.test("JournalLines writes time, level, message, unit, identifier, pid and transport", () => {
  assert.deepEqual(
    lineOf({
      MESSAGE: 'say "hi"\\\n\ttwo\u0007 支付',
      PRIORITY: "3",
      _SYSTEMD_UNIT: "ssh.service",
      SYSLOG_IDENTIFIER: "sshd",
      _PID: "812",
      _TRANSPORT: "syslog",
    }),
    {
      time: "2026-11-21T07:39:10.915811Z",
      level: "error",
      message: 'say "hi"\\\n\ttwo\u0007 支付',
      unit: "ssh.service",
      identifier: "sshd",
      pid: "812",
      transport: "syslog",
    },
  );
});

Deno.test("JournalLines: of standard output the level is what the text says, else the priority", () => {
  const stdout = { _TRANSPORT: "stdout", PRIORITY: "6" };
  assert.equal(lineOf({ ...stdout, MESSAGE: "2026-11-21 10:00:00 ERROR broken" }).level, "error");
  assert.equal(lineOf({ ...stdout, MESSAGE: "all is well" }).level, "info");
  const syslog = { _TRANSPORT: "syslog", PRIORITY: "4" };
  assert.equal(lineOf({ ...syslog, MESSAGE: "ERROR said the text" }).level, "warn");
  assert.equal(lineOf({ MESSAGE: "no priority" }).level, undefined);
});

Deno.test("JournalLines keeps bytes that are no UTF-8 as they are", () => {
  const lines = new JournalLines();
  lines.add(entry({ MESSAGE: new Uint8Array([0xff, 0x41]) }));
  assert(Array.from(lines.take().bytes).join().includes("255,65"));
});

Deno.test("placeOf() takes row and number from the cursor; users have rows of their own", () => {
  const place = placeOf(entry({ __CURSOR: CURSOR, __REALTIME_TIMESTAMP: "1795246750915811" }))!;
  assert.equal(place.number, 31);
  assert.equal(place.timeMs, 1795246750915.811);
  assert.equal(timeOfCursor(CURSOR), place.timeMs);
  const user = placeOf(entry({ __CURSOR: CURSOR, _UID: "1000" }))!;
  const system = placeOf(entry({ __CURSOR: CURSOR, _UID: "33" }))!;
  assert.equal(system.row, place.row);
  assert.notEqual(user.row, place.row);
  assert.equal(placeOf(entry({ __CURSOR: "s=1;i=2" })), undefined);
  assert.match(generationOf("id", place.row), /^[A-Za-z0-9_-]{16}$/);
  assert.notEqual(generationOf("id", place.row), generationOf("other id", place.row));
});
