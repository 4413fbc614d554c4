import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { bucketWidth } from "./facets.ts";
import { keyText, Parameters } from "./parameters.ts";
import { Sample } from "./sample.ts";

const NOW = Date.UTC(2026, 10, 21, 9, 30, 0);
const of = (query: string, known = ["q", "since", "until", "tz", "limit", "after", "order"]) =>
  new Parameters(`http://127.0.0.1/api/search?${query}`, known, NOW);

function faultOf(run: () => unknown): WeirError {
  try {
    run();
  } catch (error) {
    assert(error instanceof WeirError, String(error));
    return error;
  }
  throw new Error("accepted");
}

Deno.test("Parameters reads range, numbers, choices and places", () => {
  const parameters = of("q=a&since=-1h&until=now&tz=UTC&limit=7&order=oldest");
  assert.deepEqual(parameters.range(), {
    query: { kind: "word", text: "a", prefix: false },
    fromMs: NOW - 3_600_000,
    toMs: NOW,
  });
  assert.equal(parameters.integer("limit", 1, 10, 5), 7);
  assert.equal(of("").integer("limit", 1, 10, 5), 5);
  assert.equal(parameters.choice("order", ["newest", "oldest"], "newest"), "oldest");
});

Deno.test("a place in the order survives being written and read", () => {
  for (
    const key of [
      { timestampMs: 1, generation: "AAAA-_AAAAAAAAAA", offset: 7, topic: "web_log" },
      { timestampMs: -5, generation: "app-0", offset: 0, topic: "a~b" },
      { timestampMs: 1, generation: "x", offset: 2 },
    ]
  ) assert.deepEqual(of(`after=${encodeURIComponent(keyText(key))}`).after(), key);
  assert.equal(faultOf(() => of("after=nonsense").after()).code, "PARAMETER_INVALID");
});

Deno.test("Parameters refuses unknown, repeated, out of bounds and endless ones", () => {
  assert.match(faultOf(() => of("limt=5")).hint, /Did you mean "limit"/);
  assert.match(faultOf(() => of("q=a&q=b")).message, /given twice/);
  assert.match(faultOf(() => of("limit=0").integer("limit", 1, 10, 5)).hint, /1 to 10/);
  assert.match(faultOf(() => of("limit=1e9").integer("limit", 1, 10, 5)).hint, /whole number/);
  assert.equal(faultOf(() => of("since=now&until=-1h").range()).code, "TIME_RANGE");
  assert.equal(faultOf(() => of("since=soon").range()).code, "TIME_INVALID");
  assert.equal(faultOf(() => of("tz=Mars/Base&since=today").range()).code, "PARAMETER_INVALID");
  assert.equal(faultOf(() => of(`q=${"x".repeat(20_000)}`)).code, "PARAMETER_INVALID");
});

Deno.test("bucketWidth() gives round widths and never too many bars", () => {
  assert.equal(bucketWidth(0, 3_600_000, 120), 30_000);
  assert.equal(bucketWidth(0, 120, 120), 1);
  for (const range of [1, 999, 86_400_000, 30 * 86_400_000, 20 * 365 * 86_400_000]) {
    assert(range / bucketWidth(0, range, 120) <= 120, `${range}`);
  }
});

Deno.test("Sample keeps all of few, a bounded choice of many, in order, and counts", () => {
  const few = new Sample<number>(5);
  for (let i = 0; i < 4; i++) few.add(i);
  assert.deepEqual(few.take(), { items: [0, 1, 2, 3], seen: 4 });
  const many = new Sample<number>(10);
  for (let i = 0; i < 1000; i++) many.add(i);
  const { items, seen } = many.take();
  assert.equal(seen, 1000);
  assert.equal(items.length, 10);
  assert.deepEqual(items, [...items].sort((a, b) => a - b));
  assert.deepEqual(many.take(), { items: [], seen: 0 });
});
