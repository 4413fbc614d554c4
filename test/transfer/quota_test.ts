/** Quotas of topics and the alarm before Kafka removes what was not read, on real servers. */
import assert from "node:assert/strict";
import { siteFileTest } from "./site_tests.ts";
import { numberedLines, type Site, until } from "./site.ts";

const test = (name: string, run: (site: Site, rules: string) => Promise<void>) =>
  siteFileTest(`transfer: ${name}`, ".json", run);

test(
  "a noisy topic waits or is cut at its quota, a quiet one is not disturbed",
  async (site, rules) => {
    const noisy = await site.topic("noisy"), cut = await site.topic("cut");
    const quiet = await site.topic("quiet");
    await Deno.writeTextFile(
      rules,
      JSON.stringify([
        { topic: noisy, quota: { linesPerDay: 1000 } },
        { topic: cut, quota: { linesPerDay: 1000, over: "drop" } },
      ]),
    );
    for (const topic of [noisy, cut]) {
      // Batches of a size that lets it stop in time.
      await site.send(numberedLines(topic, 5000, 3).lines, 250);
    }
    const running = await site.transfer({ topics: { file: rules } });
    await until("the quiet one is written", async () => {
      await site.send([{ topic: quiet, value: "one" }]);
      return (await site.committed(quiet))[0] >= 1;
    });
    await until("the cut one is committed", async () => (await site.committed(cut))[0] === 5000);
    assert.equal(await site.count(`${site.prefix}-${cut}-*`), 1000);
    assert.equal(
      await running.metric("weir_transfer_dropped_records_total", { rule: "quota" }),
      4000,
    );
    await until(
      "the noisy one waits",
      async () => (await running.metric("weir_transfer_topics_over_quota")) === 2,
    );
    // It is committed a moment after it waits.
    await until("its lines are committed", async () => (await site.committed(noisy))[0] >= 1000);
    const written = (await site.committed(noisy))[0];
    assert.ok(written < 5000, String(written));

    await Deno.writeTextFile(rules, "[]");
    await until("all of it is written", async () => (await site.committed(noisy))[0] === 5000);
    assert.equal(await site.count(`${site.prefix}-${noisy}-*`), 5000);
  },
);

test("says so before Kafka removes what was not read", async (site) => {
  const topic = await site.topic("late", 1, { "retention.ms": "3600000" });
  await site.send([{ topic, value: "old", timestampMs: Date.now() - 3_000_000 }]);
  const running = await site.transfer({ elasticsearch: { nodes: ["http://127.0.0.1:1"] } });
  await until(
    "the alarm",
    async () => (await running.metric("weir_transfer_loss_ahead_partitions")) === 1,
  );
  assert.match(JSON.stringify(running.transfer.status()), /records wait for 50 min, Kafka keeps/);
  await running.stop(1000); // its line can be written nowhere
});
