import assert from "node:assert/strict";
import { functionsOf } from "./functions.ts";

Deno.test("functionsOf() finds functions, methods and arrow functions with their lines", () => {
  const text = [
    "export async function one(a: string): Promise<void> {",
    "  if (a) {",
    "    go();",
    "  }",
    "}",
    "class C {",
    "  async #two(x: number): Promise<void> {",
    "    go();",
    "  }",
    "}",
    "const three = (x: number) => {",
    "  go();",
    "};",
  ].join("\n");
  assert.deepEqual(functionsOf(text), [
    { name: "one", line: 1, lines: 5 },
    { name: "#two", line: 7, lines: 3 },
    { name: "three", line: 11, lines: 3 },
  ]);
});
