/** What docs/record-format.md tells other consumers to run, over a topic of real Kafka in which lines come twice. */
import assert from "node:assert/strict";
import { run } from "../support/process.ts";
import { kafkaBroker } from "../transfer/servers.ts";
import { numberedLines, Site } from "../transfer/site.ts";

const lenient = { sanitizeOps: false, sanitizeResources: false }; // the clients keep sockets for a while
const EXAMPLES = new URL("../../docs/examples/", import.meta.url).pathname;
const COUNT = 3000;

Deno.test({
  name: "a plain kafkajs consumer prints each line of a topic once",
  ...lenient,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("consumers", 3);
      const { lines, uids } = numberedLines(topic, COUNT, 7);
      await site.send(lines.slice(0, COUNT / 2));
      await site.send(lines.slice(COUNT / 2 - 300));
      const broker = await kafkaBroker();
      const text = await run(Deno.execPath(), [
        "run",
        "-A",
        "-q",
        "--no-check",
        `${EXAMPLES}lines_of_topic.ts`,
        broker,
        topic,
      ]);
      const found = text.trim().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual(found.map(({ uid }) => uid).sort(), uids.sort());
      assert.equal(new Set(found.map(({ line }) => line)).size, COUNT);
    } finally {
      await site.close();
    }
  },
});
