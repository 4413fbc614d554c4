import assert from "node:assert/strict";
import { expiryKey, type ExpirySeal, parseExpirySeal } from "./expiry_seal.ts";
import { parseDropSeal } from "./drop_seal.ts";
import { parseSeal } from "./seal.ts";

const seal: ExpirySeal = {
  v: 1,
  kind: "expired",
  generation: "g".repeat(16),
  topic: "t",
  index: "weir-t-2026.11.21",
  to: 100,
  atMs: 1,
};

Deno.test("an expiry seal comes back as it was, and is none of the other kinds", () => {
  const text = JSON.stringify(seal);
  assert.deepEqual(parseExpirySeal(text), seal);
  assert.equal(expiryKey(seal), `${"g".repeat(16)}/t/expired/weir-t-2026.11.21`);
  assert.equal(parseSeal(text), undefined);
  assert.equal(parseDropSeal(text), undefined);
});

Deno.test("what is no expiry seal is none", () => {
  assert.equal(parseExpirySeal(JSON.stringify({ ...seal, to: 0 }))?.to, 0);
  for (const wrong of [{ topic: 1 }, { to: "1" }, { to: 0.5 }]) {
    assert.equal(parseExpirySeal(JSON.stringify({ ...seal, ...wrong })), undefined);
  }
  for (const wrong of [{ v: 2 }, { kind: "drop" }, { to: -1 }, { generation: "x" }, { index: 1 }]) {
    assert.equal(parseExpirySeal(JSON.stringify({ ...seal, ...wrong })), undefined);
  }
  assert.equal(parseExpirySeal("null"), undefined);
  assert.equal(parseExpirySeal("{"), undefined);
});
