import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { Problems } from "./problems.ts";

const FAULT = new WeirError("PATH_OUTSIDE", "it leads outside");

Deno.test("Problems takes nothing back while a search is under way", () => {
  const problems = new Problems(), paths = () => problems.list.map(({ path }) => path);
  problems.begin([{ path: "/a", code: "GONE", reason: "gone", retriable: false }]);
  problems.add("/b", FAULT);
  problems.end();
  assert.deepEqual(paths(), ["/a", "/b"]);
  problems.begin([]);
  assert.deepEqual(paths(), ["/a", "/b"], "not known yet whether they are mended");
  problems.add("/b", FAULT);
  problems.add("/c", FAULT);
  assert.deepEqual(paths(), ["/a", "/b", "/c"]);
  problems.end();
  assert.deepEqual(paths(), ["/b", "/c"]);
  problems.add("/d", FAULT); // between two searches
  assert.deepEqual(paths(), ["/b", "/c", "/d"]);
});
