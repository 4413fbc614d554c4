import assert from "node:assert/strict";
import { midnightMs, NeverError, waitFor } from "./wait.ts";

Deno.test("waitFor() returns the first true value, an error counts as not yet", async () => {
  let looks = 0;
  const value = await waitFor("three", () => {
    if (++looks === 1) throw new Error("too early");
    return looks === 3 ? "three" : undefined;
  }, { everyMs: 1 });
  assert.equal(value, "three");
  assert.equal(looks, 3);
});

Deno.test("waitFor() says what it waited for, what it saw last, and the detail", async () => {
  const wait = (condition: () => unknown) =>
    waitFor("the end", condition, { timeoutMs: 5, everyMs: 1, detail: () => "the log" });
  await assert.rejects(
    wait(() => 0),
    /^Error: Waited [\d.]+ s for the end: last value 0, \d+ looks\nthe log$/,
  );
  await assert.rejects(
    wait(() => {
      throw new Error("no answer");
    }),
    /last error no answer/,
  );
});

Deno.test("waitFor() ends at once where the condition can never become true", async () => {
  let looks = 0;
  await assert.rejects(
    waitFor("nothing", () => {
      looks++;
      throw new NeverError("it is dead");
    }),
    { message: "it is dead" },
  );
  assert.equal(looks, 1);
});

Deno.test("midnightMs() is the rest of a day that ends soon, and 0 of any other", () => {
  const midnight = Date.UTC(2026, 10, 22);
  assert.equal(midnightMs(midnight - 30_001, 30_000), 0);
  assert.equal(midnightMs(midnight - 30_000, 30_000), 30_001);
  assert.equal(midnightMs(midnight - 1, 30_000), 2);
  assert.equal(midnightMs(midnight, 30_000), 0);
});
