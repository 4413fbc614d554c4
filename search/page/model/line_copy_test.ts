import assert from "node:assert/strict";
import type { Line } from "./line.ts";
import { copyOf, readCopy } from "./line_copy.ts";

const LINE = {
  "@timestamp": "2026-11-21T08:00:00.000Z",
  "host.name": "web-1",
  "log.file.path": "/var/log/a b.log",
  message: "超时 100% #1 & <b>",
} as Line;

Deno.test("copy of a line: read back as it was, long ones cut", () => {
  assert.deepEqual(readCopy(copyOf(LINE)), {
    time: LINE["@timestamp"],
    level: "",
    host: "web-1",
    path: "/var/log/a b.log",
    message: LINE.message,
  });
  const long = { ...LINE, message: "😀".repeat(5000) };
  assert.equal(readCopy(copyOf(long))!.message.length, 600);
  const odd = { ...LINE, message: `a${"😀".repeat(5000)}` };
  assert(readCopy(copyOf(odd))!.message.isWellFormed());
});

Deno.test("copy of a line: anything else is none", () => {
  for (const text of ["", "#", "#copy=", "#copy=%", "#copy=[1]", "#copy=[1,2,3,4,5]", "#copy={}"]) {
    assert.equal(readCopy(text), undefined, text);
  }
});
