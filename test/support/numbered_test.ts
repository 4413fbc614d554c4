import assert from "node:assert/strict";
import { assertAllThere, countNumbered, numberedLine, numberedLines } from "./numbered.ts";

Deno.test("assertAllThere() takes all lines in order", () => {
  assertAllThere(numberedLines("a", 1000), "a", 1000);
  assert.equal([...numberedLines("a", 1000, 11, 20)].length, 10);
});

Deno.test("countNumbered() counts each kind of fault by itself", () => {
  const lines = [...numberedLines("a", 10)];
  const texts = [
    lines[0],
    lines[2],
    lines[1], // behind the third
    lines[2], // again
    lines[2],
    lines[4].replace("5 of", "6 of"),
    numberedLine("b", 1, 10),
    numberedLine("a", 3, 11),
    "a x of y z",
  ];
  assert.deepEqual(countNumbered(texts, "a", 10), {
    texts: 9,
    found: 3,
    lost: 7,
    doubled: 2,
    reordered: 1,
    damaged: 3,
    foreign: 1,
    firstLost: [4, 5, 6, 7, 8, 9, 10],
  });
});

Deno.test("assertAllThere() says what is wrong and which are lost", () => {
  const lines = [...numberedLines("a", 5)].filter((_, i) => i !== 3);
  assert.throws(() => assertAllThere([...lines, lines[0]], "a", 5), {
    message: "a: of 5 lines 1 lost, 1 doubled, first lost: 4",
  });
});
