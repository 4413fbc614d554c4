/** Several transfers that share a group: joins and leaves under load. */
import assert from "node:assert/strict";
import { numberedLines, type RunningTransfer, Site, until } from "./site.ts";

const PARTITIONS = 6;
const COUNT = 40_000;

Deno.test({
  name: "transfers that share a group: joins and leaves under load lose and double nothing",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("shared", PARTITIONS);
      const { lines, uids } = numberedLines(topic, COUNT, 24);
      const committed = () => site.committedRecords(topic);
      const first = await site.transfer();
      let sent = 0;
      const send = async (share: number) => {
        const to = Math.min(COUNT, sent + Math.round(COUNT * share));
        await site.send(lines.slice(sent, to));
        sent = to;
      };
      await send(0.1);
      await until("first works", async () => await committed() > 0);
      const others: RunningTransfer[] = [];
      for (let round = 0; round < 4; round++) {
        if (round % 2 === 0) others.push(await site.transfer());
        else await others.pop()!.stop();
        await send(0.2);
        const members = [first, ...others];
        await until("settled", () => {
          const owned = members.map((one) => [...one.transfer.consumer.lanes].length);
          return owned.reduce((sum, count) => sum + count, 0) === PARTITIONS &&
            owned.every((count) => count === PARTITIONS / members.length);
        });
        const before = await committed();
        await until("progress", async () => await committed() > before || before === sent);
      }
      await send(1);
      await until("committed", async () => await committed() === COUNT);
      assert.deepEqual(await site.ids(), uids.sort());
      assert.equal(await first.metric("weir_transfer_consumer_restarts_total"), 0);
    } finally {
      await site.close();
    }
  },
});

Deno.test({
  name:
    "transfers that come and go at once, one partition with nearly all lines: no storm of rebalances",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("uneven", PARTITIONS);
      const { lines, uids } = numberedLines(topic, COUNT / 2, 24);
      // Nine of ten lines are in one partition, the rest is spread.
      const uneven = lines.map((line, i) => ({ ...line, partition: i % 10 === 0 ? i % 5 + 1 : 0 }));
      const committed = () => site.committedRecords(topic);
      const settled = (members: RunningTransfer[]) =>
        until("settled", () => {
          const owned = members.flatMap((one) =>
            [...one.transfer.consumer.lanes].map((lane) => lane.partition)
          );
          return owned.length === PARTITIONS && new Set(owned).size === PARTITIONS &&
            members.every((one) => one.transfer.consumer.state === "consuming");
        });
      const first = await site.transfer();
      await site.send(uneven.slice(0, 5000));
      await until("first works", async () => await committed() > 0);
      const others = await Promise.all([site.transfer(), site.transfer(), site.transfer()]);
      await site.send(uneven.slice(5000, 12_000));
      await settled([first, ...others]);
      await Promise.all([others[0].stop(), others[1].stop()]);
      await site.send(uneven.slice(12_000));
      await settled([first, others[2]]);
      await until("committed", async () => await committed() === uneven.length);
      assert.deepEqual(await site.ids(), uids.sort());
      // Six members came or went; each may make the group gather twice, as it joins and as it is known.
      const gathered = await first.metric("weir_transfer_rebalances_total");
      assert.ok(gathered <= 12, `${gathered} assignments`);
      for (const one of [first, others[2]]) {
        assert.equal(await one.metric("weir_transfer_consumer_restarts_total"), 0);
      }
    } finally {
      await site.close();
    }
  },
});
