import assert from "node:assert/strict";
import { compileRegex } from "../query/regex.ts";
import { blockRegex, requiredLiterals } from "./block_regex.ts";

Deno.test("blockRegex() finds in a block the lines that match alone", () => {
  const lines = [
    "",
    "a b",
    "error 12",
    "x",
    " at y",
    "a\r",
    "b-7",
    "é ñ",
    "line\u2028end",
    "12",
    "A",
  ];
  const text = lines.join("\n") + "\n";
  const sources = [
    "a",
    "^a",
    "b$",
    "\\s",
    "a\\s+b",
    "[^a]$",
    "^[^x]*$",
    "\\D",
    "\\W\\d",
    "(?:a|b)-?",
    "(x|y)",
    ".",
    "^$",
    "(?i:a)$",
    "\\br",
    "[\\d-]+",
    "a[^\\s]",
  ];
  for (const source of sources) {
    const fast = blockRegex(source)!;
    assert.ok(fast, source);
    const exact = compileRegex(source);
    let at = 0;
    const found = lines.filter((line) => {
      fast.regex.lastIndex = at;
      const hit = fast.regex.exec(text);
      at += line.length + 1;
      const inside = hit !== null && hit.index < at;
      if (inside) assert.ok(hit.index + hit[0].length < at, `${source} stays in its line`);
      return inside && (!fast.anchored || exact.test(line));
    });
    assert.deepEqual(found, lines.filter((line) => exact.test(line)), source);
  }
});

Deno.test("blockRegex() leaves alone what it cannot be certain of", () => {
  for (
    const source of [
      "a\\nb",
      "[\\s\\S]",
      "[^]",
      "\\x0a",
      "\\u000a",
      "a(?=b)",
      "(?<n>a)",
      "\\p{L}",
      "[\\x00-\\x7f]",
    ]
  ) {
    const fast = blockRegex(source);
    assert.ok(fast === undefined || !fast.regex.test("\n"), source);
  }
});

Deno.test("requiredLiterals() gives what every match holds", () => {
  const cases: [string, string[]][] = [
    ["timeout after \\d+ ms", ["timeout after ", " ms"].filter((one) => one.length >= 3)],
    ["/[a-z]+/\\d{4}7\\?page=\\d+ ", ["7?page="]],
    ["abc|def", []],
    ["(abc|def) failed", [" failed"]],
    ["colou?r is", ["colo", "r is"]],
    ["aab+cdef", ["aab", "cdef"]],
    ["x{3}abcd", ["abcd"]],
    ["(?i:error)", []],
    ["^\\[main\\] ERROR$", ["[main] ERROR"]],
    ["a.b.c", []],
    ["[abc]defg", ["defg"]],
    ["abc*", []],
    ["ab\\x41cdef", []],
  ];
  for (const [source, literals] of cases) {
    assert.deepEqual(requiredLiterals(source), literals, source);
  }
});
