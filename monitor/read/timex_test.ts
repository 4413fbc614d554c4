import assert from "node:assert/strict";
import { parseTimex } from "./timex.ts";

function answer(result: number, status: number, longs: Record<number, number>) {
  const bytes = new Uint8Array(208);
  const view = new DataView(bytes.buffer);
  view.setInt32(40, status, true);
  for (const [at, value] of Object.entries(longs)) {
    view.setBigInt64(Number(at), BigInt(value), true);
  }
  return { result, bytes };
}

Deno.test("parseTimex() gives seconds from microseconds, or nanoseconds where the kernel counts so", () => {
  const longs = { 8: -1500, 16: 65_536, 24: 16_000_000, 88: 10_000, 104: 2000, 160: 37 };
  const micro = parseTimex(answer(5, 0x40, longs));
  assert.deepEqual(
    ["offset_seconds", "maxerror_seconds", "tick_seconds", "sync_status", "tai_offset_seconds"]
      .map((name) => micro.get(name)),
    [-0.0015, 16, 0.01, 0, 37],
  );
  assert.equal(micro.get("frequency_adjustment_ratio"), 1 + 1e-6);
  const nano = parseTimex(answer(0, 0x2001, longs));
  assert.deepEqual(
    ["offset_seconds", "pps_jitter_seconds", "sync_status", "status"].map((name) => nano.get(name)),
    [-1.5e-6, 2e-6, 1, 0x2001],
  );
});
