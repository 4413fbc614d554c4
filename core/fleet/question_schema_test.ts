import assert from "node:assert/strict";
import type { PlannedFile } from "./plan_schema.ts";
import { type Answer, decodeAnswer, decodeQuestion, encodeAnswer } from "./question_schema.ts";

const file = (i: number): PlannedFile => ({
  path: `/var/log/${i}.log`,
  size: 1,
  binary: false,
  counts: {},
  lanes: [{
    ...{ entry: 0, topic: "t", from: 0, begin: "new", unread: 1, earlier: false, looked: 1 },
    lines: [{ offset: 0, text: "x".repeat(400) }],
    fields: {},
  }],
});

Deno.test("encodeAnswer leaves files out and counts them until the answer fits", () => {
  const answer: Answer = {
    ...{ v: 1, question: "q", agent: "a", host: "h", tookMs: 1, fault: "" },
    ...{ begins: 0, ends: 0, ended: [] },
    plan: {
      ...{ v: 1, entries: [], filesLeftOut: 5, collisions: [], problems: [] },
      files: Array.from({ length: 1000 }, (_, i) => file(i)),
    },
  };
  const text = encodeAnswer(answer);
  assert(text.length <= 256 * 1024, `${text.length} bytes`);
  const { plan } = decodeAnswer(text)!;
  assert(plan!.files.length > 100);
  assert.equal(plan!.files.length + plan!.filesLeftOut, 1005);
});

Deno.test("what is no question of a known version is none", () => {
  for (const text of ["", "1", "{}", '{"v":2,"id":"x"}']) {
    assert.equal(decodeQuestion(text), undefined);
  }
});
