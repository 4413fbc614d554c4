import assert from "node:assert/strict";
import { dayOfIndex, identityOf } from "./explain.ts";

Deno.test("identityOf reads the uid of a line, and nothing else", () => {
  assert.deepEqual(identityOf("AbCdEfGh01234-_9:10-25"), {
    generation: "AbCdEfGh01234-_9",
    start: 10,
    end: 25,
  });
  for (const id of ["", "web_log-0-12-1795255200000", "AbCdEfGh01234-_9:10", "short:1-2"]) {
    assert.equal(identityOf(id), undefined, id);
  }
});

Deno.test("dayOfIndex finds the day in an index's name", () => {
  assert.equal(dayOfIndex("weir-web_log-2026.11.21"), Date.UTC(2026, 10, 21));
  assert.equal(dayOfIndex(".ds-logs-web-2026.11.21-000001"), Date.UTC(2026, 10, 21));
  assert.equal(dayOfIndex("embedded store"), undefined);
});
