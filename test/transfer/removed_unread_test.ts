/** What a real Kafka removed before a transfer read it is counted, by the transfer that comes next as well. */
import assert from "node:assert/strict";
import { siteTest } from "./site_tests.ts";
import { numberedLines, until } from "./site.ts";

const LOST = "weir_transfer_lost_records_total";
/** Nobody answers here. */
const DOWN = { elasticsearch: { nodes: ["http://127.0.0.1:1"] } };

siteTest("transfer: what Kafka removed unread is counted by whoever reads on", async (site) => {
  const topic = await site.topic("removed");
  const { lines, uids } = numberedLines(topic, 300, 3);
  await site.send(lines.slice(0, 100));
  const removeTo = (offset: number) =>
    site.admin.deleteTopicRecords({
      topic,
      partitions: [{ partition: 0, offset: String(offset) }],
    });

  // The group had nothing: it has an offset as soon as a transfer has looked.
  const first = await site.transfer(DOWN);
  await until("the group has an offset", async () => (await site.committed(topic))[0] === 0);
  await first.stop();
  await removeTo(30);

  const second = await site.transfer();
  await until("the rest is there", async () => (await site.committed(topic))[0] === 100);
  assert.equal(await second.metric(LOST), 30);
  assert.equal(await second.metric(LOST, { topic }), 30);
  await second.stop();

  await site.send(lines.slice(100, 200));
  await removeTo(200); // nothing is left, and nothing new comes
  const third = await site.transfer();
  await until("the gap is counted", async () => await third.metric(LOST) === 100);
  await until("the gap is behind us", async () => (await site.committed(topic))[0] === 200);
  await site.send(lines.slice(200));
  await until("what comes is read", async () => (await site.committed(topic))[0] === 300);
  assert.equal(await third.metric(LOST), 100);
  assert.deepEqual(await site.ids(), [...uids.slice(30, 100), ...uids.slice(200)].sort());
});
