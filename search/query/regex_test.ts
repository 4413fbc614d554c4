import assert from "node:assert/strict";
import { compileRegex, regexFault } from "./regex.ts";

Deno.test("regexFault() lets in what people search logs with", () => {
  for (
    const source of [
      "timed? out",
      "^\\d{4}-\\d{2}-\\d{2}",
      "(\\d+\\.){3}\\d+",
      "(\\d+\\.)+\\d+",
      "(/[^/]+)*\\.log",
      "error|warn(ing)?|fatal",
      "(foo|bar)+",
      "user=(\\w+) .* status=5\\d\\d",
      "[A-Za-z_]\\w*Exception",
      "\\bGET\\b.*\\s[45]\\d\\d\\s",
      "a\\-b",
      "超时.{0,10}重试",
      "\\p{Script=Han}+",
      "(\\w+\\s)*end",
      "\\[\\w+\\]",
      "(?i:abc)def",
      "(?<name>x)y",
      "took [0-9.]+ms",
      "((a|b)c)*",
    ]
  ) {
    assert.equal(regexFault(source), undefined, `${source}: ${regexFault(source)?.message}`);
    compileRegex(source);
  }
});

Deno.test("regexFault() refuses what can blow up, and what not every store can do", () => {
  for (
    const [source, message] of [
      ["(a+)+b", /inside a repetition/],
      ["(a*)*", /inside a repetition/],
      ["(a|a)*b", /inside a repetition/],
      ["(a|ab)*c", /inside a repetition/],
      ["(\\w+\\s?)*x", /inside a repetition/],
      ["(.*a){10}", /inside a repetition/],
      ["(x+x+)+y", /inside a repetition/],
      ["([a-z]+)*[0-9]", /inside a repetition/],
      ["(xa?a?)*y", /inside a repetition/],
      [".*.*.*x", /in a row/],
      ["\\s*\\s*\\s*x", /in a row/],
      ["a*b*c*d*e*f*g*", /more than 6/],
      ["(a)\\1", /back-references/],
      ["(?=a)b", /look-ahead/],
      ["(?<!a)b", /look-ahead/],
      ["a{2000}", /above 1000/],
      ["x".repeat(1001), /at most 1000/],
      ["a(", /cannot be read/],
      ["", /empty/],
    ] as [string, RegExp][]
  ) assert.match(regexFault(source)?.message ?? "accepted", message, source);
});

Deno.test("accepted expressions end soon on text made to make them fail", () => {
  // Counted in steps of a clock that cannot be mocked away: a blow-up would not end at all.
  const hostile = ["a".repeat(3000), "ab".repeat(1500), "1.".repeat(1500), "/x".repeat(1500)];
  for (const source of ["(\\d+\\.)+x", "(/[^/]+)*!", "(\\w+\\s)*!", "a*b*!", "(foo|bar)+!"]) {
    assert.equal(regexFault(source), undefined, source);
    for (const text of hostile) assert.equal(compileRegex(source).test(text), false);
  }
});
