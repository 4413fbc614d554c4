import assert from "node:assert/strict";
import { setHostZone, timeText } from "./format.ts";

const MS = Date.UTC(2026, 10, 21, 20, 5, 6, 78);

Deno.test("times by UTC and by the host's clock", () => {
  assert.equal(timeText(MS, "utc"), "2026-11-21 20:05:06.078");
  setHostZone("Asia/Shanghai");
  assert.equal(timeText(MS, "host"), "2026-11-22 04:05:06.078");
  setHostZone("America/St_Johns");
  assert.equal(timeText(MS, "host"), "2026-11-21 16:35:06.078");
  assert.equal(timeText(NaN, "host"), "");
});

Deno.test("a zone that the browser does not know leaves the browser's own", () => {
  setHostZone("Nowhere/At_All");
  assert.equal(timeText(MS, "host"), timeText(MS, "local"));
});
