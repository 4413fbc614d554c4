import assert from "node:assert/strict";
import { chooseTopics, compilePatterns } from "./topics.ts";

const EXISTING = ["web", "app-1", "app-2", "my-app-3", "__consumer_offsets", "weir-dead"];

Deno.test("chooseTopics() takes names and whole-name patterns, and says what is missing", () => {
  assert.deepEqual(
    chooseTopics(EXISTING, {
      names: ["web", "db"],
      patterns: compilePatterns(["app-\\d", "web"]),
      excluded: new Set(["app-2"]),
    }),
    { topics: ["app-1", "web"], missing: ["db"] },
  );
});

Deno.test("chooseTopics() never takes internal or excluded topics by pattern", () => {
  const found = chooseTopics(EXISTING, {
    names: [],
    patterns: compilePatterns([".*"]),
    excluded: new Set(["weir-dead"]),
  });
  assert.deepEqual(found.topics, ["app-1", "app-2", "my-app-3", "web"]);
});

Deno.test("compilePatterns() names the pattern that is wrong", () => {
  assert.throws(() => compilePatterns(["ok", "a("]), /topic pattern "a\("/);
});

Deno.test("chooseTopics() leaves out what is not wanted, also by its name", () => {
  const wanted = (topic: string) => topic !== "app-1" && topic !== "web";
  const choice = {
    names: ["web"],
    patterns: compilePatterns(["app-.*"]),
    excluded: new Set<string>(),
    wanted,
  };
  assert.deepEqual(chooseTopics(EXISTING, choice), { topics: ["app-2"], missing: [] });
});
