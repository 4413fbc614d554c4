/** A rule drops what all its conditions name, and nothing beside it: a line dropped by mistake is lost. */
import assert from "node:assert/strict";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { DropRules, wildcard } from "./drop.ts";
import type { LineParser } from "./line_parser.ts";
import { levelCode, parseRules } from "./rules.ts";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
let parsed = 0;
/** Finds the level in the first word and `user=…`; the rules are what is tested here. */
const parser = {
  read(line: Uint8Array) {
    parsed++;
    const [first, ...words] = new TextDecoder().decode(line).split(" ");
    const level = LEVELS.find((one) => one === first);
    const fields = Object.fromEntries(
      words.filter((word) => word.includes("=")).map((word) => word.split("=")),
    );
    return { timeMs: NaN, level: level === undefined ? 0 : levelCode(level), fields };
  },
} as unknown as LineParser;

function rulesOf(...drop: Record<string, unknown>[]): DropRules {
  const named = drop.map((rule, i) => ({ name: `r${i}`, ...rule }));
  return new DropRules(
    parseRules(JSON.stringify([{ topic: "t", drop: named }]), "test")[0].drop,
    parser,
  );
}

function dropped(
  rules: DropRules,
  line: string,
  more: Partial<LogRecord> = {},
): string | undefined {
  const around = new TextEncoder().encode(`GET${line}GET`); // a value is a view of a batch
  const value = around.subarray(3, around.length - 3);
  return rules.ruleFor(
    { path: "/var/log/a.log", tz: "UTC", createdMs: 0, value, ...more } as LogRecord,
  );
}

Deno.test("DropRules: without rules nothing is dropped", () => {
  const none = rulesOf();
  assert.equal(none.empty, true);
  assert.equal(dropped(none, "debug x"), undefined);
  assert.equal(rulesOf({ contains: "x" }).empty, false);
});

Deno.test("DropRules: a text is looked for in the line alone", () => {
  const rules = rulesOf({ contains: "GET /health" });
  assert.equal(dropped(rules, "x GET /health 200"), "r0");
  assert.equal(dropped(rules, "x get /health 200"), undefined);
  assert.equal(
    dropped(rulesOf({ contains: "GET" }), "x"),
    undefined,
    "what stands around is of others",
  );
  assert.equal(dropped(rules, ""), undefined);
});

Deno.test("DropRules: an expression is tried on the first 64 KiB", () => {
  const rules = rulesOf({ matches: "^\\d+ ok$" });
  assert.equal(dropped(rules, "12 ok"), "r0");
  assert.equal(dropped(rules, "12 ok!"), undefined);
  const end = rulesOf({ matches: "y" });
  assert.equal(dropped(end, `${"x".repeat(65_535)}y`), "r0");
  assert.equal(dropped(end, `${"x".repeat(65_536)}y`), undefined);
});

Deno.test("DropRules: a path is a whole one, * stands for any characters", () => {
  const rules = rulesOf({ path: "/var/log/*.log" });
  for (const path of ["/var/log/a.log", "/var/log/a/b.log"]) {
    assert.equal(dropped(rules, "x", { path }), "r0");
  }
  for (const path of ["/var/log/a.log.1", "/x/var/log/a.log", "/var/log/axlog", ""]) {
    assert.equal(dropped(rules, "x", { path }), undefined, path);
  }
  assert.equal(wildcard("a+b*").test("a+b\nc"), true);
  assert.equal(wildcard("a+b*").test("aab"), false);
});

Deno.test("DropRules: below a level are the lower ones; a line without a level stays", () => {
  const rules = rulesOf({ below: "info" });
  assert.deepEqual(
    ["trace x", "debug x", "info x", "error x", "x"].map((line) => dropped(rules, line)),
    [
      ...["r0", "r0", undefined, undefined, undefined],
    ],
  );
});

Deno.test("DropRules: a field is the record's own before the line's, and the whole value", () => {
  const rules = rulesOf({ field: "user", equals: "bot" });
  assert.equal(dropped(rules, "info user=bot"), "r0");
  assert.equal(dropped(rules, "info user=bots"), undefined);
  assert.equal(dropped(rules, "info"), undefined);
  assert.equal(dropped(rules, "info user=ann", { fields: { user: "bot" } }), "r0");
  assert.equal(dropped(rules, "info user=bot", { fields: { user: "ann" } }), undefined);
});

Deno.test("DropRules: all conditions of a rule must hold, and the first rule counts", () => {
  const all = {
    contains: "a",
    matches: "b$",
    path: "*.log",
    below: "warn",
    field: "k",
    equals: "v",
  };
  const rules = rulesOf(all);
  assert.equal(dropped(rules, "info k=v a b"), "r0");
  for (
    const line of ["info k=v c b", "info k=v a b c", "error k=v a b", "info k=w a b", "k=v a b"]
  ) {
    assert.equal(dropped(rules, line), undefined, line);
  }
  assert.equal(dropped(rules, "info k=v a b", { path: "/a.txt" }), undefined);
  const two = rulesOf(all, { contains: "a" }, { matches: "a" });
  assert.equal(dropped(two, "info k=v a b"), "r0");
  assert.equal(dropped(two, "error a"), "r1");
  assert.equal(dropped(two, "error b"), undefined);
});

Deno.test("DropRules: a line is parsed once, and only where a rule asks for it", () => {
  parsed = 0;
  const rules = rulesOf({ contains: "z", below: "info" }, { below: "debug" }, {
    field: "k",
    equals: "v",
  });
  dropped(rules, "info k=v");
  assert.equal(parsed, 1);
  dropped(rulesOf({ contains: "z", below: "info" }), "info");
  assert.equal(parsed, 1);
});
