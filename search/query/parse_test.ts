import assert from "node:assert/strict";
import type { Query } from "../../core/ports/document_store.ts";
import { parseQuery, QUERY_CHARS_MAX, QUERY_DEPTH_MAX, QUERY_PARTS_MAX } from "./parse.ts";
import { QueryError } from "./query_error.ts";

const word = (text: string, prefix = false): Query => ({ kind: "word", text, prefix });
const equals = (field: string, value: string): Query => ({ kind: "equals", field, value });

function faultOf(text: string): QueryError {
  try {
    parseQuery(text);
  } catch (error) {
    assert(error instanceof QueryError, String(error));
    assert.equal(error.code, "QUERY_INVALID");
    assert.notEqual(error.hint, "");
    return error;
  }
  throw new Error(`accepted: ${text}`);
}

Deno.test("parseQuery() reads single conditions", () => {
  const cases: [string, Query][] = [
    ["", { kind: "all" }],
    ["  *  ", { kind: "all" }],
    ["timeout", word("timeout")],
    ["time*", word("time", true)],
    ["10.0.0.1", word("10.0.0.1")],
    ["10:00:01", word("10:00:01")],
    ["blk_-12", word("blk_-12")],
    ["连接超时", word("连接超时")],
    ["std::string", word("std::string")],
    ["https://host/x", word("https://host/x")],
    ["/var/log/messages", word("/var/log/messages")],
    ["\\-x", word("-x")],
    ["a\\ b", word("a b")],
    ["\\AND", word("AND")],
    ["foo\\*", word("foo*")],
    ["foo - bar", { kind: "and", parts: [word("foo"), word("-"), word("bar")] }],
    ["*out", { kind: "wildcard", field: "message", pattern: "*out*" }],
    ["a*b", { kind: "wildcard", field: "message", pattern: "*a*b*" }],
    ['"two words"', { kind: "phrase", text: "two words" }],
    ['"a \\"b\\" C:\\temp"', { kind: "phrase", text: 'a "b" C:\\temp' }],
    ["/a\\/b c/", { kind: "regex", source: "a/b c", field: "message" }],
    ["/ab/i", { kind: "regex", source: "(?i:ab)", field: "message" }],
    ["host:/^web\\d+$/", { kind: "regex", source: "^web\\d+$", field: "host.name" }],
    ["level:ERROR", equals("log.level", "error")],
    ["level:warning", equals("log.level", "warn")],
    ["host:web-1", equals("host.name", "web-1")],
    ["file:/var/log/a.log", equals("log.file.path", "/var/log/a.log")],
    ['status:"two words"', equals("status", "two words")],
    ["fields.path:x", equals("fields.path", "x")],
    ["status:*", { kind: "wildcard", field: "status", pattern: "*" }],
    ["status:5*", { kind: "wildcard", field: "status", pattern: "5*" }],
    ["status:a\\*b*", { kind: "wildcard", field: "status", pattern: "a\\*b*" }],
    ["message:foo", word("foo")],
    ['message:"a b"', { kind: "phrase", text: "a b" }],
    ["took:>5", range("took", "5", undefined, false, false)],
    ["took:>=5", range("took", "5", undefined, true, false)],
    ["took:<5", range("took", undefined, "5", false, false)],
    ["took:<=-1.5", range("took", undefined, "-1.5", false, true)],
    ["took:[1 TO 5]", range("took", "1", "5", true, true)],
    ["took:{1 TO 5]", range("took", "1", "5", false, true)],
    ["took:[* TO 5}", range("took", undefined, "5", false, false)],
    ['took:["a b" TO c]', range("took", "a b", "c", true, true)],
    ["took:[* TO *]", { kind: "wildcard", field: "took", pattern: "*" }],
    [
      "@timestamp:>2026-11-21",
      range("@timestamp", "2026-11-21T00:00:00.000Z", undefined, false, false),
    ],
    ["level:>=error", { kind: "or", parts: [equals("log.level", "error"), lv("fatal")] }],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseQuery(text), expected, text);
});

function lv(level: string): Query {
  return equals("log.level", level);
}

function range(field: string, above?: string, below?: string, low = false, high = false): Query {
  return {
    kind: "range",
    field,
    aboveInclusive: low,
    belowInclusive: high,
    ...(above === undefined ? {} : { above }),
    ...(below === undefined ? {} : { below }),
  };
}

Deno.test("parseQuery() binds NOT before AND before OR, and parentheses over all", () => {
  const [a, b, c] = ["a", "b", "c"].map((text) => word(text));
  const not = (part: Query): Query => ({ kind: "not", part });
  const cases: [string, Query][] = [
    ["a b", { kind: "and", parts: [a, b] }],
    ["a AND b c", { kind: "and", parts: [a, b, c] }],
    ["a OR b c", { kind: "or", parts: [a, { kind: "and", parts: [b, c] }] }],
    ["(a OR b) c", { kind: "and", parts: [{ kind: "or", parts: [a, b] }, c] }],
    ["NOT a b", { kind: "and", parts: [not(a), b] }],
    ["-a -(b c)", { kind: "and", parts: [not(a), not({ kind: "and", parts: [b, c] })] }],
    ["NOT NOT a", a],
    ["-level:error", not(equals("log.level", "error"))],
    ["(a(b)c)", { kind: "and", parts: [a, b, c] }],
    ["host:(x OR y)", { kind: "or", parts: [equals("host.name", "x"), equals("host.name", "y")] }],
    [
      "host:(x OR -y)",
      { kind: "or", parts: [equals("host.name", "x"), not(equals("host.name", "y"))] },
    ],
    ["* a", a],
    ["-*", not({ kind: "all" })],
    ["and or not", { kind: "and", parts: [word("and"), word("or"), word("not")] }],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseQuery(text), expected, text);
});

Deno.test("parseQuery() points at the column of a fault", () => {
  const cases: [string, number, RegExp][] = [
    ["foo (bar", 5, /never closed/],
    ["foo)", 4, /no "\(" for this/],
    ["()", 2, /nothing stands before/],
    ['a "b', 3, /quote is never closed/],
    ["level: error", 7, /"level" has no value/],
    ["foo AND", 5, /nothing follows this AND/],
    ["OR a", 1, /OR stands where/],
    ["a AND OR b", 7, /OR stands where/],
    ["a OR", 3, /nothing follows this OR/],
    ["NOT", 1, /nothing follows this NOT/],
    ["took:[1 5]", 9, /TO is expected/],
    ["took:[1 TO 5", 6, /range is never closed/],
    ["took:>", 7, /value is expected/],
    ["level:>loud", 7, /"loud" is no level/],
    ["level:>fatal", 7, /no level lies/],
    ["@timestamp:>noon", 12, /"noon" is no time/],
    ["/a(/", 2, /cannot be read/],
    ["x /(a+)+b/", 4, /repetition inside a repetition/],
    ['""', 1, /phrase is empty/],
  ];
  for (const [text, column, message] of cases) {
    const fault = faultOf(text);
    assert.equal(fault.column, column, `${text}: ${fault.message}`);
    assert.match(fault.detail, message, text);
  }
});

Deno.test("a query error shows the line and a caret below the fault, wide characters counted", () => {
  assert.equal(
    faultOf("foo (bar").message,
    'Column 5: this "(" is never closed\n  foo (bar\n      ^',
  );
  assert.match(
    faultOf("错误 (").message,
    /\n {2}错误 \(\n {2}\u3000\u3000 \^|\n.*\n {2}\u3000\u3000 {2}\^/,
  );
  assert.match(faultOf(`${"x".repeat(500)} (`).message, /…x{59} \(\n {3} {60}\^|…/);
});

Deno.test("parseQuery() bounds length, depth and number of conditions", () => {
  assert.match(faultOf("x".repeat(QUERY_CHARS_MAX + 1)).detail, /at most 8192/);
  assert.equal(parseQuery("x".repeat(QUERY_CHARS_MAX)).kind, "word");
  const nest = (depth: number) => "(".repeat(depth) + "x" + ")".repeat(depth);
  assert.equal(parseQuery(nest(QUERY_DEPTH_MAX)).kind, "word");
  assert.match(faultOf(nest(QUERY_DEPTH_MAX + 1)).detail, /nested deeper/);
  assert.match(faultOf("-".repeat(200) + "x").detail, /nested deeper/);
  assert.match(faultOf("x ".repeat(QUERY_PARTS_MAX + 1)).detail, /more than 256/);
  assert.match(faultOf("a*".repeat(17) + "b").detail, /more than 16/);
});
