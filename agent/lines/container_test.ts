import assert from "node:assert/strict";
import { criPart, dockerPart, type Part } from "./container.ts";

const encode = (text: string) => new TextEncoder().encode(text);
function seen(part: Part | undefined) {
  return part && [part.stream, new TextDecoder().decode(part.value), part.isLast];
}

Deno.test("dockerPart() takes the text and the stream, and its line end off", () => {
  const docker = (log: unknown, stream: unknown = "stdout") =>
    seen(dockerPart(encode(JSON.stringify({ log, stream, time: "t" }))));
  assert.deepEqual(docker("one\n"), ["stdout", "one", true]);
  assert.deepEqual(docker("one\r\n", "stderr"), ["stderr", "one", true]);
  assert.deepEqual(docker("one"), ["stdout", "one", false]);
  assert.deepEqual(docker("\n"), ["stdout", "", true]);
  assert.deepEqual(docker("一\n"), ["stdout", "一", true]);
  assert.equal(docker(5), undefined);
  assert.equal(docker(undefined), undefined);
  for (const text of ["", "x", "{", "[1]", ' {"log":"a\\n"}', '"a"', "null"]) {
    assert.equal(dockerPart(encode(text)), undefined, text);
  }
});

Deno.test("criPart() takes the stream, the tag and all that stands behind them", () => {
  const cri = (text: string) => seen(criPart(encode(text)));
  assert.deepEqual(cri("2026-11-21T10:00:00.1Z stdout F a b"), ["stdout", "a b", true]);
  assert.deepEqual(cri("t stderr P a"), ["stderr", "a", false]);
  assert.deepEqual(cri("t stdout F"), ["stdout", "", true]);
  assert.deepEqual(cri("t stdout F "), ["stdout", "", true]);
  assert.deepEqual(cri("t stdout F  a"), ["stdout", " a", true]);
  assert.deepEqual(cri("t stdout P:x a"), ["stdout", "a", false]);
  assert.deepEqual(cri(" stdout F a"), ["stdout", "a", true]);
  for (
    const text of [
      "",
      "t",
      "t stdout",
      "stdout F",
      "t stdin F a",
      "t stdout X a",
      "t stdout  a",
      "t  F a",
    ]
  ) {
    assert.equal(cri(text), undefined, text);
  }
});
