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
  assert.equal(long, `weir-${"x".repeat(195)}-2026.11.21`);
});

Deno.test("TemplateNames gives days out of bounds one index", () => {
  const found = names("w-{topic}-{day}");
  assert.equal(found.targetOf("t", "2026-10-22").index, "w-t-2026.10.22");
  assert.equal(found.targetOf("t", "2026-11-22").index, "w-t-2026.11.22");
  for (const day of ["2026-10-21", "1970-01-01", "2026-11-23", "9999-12-31"]) {
    assert.equal(found.targetOf("t", day).index, "w-t-other-days");
  }
});

Deno.test("TemplateNames believes a hundred years where nothing else is set, to the day", () => {
  const midnight = Date.UTC(2026, 10, 21);
  const found = new TemplateNames("w-{topic}-{day}", {}, () => midnight);
  const back = (days: number) => new Date(midnight - days * 86_400_000).toISOString().slice(0, 10);
  assert.equal(found.targetOf("t", back(36_500)).index, `w-t-${back(36_500).replaceAll("-", ".")}`);
  assert.equal(found.targetOf("t", back(36_501)).index, "w-t-other-days");
});

Deno.test("TemplateNames decides anew once a day is over", () => {
  let now = NOW;
  const found = new TemplateNames("w-{topic}-{day}", { retentionDays: 1 }, () => now);
  assert.equal(found.targetOf("t", "2026-11-23").index, "w-t-other-days");
  assert.equal(found.targetOf("t", "2026-11-20").index, "w-t-2026.11.20");
  now += 86_400_000;
  assert.equal(found.targetOf("t", "2026-11-23").index, "w-t-2026.11.23");
  assert.equal(found.targetOf("t", "2026-11-20").index, "w-t-2026.11.22");
});

Deno.test("TemplateNames gives the same target again, and keeps a bounded number of them", () => {
  const found = names("w-{topic}-{day}");
  const first = found.targetOf("t", "2026-11-21");
  for (let i = 0; i < 9000; i++) found.targetOf(`a${i}`, "2026-11-21");
  assert.equal(found.targetOf("t", "2026-11-21"), first);
  for (let i = 0; i < 2000; i++) found.targetOf(`b${i}`, "2026-11-21");
  assert.notEqual(found.targetOf("t", "2026-11-21"), first);
  assert.deepEqual(found.targetOf("t", "2026-11-21"), first);
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

Deno.test("TemplateNames.remove() holds for the newest day said, until it is taken back", () => {
  const found = names("w-{topic}-{day}");
  const indexOf = (day: string) => found.targetOf("t", day).index;
  assert.equal(indexOf("2026-11-18"), "w-t-2026.11.18");
  const undo = found.remove("t", "2026-11-18");
  assert.equal(indexOf("2026-11-18"), "w-t-2026.11.21");
  const undoOlder = found.remove("t", "2026-11-17");
  assert.equal(indexOf("2026-11-18"), "w-t-2026.11.21", "an older day opens no newer one");
  undoOlder();
  assert.equal(indexOf("2026-11-18"), "w-t-2026.11.21", "an older day takes nothing back");
  found.remove("t", "2026-11-18")();
  assert.equal(indexOf("2026-11-18"), "w-t-2026.11.21", "the same day takes nothing back");
  const undoNewer = found.remove("t", "2026-11-19");
  assert.equal(indexOf("2026-11-19"), "w-t-2026.11.21");
  undoNewer();
  assert.equal(indexOf("2026-11-19"), "w-t-2026.11.19");
  assert.equal(indexOf("2026-11-18"), "w-t-2026.11.21");
  undo();
  assert.equal(indexOf("2026-11-18"), "w-t-2026.11.18");
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
