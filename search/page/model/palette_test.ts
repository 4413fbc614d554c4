import assert from "node:assert/strict";
import { PALETTE_MAX, paletteFor } from "./palette.ts";

const item = (label: string, kind = "Actions") => ({ kind, label });

Deno.test("palette: every word fits label or kind, beginnings first, bounded", () => {
  const items = [
    item("Copy as curl"),
    item("Theme: Dark"),
    item("as written"),
    item("x", "Themes"),
  ];
  const labels = (text: string) => paletteFor(items, text).map(({ label }) => label);
  assert.deepEqual(labels("as"), ["as written", "Copy as curl"]);
  assert.deepEqual(labels("DARK theme"), ["Theme: Dark"]);
  assert.deepEqual(labels("theme"), ["Theme: Dark", "x"]);
  assert.deepEqual(labels("nothing"), []);
  assert.equal(labels("").length, 4);
  assert.equal(paletteFor(Array(500).fill(item("a")), "").length, PALETTE_MAX);
});
