import assert from "node:assert/strict";
import { countDown, isBetween } from "./between.ts";

Deno.test("isBetween() holds its lower bound", () => {
  assert.equal(isBetween(3, 3, 9), true);
  assert.equal(isBetween(2, 3, 9), false);
  assert.equal(isBetween(30, 3, 9), false);
});

Deno.test("countDown() counts", () => assert.equal(countDown(3), 3));
