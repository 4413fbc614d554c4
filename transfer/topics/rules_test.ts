import assert from "node:assert/strict";
import { parseRules } from "./rules.ts";

const parse = (rules: unknown) => parseRules(JSON.stringify(rules), "test");

Deno.test("parseRules takes a topic alone, and every key", () => {
  const [alone] = parse([{ topic: "web_log" }]);
  assert.equal(alone.parse.format, "auto");
  assert.deepEqual(alone.retention, { days: 0, bytes: 0 });
  const none = { linesPerSecond: 0, bytesPerSecond: 0, linesPerDay: 0, bytesPerDay: 0 };
  assert.deepEqual(alone.quota, { ...none, over: "wait" });
  assert.deepEqual([alone.indexed, alone.archiveDays, alone.drop], [true, 0, []]);
  const [full] = parse([{
    topic: "app-*",
    index: "shop-{topic}-{day}",
    document: "full",
    dataset: "nginx.access",
    namespace: "prod",
    parse: {
      format: "regex",
      pattern: "^(?<when>\\S+) (?<lvl>[A-Z])\\b.*$",
      time: "when",
      timeFormat: "%Y-%m-%dT%H:%M:%S",
      timezone: "Asia/Shanghai",
      level: "lvl",
      levels: { W: "warn" },
    },
    fields: "none",
    drop: [{ name: "health", contains: "GET /health" }, { name: "noise", below: "info" }],
    retention: { days: 30, bytes: "50GiB" },
    quota: { linesPerSecond: 1000, bytesPerDay: "1GB", over: "drop" },
  }]);
  assert.equal(full.parse.pattern, "^(?<when>\\S+) (?<lvl>[A-Z])\\b.*$");
  assert.deepEqual(full.retention, { days: 30, bytes: 50 * 2 ** 30 });
  assert.equal(full.quota.bytesPerDay, 1e9);
});

Deno.test("parseRules refuses the whole list for any fault, and says where", () => {
  const faults: [Record<string, unknown>, RegExp][] = [
    [{ index: "shop-{day}" }, /0\.index: \{topic\} must be in it/],
    [{ index: "{topic}-{host}" }, /0\.index: only \{topic\}/],
    [{ dataStream: true, index: "logs-{topic}-{day}" }, /a data stream has no \{day\}/],
    [{ dataStream: true, document: "minimal" }, /needs @timestamp/],
    [{ parse: { format: "regex", pattern: "(?<a" } }, /0\.parse\.pattern/],
    [{ parse: { format: "regex", pattern: "(a)" } }, /named groups/],
    [{ parse: { format: "regex", pattern: "(?<a>.)", time: "b" } }, /no group "b"/],
    [{ parse: { pattern: "(?<a>.)" } }, /format: regex/],
    [{ parse: { format: "json", timeFormat: "%Y" } }, /the field: `time`/],
    [{ parse: { format: "json", time: "t", timeFormat: "%Y" } }, /no day and month/],
    [{ parse: { format: "none", level: "l" } }, /finds none/],
    [{ parse: { timezone: "Mars/Base" } }, /Expected a time zone/],
    [{ drop: [{ name: "a" }] }, /Expected a condition/],
    [{ drop: [{ name: "a", matches: "(" }] }, /Expected a regular expression/],
    [{ drop: [{ name: "quota", contains: "a" }] }, /built-in/],
    [{ drop: [{ name: "a", contains: "a" }, { name: "a", contains: "b" }] }, /Two rules/],
    [{ retention: { days: -1 } }, /0\.retention\.days/],
    [{ indx: "a" }, /did you mean "index"/],
    [{ topic: "a b" }, /0\.topic: Expected a topic/],
  ];
  for (const [change, expected] of faults) {
    assert.throws(
      () => parse([{ topic: "t", ...change }, { topic: "good" }]),
      expected,
      JSON.stringify(change),
    );
  }
  assert.throws(() => parseRules("{", "test"), /test:1/);
  assert.throws(() => parse({ topic: "t" }), /Cannot use the settings/);
});
