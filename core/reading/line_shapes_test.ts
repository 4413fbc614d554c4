/** What LineReader makes of the shapes of lines: JSON, logfmt, text with words before its time, syslog's priorities. */
import assert from "node:assert/strict";
import { LEVEL_NAMES } from "./level.ts";
import { LineReader } from "./line_reader.ts";
import { zoneOf } from "./zone.ts";

const T = "2026-11-21T04:15:26Z", TIME = "2026-11-21T04:15:26.000Z";
const reader = new LineReader(), utc = zoneOf("UTC");

type Seen = [time: boolean, level: string, continues?: boolean];

/** Reads the line between other bytes: whether it has the time T, its level, whether it goes on an event. */
function read(line: string | Uint8Array): Seen {
  const own = typeof line === "string" ? new TextEncoder().encode(line) : line;
  const bytes = new Uint8Array(own.length + 6).fill(49);
  bytes.set(own, 3);
  reader.read(bytes, 3, 3 + own.length, utc, Date.UTC(2026, 10, 21, 5));
  const { timeMs, level, continues } = reader;
  const time = Number.isNaN(timeMs) ? "" : new Date(timeMs).toISOString();
  assert(time === "" || time === TIME, `${line}: ${time}`);
  return continues ? [time !== "", LEVEL_NAMES[level], true] : [time !== "", LEVEL_NAMES[level]];
}

function check(cases: readonly [string, ...Seen][]): void {
  for (const [line, ...seen] of cases) assert.deepEqual(read(line), seen, line);
}

Deno.test("LineReader reads time and level of JSON, wherever they stand", () => {
  check([
    [`{"time":"${T}","level":"error"}`, true, "error"],
    [`{"level":"error","time":"${T}"}`, true, "error"],
    [`{ "a" : 1 , "level" : "warn" , "time" : "${T}" }`, true, "warn"],
    [`{\t"a"\t:\t1\t,\t"level"\t:\t"warn"\t}`, false, "warn"],
    [`{"a":{"level":"error","x":[{"y":"]}"}]},"level":"info"}`, false, "info"],
    [`{"a":[1,{"level":"error"}],"level":"info"}`, false, "info"],
    [`{"a":["}","]\\""],"level":"info"}`, false, "info"],
    [`{"a":"x\\"y","level":"info"}`, false, "info"],
    [`{"a":"x\\\\","level":"info"}`, false, "info"],
    [`{"a\\"b":1,"level":"info"}`, false, "info"],
    [`{"a":true,"b":null,"c":-1.5e3,"level":"info"}`, false, "info"],
    [`{"log":{"level":"debug","ts":"${T}"},"level":"error"}`, true, "debug"],
    [`{"log":{"a":1},"level":"error"}`, false, "error"],
    [`{"log":{},"level":"error"}`, false, "error"],
    [`{"log":"x","level":"error"}`, false, "error"],
    [`{"lag":{"level":"debug"},"level":"error"}`, false, "error"],
    [`{"logs":{"level":"debug"},"level":"error"}`, false, "error"],
    [`{"log":{"log":{"level":"debug"}},"level":"error"}`, false, "error"],
    [`{"time":12,"ts":"${T}","level":"x","lvl":"warn"}`, true, "warn"],
    [`{"level":"error","level":"info","t":"${T}"}`, true, "error"],
    [`{"severity_text":"error","levelname":"info"}`, false, "error"],
    [`{"time_iso8601":"${T}"}`, true, ""],
    [`{"eventTime":"${T}","@l":"Warning"}`, true, "warn"],
    [`{"severityText":"error"}`, false, "error"],
    [`{}`, false, ""],
    [`{ }`, false, ""],
  ]);
});

Deno.test("LineReader reads levels of JSON that are numbers, and none that are too long", () => {
  check([
    [`{"level":30}`, false, "info"],
    [`{"level":"30"}`, false, "info"],
    [`{"level":"3"}`, false, "error"],
    [`{"level":0}`, false, "fatal"],
    [`{"level":9}`, false, "info"],
    [`{"level":99}`, false, "fatal"],
    [`{"level":100}`, false, ""],
    [`{"level":"100"}`, false, ""],
    [`{"level":-1}`, false, ""],
    [`{"level":""}`, false, ""],
    [`{"level":"","lvl":"warn"}`, false, "warn"],
    [`{"level":true}`, false, ""],
  ]);
});

Deno.test("LineReader takes JSON that was cut, and no text that only begins so", () => {
  check([
    [`{"level":"error","msg":"abc`, false, "error"],
    [`{"msg":"abc","level":"erro`, false, ""],
    [`{"msg":"abc","level":"error`, false, "error"],
    [`{"level":"error","a":{"b":1`, false, "error"],
    [`{"level":"error",`, false, "error"],
    [`{"level":"error"`, false, "error"],
    // Not JSON: read as text, in which "level" has no capitals.
    [`{level:"error"}`, false, ""],
    [`{"level" "error"} ERROR`, false, "error"],
    [`{"level"="warn"} ERROR`, false, "error"],
    [`{"level":"info";"a":1} ERROR`, false, "error"],
    [`{"a`, false, ""],
    [`{"a"`, false, ""],
    [`{"log":{"a" 1}} WARN`, false, "warn"],
    [`{x ${T} WARN`, true, "warn"],
  ]);
});

Deno.test("LineReader reads logfmt, quoted values and words between", () => {
  check([
    [`level=error time=${T}`, true, "error"],
    [`time=${T} level=error`, true, "error"],
    [`a="x level=warn" level=error`, false, "error"],
    [`a="x\\" level=warn" level=error`, false, "error"],
    [`a="x\\\\" level=error`, false, "error"],
    [`a=1  word   level=error`, false, "error"],
    [`a="1"   level=error`, false, "error"],
    [`a= level=error`, false, "error"],
    [`level="error" ts="${T}"`, true, "error"],
    [`lvl=x level=warn`, false, "warn"],
    [`ts=1x time=${T}`, true, ""],
    [`level=error level=info`, false, "error"],
    [`a"b=1 level=warning`, false, "warn"],
    [`word level=warning`, false, "warn"],
    [`=x level=warning`, false, "warn"],
    [`a=1 b=2`, false, ""],
    [`a=1 ERROR`, false, "error"],
  ]);
  const late = (size: number) => read(`a=${"x".repeat(size)} level=e lvl=error time=${T}`);
  assert.deepEqual(late(900), [true, "error"]);
  assert.deepEqual(late(1100), [false, ""]);
});

Deno.test("LineReader finds a time behind some words, brackets and quotes", () => {
  check([
    [`a ${T} x`, true, ""],
    [`a b c d ${T} x`, true, ""],
    [`a b c d e ${T} x`, false, ""],
    [`a b c d e f [${T}] x`, true, ""],
    [`a\tb\t${T}`, true, ""],
    [`[a] [b] [c] [d] [e] [f] [${T}] x`, true, ""],
    [`(${T}) x`, true, ""],
    [`"${T}" x`, true, ""],
    [`*${T} x`, true, ""],
    [`[ERROR][${T}]`, true, "error"],
    [`ERROR ${T} x`, true, "error"],
    [`INFO: ${T} x`, true, "info"],
    [`- ${T} ERROR`, true, "error"],
    [`${"w".repeat(200)} ${T} x`, true, ""],
    [`${"w".repeat(255)} ${T} x`, false, ""],
  ]);
});

Deno.test("LineReader reads syslog's priorities, with or without a version", () => {
  check([
    [`<0>${T} x`, true, "fatal"],
    [`<11>1 ${T} x`, true, "error"],
    [`<12>1 ${T} ERROR x`, true, "warn"],
    [`<191>9 ${T} x`, true, "debug"],
    [`<192>1 ${T} x`, true, ""],
    [`<11>0 ${T} x`, true, "error"],
    [`<11>12 ${T} x`, true, "error"],
    [`<>${T} x`, false, ""],
    [`<0011>${T} x`, false, ""],
    [`<11 ${T} x`, true, ""],
    [`<1a>${T} x`, false, ""],
    [`<11>`, false, "error"],
    [`<11>text`, false, "error"],
    [`<11>1`, false, "error"],
  ]);
});

Deno.test("LineReader leaves out a byte order mark and carriage returns, and knows indented lines", () => {
  const marked = (line: string) => {
    const text = new TextEncoder().encode(line), bytes = new Uint8Array(text.length + 3);
    bytes.set([0xef, 0xbb, 0xbf]);
    bytes.set(text, 3);
    return bytes;
  };
  assert.deepEqual(read(marked(`${T} WARN x`)), [true, "warn"]);
  assert.deepEqual(read(marked(`{"level":"warn"}`)), [false, "warn"]);
  assert.deepEqual(read(marked("}")), [false, "", true]);
  assert.deepEqual(read(marked("")), [false, ""]);
  for (const i of [0, 1, 2]) {
    const other = marked("}");
    other[i] ^= 1;
    assert.deepEqual(read(other), [false, ""], `byte ${i}`);
  }
  check([
    ["}\r", false, "", true],
    ["}\r\r", false, "", true],
    ["\r", false, ""],
    [" \r", false, "", true],
    [" at x", false, "", true],
    ["\tx", false, "", true],
    [" ", false, "", true],
    [" ERROR", false, "", true],
    [` ${T} warn x`, true, "warn"],
    [`\t \t${T} x warn`, true, ""],
    [" 1 ERROR", false, "", true],
    ["a ERROR", false, "error"],
    ["warn: b", false, "warn"],
    ["MyError: b", false, "", true],
  ]);
});
