import assert from "node:assert/strict";
import { MemoryConfigSource } from "../../core/ports/memory_config_source.ts";
import { TopicSettings } from "./topic_settings.ts";

const DEFAULTS = {
  index: "",
  document: "full" as const,
  fields: "auto" as const,
  daysBack: 400,
  retentionDays: 0,
  retentionBytes: 0,
  dead: "weir-dead",
};

Deno.test("TopicSettings: what does not validate or vanishes changes nothing and is reported", async () => {
  const source = new MemoryConfigSource('[{"topic": "a", "dataset": "one"}]');
  const heard: string[] = [];
  const settings = new TopicSettings(source, DEFAULTS, { applied: (how) => heard.push(how) });
  const dataset = () => settings.of("a").shape.dataset;
  settings.start();
  await settings.ready;
  assert.equal(dataset(), "one");
  source.set('[{"topic": "a", "dataset": "two"}]');
  assert.equal(dataset(), "two");
  source.set('[{"topic": "a", "dataset": "three", "drop": [{}]}]');
  assert.equal(dataset(), "two");
  assert.equal(settings.state, "FAILED");
  assert.match(settings.reason, /0\.drop\.0/);
  source.set('[{"topic": "a", "dataset": "four"}]');
  assert.equal(dataset(), "four");
  assert.equal(settings.state, "APPLIED");
  source.vanish();
  assert.equal(dataset(), "four");
  assert.match(settings.reason, /vanished/);
  source.set(null);
  assert.equal(dataset(), "a");
  assert.deepEqual(heard, ["applied", "applied", "failed", "applied", "vanished", "applied"]);
  await settings.stop();
});

Deno.test("TopicSettings: where there never were rules none can vanish", async () => {
  const source = new MemoryConfigSource(null);
  const settings = new TopicSettings(source, DEFAULTS);
  settings.start();
  await settings.ready;
  source.vanish();
  assert.equal(settings.state, "APPLIED");
  await settings.stop();
});

Deno.test("TopicSettings: nothing is ready before the first value is right", async () => {
  const source = new MemoryConfigSource("[{}]");
  const settings = new TopicSettings(source, DEFAULTS);
  let ready = false;
  const waiting = settings.ready.then(() => ready = true);
  settings.start();
  await Promise.resolve();
  assert.equal(settings.state, "FAILED");
  assert.equal(ready, false);
  source.set("[]");
  await waiting;
  assert.equal(settings.state, "APPLIED");
  await settings.stop();
});

Deno.test("TopicSettings: without a source every topic follows the settings file", async () => {
  const settings = new TopicSettings(undefined, DEFAULTS);
  settings.start();
  await settings.ready;
  assert.equal(settings.of("a").shape.dataset, "a");
  await settings.stop();
});
