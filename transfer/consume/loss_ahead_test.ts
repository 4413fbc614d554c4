import assert from "node:assert/strict";
import { lossAhead, type LossSigns } from "./loss_ahead.ts";

const HOUR = 3_600_000;
const NOW = 1000 * HOUR;
const SIGNS: LossSigns = {
  logStart: 0,
  logStartFirst: 0,
  committed: 100,
  highWatermark: 1000,
  readMs: NOW - HOUR,
};
const found = (changes: Partial<LossSigns>, retentionMs = 10 * HOUR) =>
  lossAhead({ ...SIGNS, ...changes }, retentionMs, NOW);

Deno.test("lossAhead() warns of records that are nearly as old as Kafka lets them be", () => {
  assert.equal(found({}), "");
  assert.match(found({ readMs: NOW - 8 * HOUR }), /wait for 480 min, Kafka keeps them 600 min/);
  assert.equal(found({ readMs: NOW - 8 * HOUR }, 0), "");
  assert.equal(found({ readMs: NOW - 8 * HOUR, committed: 1000 }), "");
  assert.equal(found({ readMs: 0 }), "");
});

Deno.test("lossAhead() warns where Kafka's removing comes near", () => {
  assert.match(found({ logStart: 50 }), /is 50 before/);
  assert.equal(found({ logStart: 50, committed: 400 }), "");
  // Nothing was removed since this reader began: it begins at the start of what there is.
  assert.equal(found({ logStart: 50, logStartFirst: 50, committed: 50 }), "");
});
