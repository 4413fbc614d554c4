import assert from "node:assert/strict";
import { ManualClock } from "../../core/ports/clock.ts";
import { QuotaMeter, Quotas } from "./quota.ts";
import { parseRules } from "./rules.ts";

const quota = (quota: Record<string, unknown>) =>
  parseRules(JSON.stringify([{ topic: "t", quota }]), "test")[0].quota;

Deno.test("QuotaMeter lets pass what a second allows, over any time", async () => {
  const clock = new ManualClock();
  const meter = new QuotaMeter(quota({ linesPerSecond: 100 }), () => 1, clock);
  let passed = 0;
  for (let i = 0; i < 1000; i++) {
    if (meter.open) {
      meter.take(30, 1);
      passed += 30;
    }
    await clock.advance(100);
  }
  // 100 seconds, what two of them leave for a burst, and one batch.
  assert.ok(passed >= 10_000 && passed <= 10_230, String(passed));
});

Deno.test("QuotaMeter makes up for a batch that was larger", async () => {
  const clock = new ManualClock();
  const meter = new QuotaMeter(quota({ bytesPerSecond: "1000" }), () => 0.5, clock);
  assert.equal(meter.open, true);
  meter.take(1, 4000);
  await clock.advance(5500);
  assert.equal(meter.open, false);
  await clock.advance(1000);
  assert.equal(meter.open, true);
});

Deno.test("QuotaMeter counts a day of UTC", async () => {
  const clock = new ManualClock();
  const meter = new QuotaMeter(quota({ linesPerDay: 100 }), () => 0.5, clock);
  assert.equal(meter.open, true);
  meter.take(50, 1);
  assert.equal(meter.open, false);
  meter.change(quota({ linesPerDay: 200 }));
  assert.equal(meter.open, true);
  meter.take(50, 1);
  assert.equal(meter.open, false);
  await clock.advance(86_400_000);
  assert.equal(meter.open, true);
});

Deno.test("Quotas names the topics that have used theirs up", () => {
  const quotas = new Quotas(() => 1, new ManualClock());
  assert.equal(quotas.of("free", quota({})), undefined);
  quotas.of("a", quota({ linesPerDay: 1 }))!.take(1, 1);
  quotas.of("b", quota({ linesPerDay: 2 }))!.take(1, 1);
  assert.deepEqual(quotas.exceeded, ["a"]);
});

Deno.test("QuotaMeter counts bytes of a day, its share of them, and begins anew at midnight", async () => {
  const clock = new ManualClock();
  const meter = new QuotaMeter(quota({ bytesPerDay: "1000" }), () => 0.5, clock);
  meter.take(1, 499);
  assert.equal(meter.open, true);
  meter.take(1, 1);
  assert.equal(meter.open, false);
  await clock.advance(86_400_000);
  assert.equal(meter.open, true);
  meter.take(1, 500);
  assert.equal(meter.open, false, "and again at the next one");
  await clock.advance(86_400_000);
  assert.equal(meter.open, true);
});

Deno.test("QuotaMeter saves up two seconds of its share, not more", async () => {
  for (const bound of ["linesPerSecond", "bytesPerSecond"]) {
    const lines = bound === "linesPerSecond" ? 1 : 0;
    const clock = new ManualClock();
    const meter = new QuotaMeter(
      quota({ [bound]: lines === 1 ? 10 : "10" }),
      () => 0.5,
      clock,
    );
    assert.equal(meter.open, true);
    await clock.advance(3_600_000);
    let passed = 0;
    for (; meter.open && passed < 100; passed++) meter.take(lines, 1 - lines);
    assert.equal(passed, 10, bound);
    await clock.advance(1000);
    for (; meter.open && passed < 100; passed++) meter.take(lines, 1 - lines);
    assert.equal(passed, 15, bound);
  }
});

Deno.test("Quotas take a changed bound without forgetting the day, and forget a topic without one", () => {
  const quotas = new Quotas(() => 1, new ManualClock());
  const meter = quotas.of("t", quota({ linesPerDay: 10 }))!;
  meter.take(10, 0);
  assert.deepEqual(quotas.exceeded, ["t"]);
  assert.equal(quotas.of("t", quota({ linesPerDay: 20 })), meter);
  assert.deepEqual(quotas.exceeded, []);
  meter.take(10, 0);
  assert.deepEqual(quotas.exceeded, ["t"]);
  assert.equal(quotas.of("t", quota({})), undefined);
  assert.deepEqual(quotas.exceeded, []);
});
