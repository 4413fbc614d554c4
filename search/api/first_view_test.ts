import assert from "node:assert/strict";
import { firstRange } from "./first_view.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 8);
const rangeOf = (query: string) => firstRange(`http://h/${query}`, NOW_MS);

Deno.test("first view: the live end, with or without a query", () => {
  assert.deepEqual(rangeOf(""), { query: { kind: "all" } });
  assert.equal(rangeOf("?q=timeout")!.query.kind, "word");
});

Deno.test("first view: times that mean the same in every zone", () => {
  assert.equal(rangeOf("?since=-2h")!.fromMs, NOW_MS - 7_200_000);
  assert.equal(rangeOf("?since=2026-11-21T07:00:00Z")!.fromMs, NOW_MS - 3_600_000);
  for (const text of ["yesterday+10:00", "10:00", "2026-11-21", "2026-11-21+10:00"]) {
    assert.equal(rangeOf(`?since=${text}`), undefined, text);
  }
});

Deno.test("first view: none for fixed ranges, links to a line, faults and endless addresses", () => {
  for (
    const text of ["until=now", "line=1~a~0~t", "q=(", "since=never", `q=${"a".repeat(20_000)}`]
  ) {
    assert.equal(rangeOf(`?${text}`), undefined, text);
  }
});
