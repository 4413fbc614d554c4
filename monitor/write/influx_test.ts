import assert from "node:assert/strict";
import { HttpError } from "@influxdata/influxdb-client";
import { classify, lineOf } from "./influx.ts";

Deno.test("lineOf() writes types, escapes, and refuses what is no number", () => {
  const line = lineOf({
    measurement: "my disk",
    tags: { path: "/a b,c=d", empty: "" },
    fields: { n: { int: 5 }, f: { float: 5 }, s: { text: 'a"b' } },
    timeMs: 1700000000123,
  });
  assert.equal(line, 'my\\ disk,path=/a\\ b\\,c\\=d f=5,n=5i,s="a\\"b" 1700000000123');
  const point = { measurement: "m", tags: {}, fields: {}, timeMs: 1 };
  assert.throws(() => lineOf(point), /no field/);
  assert.throws(() => lineOf({ ...point, fields: { x: { float: NaN } } }), /invalid float/);
});

Deno.test("classify() tells refused points from a server that may come back", () => {
  const http = (status: number, retryAfter?: string) =>
    classify(new HttpError(status, "", "body", retryAfter ?? null));
  for (const status of [400, 413, 422]) assert.equal(http(status).retriable, false, String(status));
  for (const status of [401, 403, 404]) assert.equal(http(status).code, "INFLUX_DENIED");
  for (const status of [401, 429, 500, 503]) assert.equal(http(status).retriable, true);
  assert.equal((http(429, "7") as unknown as { retryAfterMs: number }).retryAfterMs, 7000);
  assert.equal(classify(new TypeError("connection refused")).code, "INFLUX_UNAVAILABLE");
});
