import assert from "node:assert/strict";
import { TemplateNames } from "./names.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const names = (template: string, daysBack = 30) =>
  new TemplateNames(template, daysBack, "full", () => NOW);

Deno.test("TemplateNames fills topic and day", () => {
  assert.equal(
    names("weir-{topic}-{day}").targetOf("web_log", "2026-11-21").index,
    "weir-web_log-2026.11.21",
  );
  assert.equal(names("{topic}").targetOf("web_log", "2026-11-21").index, "web_log");
});

Deno.test("TemplateNames makes any topic's name one that an index can bear", () => {
  assert.equal(
    names("weir-{topic}-{day}").targetOf("My App*", "2026-11-21").index,
    "weir-my-app--2026.11.21",
  );
  const long = names("weir-{topic}-{day}").targetOf("x".repeat(249), "2026-11-21").index;
  assert.ok(long.length <= 255);
});

Deno.test("TemplateNames gives days out of bounds one index", () => {
  const found = names("w-{topic}-{day}");
  assert.equal(found.targetOf("t", "2026-10-22").index, "w-t-2026.10.22");
  assert.equal(found.targetOf("t", "2026-11-22").index, "w-t-2026.11.22");
  for (const day of ["2026-10-21", "1970-01-01", "2026-11-23", "9999-12-31"]) {
    assert.equal(found.targetOf("t", day).index, "w-t-other-days");
  }
});

Deno.test("TemplateNames gives patterns that fit its own names only", () => {
  assert.deepEqual(names("weir-{topic}-{day}").patterns(["a"]), ["weir-*-*"]);
  assert.deepEqual(names("{topic}").patterns(["a", "B"]), ["a", "b"]);
  assert.deepEqual(names("{topic}-{day}").patterns(["a"]), ["a-*"]);
  assert.deepEqual(names("{topic}").patterns([]), []);
});

Deno.test("TemplateNames refuses a template that is no index name", () => {
  for (
    const template of ["weir-{day}", "Weir-{topic}", "{topic}-{host}", "_{topic}", "a b{topic}"]
  ) {
    assert.throws(() => names(template), /Cannot use index.name/);
  }
});
