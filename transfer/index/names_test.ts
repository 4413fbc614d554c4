import assert from "node:assert/strict";
import { TemplateNames } from "./names.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const names = (template: string, daysBack = 30) =>
  new TemplateNames(template, { daysBack }, () => NOW);

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
  assert.equal(names("weir-{topic}-{day}").pattern("a"), "weir-*-*");
  assert.equal(names("weir-{topic}-{day}").patternOf("a"), "weir-a-*");
  assert.equal(names("{topic}").pattern("B"), "b");
  assert.equal(names("{topic}-{day}").pattern("a"), "a-*");
});

Deno.test("TemplateNames refuses a template that is no index name", () => {
  for (
    const template of ["weir-{day}", "Weir-{topic}", "{topic}-{host}", "_{topic}", "a b{topic}"]
  ) {
    assert.throws(() => names(template), /Cannot use index.name/);
  }
});

Deno.test("TemplateNames reads topic and day from its own names only", () => {
  const found = names("weir-{topic}-{day}");
  assert.deepEqual(found.read("weir-web_log-2026.11.21"), { topic: "web_log", day: "2026-11-21" });
  assert.deepEqual(found.read("weir-a.b-c-2026.11.21"), { topic: "a.b-c", day: "2026-11-21" });
  for (const index of ["weir-web_log-other-days", "weir-web_log-2026.11.21-1", "x-a-2026.11.21"]) {
    assert.equal(found.read(index), undefined);
  }
  assert.equal(names("{topic}").read("web_log"), undefined);
  assert.deepEqual(names("{topic}-{day}-{topic}").read("a-2026.11.21-a"), {
    topic: "a",
    day: "2026-11-21",
  });
  assert.equal(names("{topic}-{day}-{topic}").read("a-2026.11.21-b"), undefined);
});

Deno.test("TemplateNames sends lines of days whose index is deleted to today's", () => {
  const found = new TemplateNames("w-{topic}-{day}", { retentionDays: 7 }, () => NOW);
  assert.equal(found.targetOf("t", "2026-11-14").index, "w-t-2026.11.14");
  assert.equal(found.targetOf("t", "2026-11-13").index, "w-t-2026.11.21");
  found.remove("t", "2026-11-18");
  assert.equal(found.targetOf("t", "2026-11-18").index, "w-t-2026.11.21");
  assert.equal(found.targetOf("t", "2026-11-19").index, "w-t-2026.11.19");
  assert.equal(found.targetOf("other", "2026-11-18").index, "w-other-2026.11.18");
});

Deno.test("TemplateNames fills dataset and namespace; a data stream has no day", () => {
  const options = { dataStream: true, dataset: "nginx.access", namespace: "prod" };
  const found = new TemplateNames("logs-{dataset}-{namespace}-{topic}", options, () => NOW);
  assert.deepEqual(found.targetOf("web", "2026-11-21"), {
    index: "logs-nginx.access-prod-web",
    document: "full",
    dataStream: true,
  });
  assert.throws(() => new TemplateNames("logs-{topic}-{day}", options), /has no \{day\}/);
});
