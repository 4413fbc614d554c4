import assert from "node:assert/strict";
import { countsOf } from "./outcome.ts";

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

Deno.test("countsOf() counts nothing where the run was ended", () => {
  assert.deepEqual(countsOf("a test ok | 5 passed\n"), { passed: 0, failed: 0, skipped: 0 });
});
