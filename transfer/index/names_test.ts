import assert from "node:assert/strict";
import { TemplateNames } from "./names.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const names = (template: string, daysBack = 30) => new TemplateNames(template, daysBack, () => NOW);

Deno.test("TemplateNames fills topic and day", () => {
  assert.equal(
    names("weir-{topic}-{day}").nameOf("web_log", "2026-11-21"),
    "weir-web_log-2026.11.21",
  );
  assert.equal(names("{topic}").nameOf("web_log", "2026-11-21"), "web_log");
});

Deno.test("TemplateNames makes any topic's name one that an index can bear", () => {
  assert.equal(
    names("weir-{topic}-{day}").nameOf("My App*", "2026-11-21"),
    "weir-my-app--2026.11.21",
  );
  const long = names("weir-{topic}-{day}").nameOf("x".repeat(249), "2026-11-21");
  assert.ok(long.length <= 255);
});

Deno.test("TemplateNames gives days out of bounds one index", () => {
  const found = names("w-{topic}-{day}");
  assert.equal(found.nameOf("t", "2026-10-22"), "w-t-2026.10.22");
  assert.equal(found.nameOf("t", "2026-11-22"), "w-t-2026.11.22");
  for (const day of ["2026-10-21", "1970-01-01", "2026-11-23", "9999-12-31"]) {
    assert.equal(found.nameOf("t", day), "w-t-other-days");
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
