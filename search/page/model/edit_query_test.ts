import assert from "node:assert/strict";
import { conditionsOf, withoutCondition } from "./edit_query.ts";

Deno.test("the conditions that all must hold are told apart; an alternative is one, in parentheses", () => {
  assert.deepEqual(conditionsOf("level:(error OR warn) timeout -host:web1 (a OR b)"), [
    "level:(error OR warn)",
    "timeout",
    "-host:web1",
    "(a OR b)",
  ]);
  for (const single of ["", "*", "timeout", "a OR b", "(", "-x"]) {
    assert.deepEqual(conditionsOf(single), [], single);
  }
});

Deno.test("a condition is taken away, and the others stay as they were", () => {
  const query = "level:error timeout (a OR b)";
  assert.equal(withoutCondition(query, 1), "level:error (a OR b)");
  assert.equal(withoutCondition(withoutCondition(query, 0), 0), "a OR b");
  assert.equal(withoutCondition("x", 0), "");
  assert.equal(withoutCondition("(", 0), "(");
});

Deno.test("the conditions joined by spaces are the query again", () => {
  for (const query of ["a b", 'x:"y z" -(a OR b) /r e/', "status:>=500 (p OR q) 连接"]) {
    const parts = conditionsOf(query);
    assert.deepEqual(conditionsOf(parts.join(" ")), parts, query);
  }
});
