import assert from "node:assert/strict";
import { Lane } from "./lane.ts";
import { Progress } from "./progress.ts";

Deno.test("Progress tells a reader that stands still from one that has nothing to read", () => {
  const lane = new Lane("t", 0), progress = new Progress(0);
  const at = (nowMs: number) => progress.idleMs([lane], nowMs);
  lane.committed = 5;
  lane.highWatermark = 5;
  assert.equal(at(1000), 0);
  lane.highWatermark = 9;
  assert.equal(at(2000), 1000);
  assert.equal(at(5000), 4000);
  lane.tracker.skipTo(7);
  assert.equal(at(6000), 0);
  assert.equal(at(9000), 3000);
  lane.paused = true;
  assert.equal(at(9500), 0);
  lane.paused = false;
  lane.tracker.skipTo(9);
  assert.equal(at(20_000), 0);
  assert.equal(at(30_000), 0);
});
