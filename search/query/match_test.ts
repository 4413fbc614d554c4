import assert from "node:assert/strict";
import fc from "fast-check";
import type { Document } from "../../core/ports/document_store.ts";
import { compileMatch, numberOf, wildcardMatcher } from "./match.ts";
import { parseQuery } from "./parse.ts";
import { tokensOf } from "./words.ts";

function documentOf(message: string, fields: Record<string, string> = {}): Document {
  return {
    _id: "AAAAAAAAAAAAAAAA:0-10",
    "@timestamp": "2026-11-21T10:00:00.000Z",
    message,
    topic: "app",
    "host.name": "web-1",
    "log.file.path": "/var/log/app.log",
    "log.file.generation": "AAAAAAAAAAAAAAAA",
    "log.offset": 1200,
    "log.length": 10,
    "log.level": "error",
    "event.created": "2026-11-21T10:00:01.000Z",
    "event.dataset": "app",
    fields,
  };
}

const line = documentOf(
  "2026 Connection to 10.0.0.1:5432 timed out, blk_-1608999 user=Ann_B /api/Users <b>",
  { status: "503", took: "12.5", user: "Ann", path: "/x", odd: "", __proto__x: "1" },
);

Deno.test("compileMatch(): words, phrases, patterns and expressions on the message", () => {
  const yes = [
    "",
    "connection",
    "CONNECTION timed",
    "conn*",
    "10.0.0.1",
    "10.0.0.1:5432",
    "0.0.1",
    "blk_-1608999",
    "blk_-16*",
    "ann_b",
    "/api/users",
    "/api/us*",
    '"tion to"',
    '"TIMED OUT,"',
    "*imed*",
    "conn*timed",
    "/timed (in|out)/",
    "/CONNECTION/i",
    "-absent",
    "absent OR timed",
    "<b>",
    "out,",
  ];
  const no = [
    "connect",
    "nection",
    "onn*",
    "10.0.0.11",
    "0.0.0.1 absent",
    "0.0.1* absent",
    "0.0.12",
    "ann",
    "blk_-160",
    '"timed  out"',
    "timed*conn",
    "/CONNECTION/",
    "-timed",
    "(absent OR missing)",
  ];
  for (const text of yes) assert.equal(compileMatch(parseQuery(text))(line), true, text);
  for (const text of no) assert.equal(compileMatch(parseQuery(text))(line), false, text);
});

Deno.test("compileMatch(): fields by full and short names, existence, ranges", () => {
  const yes = [
    "host:WEB-1",
    "level:Error",
    "level:>=warn",
    "level:[info TO error]",
    "file:/var/log/app.log",
    "path:*.log",
    "fields.path:/x",
    "topic:app",
    "status:503",
    "status:5*",
    "status:>=500",
    "status:[500 TO 599]",
    "status:(404 OR 503)",
    "took:>12",
    "took:<12.50001",
    "took:[12.5 TO *]",
    "user:*",
    "odd:*",
    'odd:""',
    "log.offset:>1000",
    "user:/^A/",
    "@timestamp:>=2026-11-21T10:00:00Z",
    "@timestamp:<2026-11-21T12:00:00+01:00",
    "user:[Amy TO Bob]",
  ];
  const no = [
    "host:web",
    "user:ann",
    "level:>error",
    "took:>12.5",
    "took:{12.5 TO 13]",
    "nothing:*",
    "nothing:x",
    "constructor:*",
    "kafka.offset:*",
    "status:>1e3",
    "@timestamp:<2026-11-21T11:00:00+01:00",
    "path:/x",
  ];
  for (const text of yes) assert.equal(compileMatch(parseQuery(text))(line), true, text);
  for (const text of no) assert.equal(compileMatch(parseQuery(text))(line), false, text);
});

Deno.test("compileMatch(): a Chinese word is found inside a sentence, mixed text keeps its words", () => {
  const chinese = documentOf("数据库连接超时，正在重试 retry3次 中文abc");
  for (
    const text of ["超时", "连接超时", "数据库", "retry3", "次", '"超时，正在"', "中文", "abc"]
  ) {
    assert.equal(compileMatch(parseQuery(text))(chinese), true, text);
  }
  for (const text of ["时超", "retry", "连接重试"]) {
    assert.equal(compileMatch(parseQuery(text))(chinese), false, text);
  }
});

Deno.test("tokensOf() cuts at everything that is no letter, digit or _", () => {
  assert.deepEqual(tokensOf("A-b_1 连接x Ünïcode,10.0"), [
    "a",
    "b_1",
    "连",
    "接",
    "x",
    "ünïcode",
    "10",
    "0",
  ]);
});

Deno.test("every token of a message is found as a word, and so is each of its prefixes", () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e9);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), fc.nat(), (message, n) => {
      const tokens = tokensOf(message);
      if (tokens.length === 0) return;
      const token = tokens[n % tokens.length];
      const document = documentOf(message);
      const note = `${JSON.stringify([message, token])} (replay with SEED=${seed})`;
      assert(compileMatch({ kind: "word", text: token, prefix: false })(document), note);
      const start = Array.from(token).slice(0, 1 + n % 3).join("");
      assert(compileMatch({ kind: "word", text: start, prefix: true })(document), note);
    }),
    { seed, numRuns: 2000 },
  );
});

Deno.test("wildcardMatcher() agrees with the same pattern as a regular expression", () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e9);
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
  const value = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
  fc.assert(
    fc.property(letters, value, (pattern, subject) => {
      const regex = new RegExp(`^${pattern.replaceAll("*", ".*")}$`, "s");
      assert.equal(
        wildcardMatcher(pattern)(subject),
        regex.test(subject),
        `${pattern} ${subject} (replay with SEED=${seed})`,
      );
    }),
    { seed, numRuns: 5000 },
  );
});

Deno.test("numberOf() reads decimal numbers only", () => {
  assert.equal(numberOf("-1.5e3"), -1500);
  assert.equal(numberOf(" 7 "), 7);
  for (const text of ["", "0x10", "1 2", "Infinity", "1ms", "."]) {
    assert.equal(numberOf(text), undefined, text);
  }
});
