import assert from "node:assert/strict";
import { codesIn, errorPage } from "./error_reference.ts";

const SOURCE = `
throw new WeirError("FIRST_CODE", "Cannot go", { hint: "Do this." });
throw new WeirError(
  "SECOND_CODE",
  \`Cannot go \${on}\`,
  { hint: "Do that." },
);
const TABLE = { X: { code: "THIRD_CODE", hint: "Look there.", retriable: true } };
`;

Deno.test("codesIn() finds codes that are thrown and codes in tables, with their hints", () => {
  assert.deepEqual(codesIn("agent/tail/a.ts", SOURCE), [
    { code: "FIRST_CODE", hint: "Do this.", folder: "agent/tail" },
    { code: "SECOND_CODE", hint: "Do that.", folder: "agent/tail" },
    { code: "THIRD_CODE", hint: "Look there.", folder: "agent/tail" },
  ]);
});

Deno.test("errorPage() lists each code once, sorted", () => {
  const page = errorPage(new Map([["agent/a.ts", SOURCE], ["core/b.ts", SOURCE]]));
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  assert.deepEqual(rows.map((row) => row.split("`")[1]), [
    "FIRST_CODE",
    "SECOND_CODE",
    "THIRD_CODE",
  ]);
  assert.match(rows[0], /agent, core/);
});
