import assert from "node:assert/strict";
import type { LogRecord } from "../../core/ports/document_store.ts";
import { LEVEL_NAMES } from "../../core/reading/level.ts";
import { TopicPlans } from "./plan.ts";
import { parseRules } from "./rules.ts";

const DEFAULTS = {
  index: "",
  document: "full" as const,
  fields: "auto" as const,
  daysBack: 400,
  retentionDays: 0,
  retentionBytes: 0,
  dead: "weir-dead",
};
const TODAY = new Date().toISOString().slice(0, 10);
const DAY = TODAY.replaceAll("-", ".");

const plans = (rules: unknown[], defaults = {}) =>
  new TopicPlans({ ...DEFAULTS, ...defaults }, parseRules(JSON.stringify(rules), "test"));

function record(value: string, changes: Partial<LogRecord> = {}): LogRecord {
  return {
    topic: "t",
    uid: "u",
    generation: null,
    offset: 0,
    length: 1,
    host: "h",
    path: "/var/log/app/a.log",
    value: new TextEncoder().encode(value),
    createdMs: Date.UTC(2026, 10, 21),
    day: "2026-11-21",
    tz: "UTC",
    ...changes,
  };
}

Deno.test("TopicPlans gives the first rule that fits, and the settings file's without one", () => {
  const found = plans([
    { topic: "web_log", index: "shop-{topic}-{day}", retention: { days: 7 } },
    { topic: "app-*", document: "minimal" },
    { topic: "*", dataset: "rest" },
  ], { retentionDays: 30 });
  assert.equal(found.of("web_log").names.targetOf("web_log", TODAY).index, `shop-web_log-${DAY}`);
  assert.equal(found.of("web_log").retention.days, 7);
  const app = found.of("app-1");
  assert.deepEqual(app.names.targetOf("app-1", TODAY), { index: "app-1", document: "minimal" });
  assert.equal(app.retention.days, 30);
  assert.equal(app.own, true);
  assert.equal(found.of("web_log2").shape.dataset, "rest");
  const plain = plans([]).of("web_log");
  assert.equal(plain.names.targetOf("web_log", TODAY).index, `weir-web_log-${DAY}`);
  assert.equal(plain.own, false);
  assert.equal(plain.shape.parser, undefined);
});

Deno.test("TopicPlans names data streams by type, topic and namespace", () => {
  const { names } = plans([{ topic: "t", dataStream: true, namespace: "prod" }]).of("t");
  assert.deepEqual(names.targetOf("t", TODAY), {
    index: "logs-t-prod",
    document: "full",
    dataStream: true,
  });
});

function findings(parse: unknown, line: string) {
  const { parser } = plans([{ topic: "t", parse }]).of("t").shape;
  const found = parser!.read(new TextEncoder().encode(line), "UTC", Date.UTC(2026, 10, 21, 12));
  return {
    time: Number.isNaN(found.timeMs) ? "" : new Date(found.timeMs).toISOString(),
    level: LEVEL_NAMES[found.level],
    fields: { ...found.fields },
    fits: found.fits,
  };
}

Deno.test("a rule's pattern gives fields, time and level; a line that does not fit has none", () => {
  const parse = {
    format: "regex",
    pattern: "^(?<when>[^ ]+) (?<sev>[A-Z]) (?<client>\\S+)( (?<more>.*))?$",
    time: "when",
    timeFormat: "%Y%m%d-%H%M%S",
    timezone: "Asia/Shanghai",
    level: "sev",
    levels: { X: "fatal" },
  };
  assert.deepEqual(findings(parse, "20261121-081500 X 10.0.0.7"), {
    time: "2026-11-21T00:15:00.000Z",
    level: "fatal",
    fields: { when: "20261121-081500", sev: "X", client: "10.0.0.7" },
    fits: true,
  });
  const other = { time: "", level: "", fields: {}, fits: false };
  assert.deepEqual(findings(parse, "2026-11-21 08:15:00 ERROR other"), other);
});

Deno.test("json, logfmt, none: only what the rule asks for is read", () => {
  const json = { format: "json", time: "at", timeFormat: "epoch_s", level: "sev" };
  assert.deepEqual(findings(json, '{"at":1795233600,"sev":"WARNING","a":{"b":1}}'), {
    time: "2026-11-21T04:00:00.000Z",
    level: "warn",
    fields: { at: "1795233600", sev: "WARNING", "a.b": "1" },
    fits: true,
  });
  assert.equal(findings(json, "level=error msg=x").fits, false);
  assert.deepEqual(findings({ format: "logfmt" }, 'level=error msg="a b"'), {
    time: "",
    level: "error",
    fields: { level: "error", msg: "a b" },
    fits: true,
  });
  assert.equal(findings({ format: "logfmt" }, '{"level":"error"}').fits, false);
  assert.deepEqual(findings({ format: "none" }, "2026-11-21T00:00:00Z ERROR x=1 y=2"), {
    time: "",
    level: "",
    fields: {},
    fits: true,
  });
});

Deno.test("drop rules name what they drop; all conditions of a rule have to hold", () => {
  const { drops } = plans([{
    topic: "t",
    drop: [
      { name: "health", contains: "GET /health", path: "/var/log/app/*" },
      { name: "debug", below: "info" },
      { name: "bots", matches: "bot/\\d" },
      { name: "tests", field: "env", equals: "test" },
    ],
  }]).of("t");
  const rule = (value: string, changes?: Partial<LogRecord>) =>
    drops.ruleFor(record(value, changes));
  assert.equal(rule("GET /health 200"), "health");
  assert.equal(rule("GET /health 200", { path: "/other.log" }), undefined);
  assert.equal(rule("2026-11-21 10:00:00 DEBUG x"), "debug");
  assert.equal(rule("2026-11-21 10:00:00 INFO x"), undefined);
  assert.equal(rule("no level here"), undefined);
  assert.equal(rule("agent bot/7"), "bots");
  assert.equal(rule('{"env":"test"}'), "tests");
  assert.equal(rule("a line", { fields: { env: "test" } }), "tests");
  assert.equal(rule('{"env":"prod"}'), undefined);
  assert.equal(plans([]).of("t").drops.empty, true);
});
