import assert from "node:assert/strict";
import { continuationOf } from "./continuation.ts";

/** Of a line between others, whose bytes must not count. */
function goesOn(line: string, around = ""): boolean {
  const bytes = new TextEncoder().encode(`${around}${line}${around}`);
  return continuationOf(bytes, around.length, bytes.length - around.length);
}

const STARTS = [
  "at ",
  "Caused by:",
  "Suppressed:",
  "... ",
  "Traceback (most recent call last)",
  "During handling of the above exception",
  "The above exception was the direct cause",
  "goroutine ",
  "--- End of ",
];

Deno.test("continuationOf() knows each begin whole, and nothing that only looks like it", () => {
  for (const start of STARTS) {
    for (const around of ["", "E", "}", " "]) {
      assert.equal(goesOn(start, around), true, start);
      assert.equal(goesOn(`${start}more`, around), true, start);
      assert.equal(goesOn(`q${start}`, around), false, start);
      for (let i = 0; i < start.length; i++) {
        const other = `${start.slice(0, i)}#${start.slice(i + 1)}`;
        assert.equal(goesOn(other, around), false, other);
      }
    }
    assert.equal(goesOn(start.slice(0, -1), start.slice(-1)), false, `${start} cut short`);
  }
});

Deno.test("continuationOf() knows what ends a thing that was printed over lines", () => {
  for (const line of ["}", ")", "]", "},", "),", "];"]) assert.equal(goesOn(line), true, line);
  for (const line of ["{", "(", "[", ",", "|", "^", "~", "*", "} x", ")))", "],,", "a}"]) {
    assert.equal(goesOn(line), false, line);
  }
});

Deno.test("continuationOf() knows the line of an exception by its class", () => {
  const endings = ["Exception", "Error", "Throwable", "Interrupt", "Exit", "Warning", "Iteration"];
  for (const ending of endings) {
    for (const name of [`a${ending}`, `Z${ending}`, `a.b9_c$D${ending}`, `z${ending}`]) {
      assert.equal(goesOn(name), true, name);
      assert.equal(goesOn(`${name}: text`), true, name);
      assert.equal(goesOn(name, ":"), true, name);
      assert.equal(goesOn(`${name} text`), false, name);
      assert.equal(goesOn(`${name}s`), false, name);
      assert.equal(goesOn(`${name}-`), false, name);
    }
    for (let i = 0; i < ending.length; i++) {
      const other = `My${ending.slice(0, i)}9${ending.slice(i + 1)}`;
      assert.equal(goesOn(other), false, other);
    }
    assert.equal(goesOn(ending), false, "a message of its own");
    assert.equal(goesOn(`${ending}: text`), false);
    assert.equal(goesOn(ending.slice(1), ending[0]), false, "what stands before does not count");
  }
  for (const first of ["@", "[", "`", "{", "1", "_", "$", "."]) {
    assert.equal(goesOn(`${first}aError`), false, first);
  }
  for (const inner of ["/", ":", "@", "[", "`", "{", "-", "#", "%", "^"]) {
    const name = `a${inner}bError`;
    assert.equal(goesOn(name), false, name);
  }
  for (const inner of ["0", "9", "A", "Z", "a", "z", ".", "_", "$"]) {
    assert.equal(goesOn(`a${inner}bError: x`), true, inner);
  }
});

Deno.test("continuationOf() looks at 200 bytes of a name", () => {
  assert.equal(goesOn(`${"a".repeat(195)}Error`), true);
  assert.equal(goesOn(`${"a".repeat(195)}Error: x`), true);
  assert.equal(goesOn(`${"a".repeat(196)}Error: x`), false);
});
