/** What is a name, a word, a keyword or none: the edges at which people's queries and pasted lines differ. */
import assert from "node:assert/strict";
import type { Query } from "../../core/ports/document_store.ts";
import { parseQuery, QUERY_CHARS_MAX, QUERY_DEPTH_MAX, QUERY_PARTS_MAX } from "./parse.ts";
import { printPart, printQuery } from "./print.ts";
import { QueryError } from "./query_error.ts";
import { Scanner } from "./scanner.ts";

const word = (text: string, prefix = false): Query => ({ kind: "word", text, prefix });
const equals = (field: string, value: string): Query => ({ kind: "equals", field, value });
const and = (...parts: Query[]): Query => ({ kind: "and", parts });
const all: Query = { kind: "all" };

/** Column and words of a refusal. */
function faultOf(text: string): { column: number; said: string } {
  try {
    parseQuery(text);
  } catch (error) {
    assert(error instanceof QueryError, String(error));
    return { column: error.column, said: `${error.detail}; ${error.hint}` };
  }
  throw new Error(`accepted: ${text}`);
}

Deno.test("a keyword stands by itself, in capitals; anything else is a word", () => {
  assert.deepEqual(parseQuery("ANDY"), word("ANDY"));
  assert.deepEqual(parseQuery("ORDER a"), and(word("ORDER"), word("a")));
  assert.deepEqual(parseQuery("a NOTE"), and(word("a"), word("NOTE")));
  assert.deepEqual(parseQuery("XOR"), word("XOR"));
  assert.deepEqual(parseQuery("(a)OR(b)"), { kind: "or", parts: [word("a"), word("b")] });
  assert.deepEqual(parseQuery("(a)AND(b)"), and(word("a"), word("b")));
  assert.deepEqual(parseQuery("NOT(a)"), { kind: "not", part: word("a") });
  assert.deepEqual(parseQuery("a\tOR\nb"), { kind: "or", parts: [word("a"), word("b")] });
});

Deno.test("keywords want something behind them, also inside parentheses", () => {
  const cases: [string, number, RegExp][] = [
    ["(a OR)", 4, /nothing follows this OR/],
    ["(a AND )", 4, /nothing follows this AND/],
    ["(NOT)", 2, /nothing follows this NOT/],
    ["a AND  ", 3, /"AND" in quotes/],
    ["(a b", 1, /this "\(" is never closed; Add "\)"/],
    ["a (b) c)", 8, /no "\(" for this "\)"/],
    ["( )", 3, /nothing stands before this "\)"; Put a condition/],
    ["AND", 1, /AND stands where .* Put something before AND/],
    ["- a OR AND", 8, /AND stands where/],
    ["host:", 6, /field "host" has no value; .*host:x/],
    ["host:)", 6, /field "host" has no value/],
    ["-(", 3, /something is missing here; Write a word/],
    ['host:(a "b', 9, /quote is never closed; Add "/],
    ["took:[ TO 5]", 11, /TO is expected/],
    ["took:[1 TO ]", 12, /a value is expected here; A bound is/],
    ["took:[]", 7, /a value is expected here/],
    ["took:>=", 8, /a value is expected here/],
    ["took:[1 TO 5", 6, /never closed; Write took:\[1 TO 5\]/],
    ["level:>=loud", 7, /no level/],
    ["a /[/", 4, /; GRAMMAR\.md lists/],
    ['message:""', 9, /phrase is empty; Write something/],
  ];
  for (const [text, column, said] of cases) {
    const found = faultOf(text);
    assert.match(found.said, said, text);
    assert.equal(found.column, column, text);
  }
});

Deno.test("a name begins with a letter, _ or @ and holds letters, digits and _ @ . -", () => {
  const field = (text: string) => {
    const query = parseQuery(text);
    return query.kind === "equals" ? query.field : query.kind;
  };
  assert.equal(field("_a:x"), "_a");
  assert.equal(field("@a:x"), "@a");
  assert.equal(field("a1.b-c_d@e:x"), "a1.b-c_d@e");
  assert.equal(field("größe:x"), "größe");
  assert.equal(field("温度:x"), "温度");
  assert.equal(field("𝒳:x"), "𝒳");
  assert.equal(field("a\\ b:x"), "a b");
  assert.equal(field("\\1a:x"), "1a");
  assert.equal(field("a\\:b:x"), "a:b");
  for (
    const text of [
      "1a:x",
      ".a:x",
      "-:x",
      "a b:",
      "a/b:x",
      "😀:x",
      ":x",
      "::",
      "a::b",
      "a://b",
      "a+b:x",
    ]
  ) {
    let query: Query | undefined;
    try {
      query = parseQuery(text);
    } catch { /* no name with no value either */ }
    assert.notEqual(query?.kind, "equals", text);
  }
  assert.deepEqual(parseQuery("a:/b"), equals("a", "/b"));
  assert.deepEqual(parseQuery("a:b:c"), equals("a", "b:c"));
  assert.deepEqual(parseQuery(":x"), word(":x"));
});

Deno.test("a backslash takes the next character as it is; one at the end is itself", () => {
  assert.deepEqual(parseQuery("a\\"), word("a\\"));
  assert.deepEqual(parseQuery("a\\\\"), word("a\\"));
  assert.deepEqual(parseQuery("a\\)"), word("a)"));
  assert.deepEqual(parseQuery('a\\"b'), word('a"b'));
  assert.deepEqual(parseQuery("\\(a"), word("(a"));
  assert.deepEqual(parseQuery("host:\\"), equals("host.name", "\\"));
  assert.deepEqual(parseQuery('"a\\n\\\\"'), { kind: "phrase", text: "a\\n\\" });
  assert.deepEqual(
    parseQuery('"a" "b"'),
    and({ kind: "phrase", text: "a" }, { kind: "phrase", text: "b" }),
  );
  assert.deepEqual(parseQuery('a"b"'), and(word("a"), { kind: "phrase", text: "b" }));
  assert.deepEqual(parseQuery('host:""'), equals("host.name", ""));
});

Deno.test("a hyphen before a term negates it; by itself, behind space or doubled it does what it says", () => {
  const not = (part: Query): Query => ({ kind: "not", part });
  assert.deepEqual(parseQuery("-a"), not(word("a")));
  assert.deepEqual(parseQuery("a-b"), word("a-b"));
  assert.deepEqual(parseQuery("-"), word("-"));
  assert.deepEqual(parseQuery("(-)"), word("-"));
  assert.deepEqual(parseQuery("- a"), and(word("-"), word("a")));
  assert.deepEqual(parseQuery("--a"), word("a"));
  assert.deepEqual(parseQuery('-"a b"'), not({ kind: "phrase", text: "a b" }));
});

Deno.test("what lies between slashes is a regular expression only where a term ends behind it", () => {
  const regex = (source: string, field = "message"): Query => ({ kind: "regex", source, field });
  assert.deepEqual(parseQuery("/a/"), regex("a"));
  assert.deepEqual(parseQuery("(/a/)"), regex("a"));
  assert.deepEqual(parseQuery("/a/ b"), and(regex("a"), word("b")));
  assert.deepEqual(parseQuery("/a/i b"), and(regex("(?i:a)"), word("b")));
  assert.deepEqual(parseQuery("/a/ib"), word("/a/ib"));
  assert.deepEqual(parseQuery("/a/b"), word("/a/b"));
  assert.deepEqual(parseQuery("/a"), word("/a"));
  assert.deepEqual(parseQuery("/a\\/"), word("/a/"));
  assert.deepEqual(parseQuery("/\\d\\/x/"), regex("\\d/x"));
  assert.deepEqual(parseQuery("host:/a/i"), regex("(?i:a)", "host.name"));
});

Deno.test("stars are patterns where they are not escaped", () => {
  const pattern = (text: string, field = "message"): Query => ({
    kind: "wildcard",
    field,
    pattern: text,
  });
  assert.deepEqual(parseQuery("**"), all);
  assert.deepEqual(parseQuery("*"), all);
  assert.deepEqual(parseQuery("*\\*"), pattern("*\\**"));
  assert.deepEqual(parseQuery("\\**"), word("*", true));
  assert.deepEqual(parseQuery("a**"), pattern("*a*"));
  assert.deepEqual(parseQuery("a*b*"), pattern("*a*b*"));
  assert.deepEqual(parseQuery("*a"), pattern("*a*"));
  assert.deepEqual(parseQuery("message:*"), all);
  const stars = (count: number) => "a*".repeat(count) + "a";
  assert.equal(parseQuery(stars(16)).kind, "wildcard");
  assert.match(faultOf(`x ${stars(17)}`).said, /more than 16 \* in one pattern; Use a regular/);
  assert.equal(faultOf(`x ${stars(17)}`).column, 3);
  assert.equal(parseQuery(`host:${stars(16)}`).kind, "wildcard");
  assert.equal(faultOf(`host:${stars(17)}`).column, 6);
});

Deno.test("ranges take spaces, quotes, open sides and each kind of bracket", () => {
  const range = (
    low: [string, boolean] | undefined,
    high: [string, boolean] | undefined,
  ): Query => ({
    ...{ kind: "range", field: "took" },
    ...(low && { above: low[0] }),
    ...(high && { below: high[0] }),
    ...{ aboveInclusive: low?.[1] ?? false, belowInclusive: high?.[1] ?? false },
  } as Query);
  assert.deepEqual(parseQuery("took:[ 1  TO  5 ]"), range(["1", true], ["5", true]));
  assert.deepEqual(parseQuery("took:{1 TO 5}"), range(["1", false], ["5", false]));
  assert.deepEqual(parseQuery("took:[1 TO *]"), range(["1", true], undefined));
  assert.deepEqual(parseQuery('took:["*" TO 5}'), range(["*", true], ["5", false]));
  assert.deepEqual(parseQuery("took:[\\* TO 5}"), range(["*", true], ["5", false]));
  assert.deepEqual(parseQuery('took:>"a b"'), range(["a b", false], undefined));
  assert.deepEqual(parseQuery("took:<=5 x"), and(range(undefined, ["5", true]), word("x")));
  assert.deepEqual(parseQuery("took:[1 TO 5]x"), and(range(["1", true], ["5", true]), word("x")));
  assert.deepEqual(parseQuery("[1 TO 5]"), and(word("[1"), word("TO"), word("5]")));
  assert.deepEqual(parseQuery(">5"), word(">5"));
});

Deno.test("bounds hold to the character, the depth and the condition", () => {
  const nest = (depth: number) => "(".repeat(depth) + "x" + ")".repeat(depth);
  assert.equal(faultOf(nest(QUERY_DEPTH_MAX + 1)).column, QUERY_DEPTH_MAX + 1);
  const deep = nest(QUERY_DEPTH_MAX), negated = "-".repeat(QUERY_DEPTH_MAX);
  assert.deepEqual(parseQuery(`${deep} ${deep}`), and(word("x"), word("x")));
  assert.deepEqual(parseQuery(`${negated}x ${deep}`), and(word("x"), word("x")));
  assert.match(faultOf("-".repeat(QUERY_DEPTH_MAX + 1) + "x").said, /nested deeper than 32; Take/);
  assert.equal(parseQuery("x ".repeat(QUERY_PARTS_MAX)).kind, "and");
  const many = Array.from({ length: QUERY_PARTS_MAX + 1 }, (_, i) => `w${i}`).join(" ");
  assert.match(faultOf(many).said, /more than 256 conditions; Split/);
  assert.equal(faultOf(many).column, many.lastIndexOf("w") + 1);
  assert.match(faultOf("x".repeat(QUERY_CHARS_MAX + 1)).said, /at most 8192 .* 8193; Shorten/);
});

Deno.test("Scanner says where it is, and whether a term begins ahead", () => {
  const scan = new Scanner("  a )");
  scan.skipSpace();
  assert.deepEqual([scan.at, scan.peek(), scan.done(), scan.startsTerm()], [2, "a", false, true]);
  assert.deepEqual([1, 2, 3].map((ahead) => scan.startsTerm(ahead)), [false, false, false]);
  for (let i = 0; i < 3; i++) scan.skip();
  assert.deepEqual([scan.at, scan.peek(), scan.done(), scan.startsTerm()], [5, "", true, false]);
});

Deno.test("printQuery() puts parentheses and quotes only where they are needed", () => {
  const same = [
    ...[
      "a OR b",
      "a (b OR c)",
      "-(a b)",
      "-(a OR b)",
      "-a",
      "a b",
      "host:(a OR b)",
      "-host:(a OR b)",
    ],
    ...["c host:(a OR b)", 'host:(a OR "AND")', "took:>5", "took:>=5", "took:<5", "took:<=5"],
    ...["took:[1 TO 5]", "took:{1 TO 5}", 'took:["a b" TO "TO"]', "a*", "\\AND", "\\AND*", "a\\ b"],
    ...[
      "\\-a",
      "\\[a",
      "a\\:b",
      "1:2",
      '"a \\"b\\""',
      "/a b/",
      "host:/a\\/b/",
      "status:5*",
      "status:\\<a*",
    ],
    ...[
      "a\\*b",
      "status:*",
      "host:web-1",
      'host:"-x"',
      'host:"a b"',
      "\\/a",
      "a OR b c",
      "\\>5",
      "\\{a",
    ],
  ];
  for (const text of same) assert.equal(printQuery(parseQuery(text)), text);
  assert.equal(printPart(parseQuery("a OR b")), "(a OR b)");
  assert.equal(printPart(parseQuery("host:(a OR b)")), "host:(a OR b)");
  assert.equal(printPart(parseQuery("a b")), "a b");
  assert.equal(printQuery(parseQuery("host:a OR topic:b")), "host:a OR topic:b");
  assert.equal(printQuery({ kind: "wildcard", field: "message", pattern: "*" }), "message:*");
});
