import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { type Decisions, FixedNames } from "./fixed_names.ts";
import { TemplateNames } from "./names.ts";

class MemoryDecisions implements Decisions {
  readonly values = new Map<string, string>();
  asked = 0;
  down = false;

  async decide(key: string, value: string): Promise<string> {
    this.asked++;
    await Promise.resolve();
    if (this.down) throw new WeirError("ETCD_UNREACHABLE", "down", { retriable: true });
    if (!this.values.has(key)) this.values.set(key, value);
    return this.values.get(key)!;
  }
}

const names = (template: string, document: "full" | "minimal" = "full") =>
  new TemplateNames(template, { daysBack: 30, document }, () => Date.UTC(2026, 10, 21));

Deno.test("FixedNames keeps the first answer for a topic and day, whoever asks", async () => {
  const decisions = new MemoryDecisions();
  const first = new FixedNames(names("weir-{topic}-{day}"), decisions);
  const second = new FixedNames(names("other-{topic}-{day}", "minimal"), decisions);
  const wanted = { index: "weir-t-2026.11.21", document: "full" };
  assert.deepEqual(await first.targetOf("t", "2026-11-21"), wanted);
  assert.deepEqual(await second.targetOf("t", "2026-11-21"), wanted);
  assert.deepEqual(await second.targetOf("t", "2026-11-22"), {
    index: "other-t-2026.11.22",
    document: "minimal",
  });
});

Deno.test("FixedNames asks once, also while the answer is on its way", async () => {
  const decisions = new MemoryDecisions();
  const fixed = new FixedNames(names("weir-{topic}-{day}"), decisions);
  await Promise.all([fixed.targetOf("t", "2026-11-21"), fixed.targetOf("t", "2026-11-21")]);
  assert.ok(!(fixed.targetOf("t", "2026-11-21") instanceof Promise));
  assert.equal(decisions.asked, 1);
});

Deno.test("FixedNames keeps what was decided of a data stream", async () => {
  const decisions = new MemoryDecisions();
  const decided = '{"index":"logs-t","document":"full","dataStream":true}';
  decisions.values.set("t/2026-11-21", decided);
  const fixed = new FixedNames(names("weir-{topic}-{day}"), decisions);
  assert.deepEqual(await fixed.targetOf("t", "2026-11-21"), JSON.parse(decided));
  decisions.values.set("u/2026-11-21", decided.replace("true", "1"));
  assert.deepEqual(await fixed.targetOf("u", "2026-11-21"), { index: "logs-t", document: "full" });
});

Deno.test("FixedNames keeps a bounded number of answers, and asks again for others", async () => {
  const decisions = new MemoryDecisions();
  const fixed = new FixedNames(names("weir-{topic}-{day}"), decisions);
  for (let i = 0; i < 9_999; i++) await fixed.targetOf(`t${i}`, "2026-11-21");
  await fixed.targetOf("t0", "2026-11-21");
  assert.equal(decisions.asked, 9_999);
  for (const topic of ["a", "b", "t0"]) await fixed.targetOf(topic, "2026-11-21");
  assert.equal(decisions.asked, 10_002);
});

Deno.test("FixedNames rejects while the store is away, and asks again", async () => {
  const decisions = new MemoryDecisions();
  const fixed = new FixedNames(names("weir-{topic}-{day}"), decisions);
  decisions.down = true;
  await assert.rejects(async () => await fixed.targetOf("t", "2026-11-21"), { retriable: true });
  decisions.down = false;
  assert.equal((await fixed.targetOf("t", "2026-11-21")).index, "weir-t-2026.11.21");
});

Deno.test("FixedNames refuses a decision that it cannot read", async () => {
  for (
    const text of [
      "",
      "null",
      "{}",
      '{"index":"","document":"full"}',
      '{"index":"a","document":"x"}',
    ]
  ) {
    const decisions = new MemoryDecisions();
    decisions.values.set("t/2026-11-21", text);
    const fixed = new FixedNames(names("weir-{topic}-{day}"), decisions);
    await assert.rejects(async () => await fixed.targetOf("t", "2026-11-21"), {
      code: "INDEX_NAME_UNREADABLE",
      retriable: true, // the key may be mended while the lines wait
    });
  }
});
