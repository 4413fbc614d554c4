/** Several transfers that share a group: joins and leaves under load. */
import assert from "node:assert/strict";
import { numberedLines, type RunningTransfer, Site, until } from "./site.ts";

const PARTITIONS = 6;
const COUNT = 60_000;

Deno.test({
  name: "transfers that share a group: joins and leaves under load lose and double nothing",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("shared", PARTITIONS);
      const { lines, uids } = numberedLines(topic, COUNT, 24);
      const committed = async () =>
        (await site.committed(topic)).reduce((sum, offset) => sum + Math.max(0, offset), 0);
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
      for (let round = 0; round < 6; round++) {
        if (round % 2 === 0) others.push(await site.transfer());
        else await others.pop()!.stop();
        await send(0.15);
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
