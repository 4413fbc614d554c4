import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { startLog } from "../../core/log.ts";
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

Deno.test("Problems of the first search are not in the log where somebody else tells of them", () => {
  const logged: string[] = [];
  startLog({ write: (line) => void logged.push(line), format: "json", repeatMs: 0 });
  try {
    const problems = new Problems({ firstIsTold: true });
    problems.begin([]);
    problems.end(false);
    problems.begin([{ path: "/a", code: "GONE", reason: "gone", retriable: false }]);
    problems.add("/b", FAULT);
    problems.end();
    assert.deepEqual(problems.list.map(({ path }) => path), ["/a", "/b"]);
    assert.deepEqual(logged, []);
    problems.begin([{ path: "/a", code: "GONE", reason: "gone", retriable: false }]);
    problems.add("/c", FAULT);
    problems.end();
    assert.deepEqual(logged.map((line) => JSON.parse(line).path), ["/c"], "new since then");
    problems.solved("/a");
    problems.add("/a", FAULT);
    assert.deepEqual(logged.map((line) => JSON.parse(line).path), ["/c", "/a"], "and back again");
  } finally {
    startLog({ write: () => {} });
  }
});
