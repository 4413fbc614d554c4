import assert from "node:assert/strict";
import { countsOf, failedPart, skipReasons } from "./outcome.ts";

Deno.test("countsOf() reads the closing line of deno test", () => {
  assert.deepEqual(
    countsOf("x ... ok (1ms)\n\nok | 12 passed (3 steps) | 0 failed | 2 ignored (2s)\n"),
    { passed: 12, failed: 0, skipped: 2 },
  );
  assert.deepEqual(countsOf("FAILED | 1 passed | 4 failed (2s)\nerror: Test failed"), {
    passed: 1,
    failed: 4,
    skipped: 0,
  });
});

Deno.test("countsOf() gives nothing where the run was ended", () => {
  assert.equal(countsOf("a test ok | 5 passed\n"), undefined);
});

Deno.test("failedPart() begins at the errors and names each failure, however long they are", () => {
  const output = `noise\n\n ERRORS \n\n${"e".repeat(20_000)}\n FAILURES \n\none => a.ts:1\n`;
  const part = failedPart(output);
  assert.match(part, /^ERRORS/);
  assert.match(part, /one => a\.ts:1$/);
  assert(part.length < 13_000);
  assert.equal(failedPart("crash\n"), "crash");
});

Deno.test("skipReasons() gives each reason once", () => {
  assert.deepEqual(skipReasons("skipped: no go\nx ... ignored\nskipped: no go\n"), [
    "skipped: no go",
  ]);
});
