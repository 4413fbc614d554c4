/** Topics that are deleted under a running transfer, and made again: lines, and dead letters. */
import assert from "node:assert/strict";
import { BulkEndpoint } from "../support/bulk_endpoint.ts";
import { type Line, Site, until } from "./site.ts";

function test(name: string, run: (site: Site, endpoint: BulkEndpoint) => Promise<void>): void {
  Deno.test({
    name: `transfer: ${name}`,
    sanitizeOps: false, // the clients keep sockets and timers for a while
    sanitizeResources: false,
    async fn() {
      const site = await Site.open(), endpoint = new BulkEndpoint();
      try {
        await run(site, endpoint);
      } finally {
        await site.close();
        await endpoint.close();
      }
    },
  });
}

const linesOf = (topic: string, generation: string, count: number): Line[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ topic, value: `line ${i}`.padEnd(9), generation, offset: i * 10 },
  }));

async function remade(site: Site, name: string, topic: string): Promise<void> {
  await site.admin.deleteTopics({ topics: [topic] });
  await until("gone", async () => !(await site.admin.listTopics()).includes(topic));
  await until("made", () => site.topic(name).then(() => true, () => false));
}

test("a topic that is made anew under its name is read from its begin", async (site, endpoint) => {
  const topic = await site.topic("anew");
  const { transfer } = await site.transfer({
    elasticsearch: { nodes: [endpoint.url] },
    consumer: { topicsRefresh: "5m" },
  });
  await site.send(linesOf(topic, "firstlife0000000", 500));
  await until("committed", async () => (await site.committed(topic))[0] === 500);
  // Nothing is fetched meanwhile: as where the index is away.
  transfer.consumer.held = true;
  await until("paused", () => [...transfer.consumer.lanes].every(({ paused }) => paused));
  await remade(site, "anew", topic);
  await site.send(linesOf(topic, "secondlife000000", 20));
  transfer.consumer.held = false;
  await until("all are there", () => endpoint.documents.size === 520);
  await until("committed anew", async () => (await site.committed(topic))[0] === 20);
});

test("dead letters whose topic was deleted make it again", async (site, endpoint) => {
  endpoint.script = () => ({ document }) =>
    String(document.message).startsWith("refused")
      ? { status: 400, type: "document_parsing_exception" }
      : "ok";
  const topic = await site.topic("refused"), dead = `${site.prefix}-dead`;
  await site.transfer({
    elasticsearch: { nodes: [endpoint.url] },
    consumer: { topicsExcluded: [dead] },
  });
  const refused = (offset: number): Line => ({
    ...{ topic, value: "refused", generation: "onelife000000000", offset },
  });
  await site.send([refused(0)]);
  await until("committed", async () => (await site.committed(topic))[0] === 1);
  await site.admin.deleteTopics({ topics: [dead] });
  await until("gone", async () => !(await site.admin.listTopics()).includes(dead));
  await site.send([refused(8)]);
  await until("committed again", async () => (await site.committed(topic))[0] === 2);
  const [{ headers }] = await site.deadLetters(1);
  assert.equal(headers["log.offset"], "8");
});

test(
  "the archive takes nothing of a topic that is shorter than what it has, and says so",
  async (site, endpoint) => {
    const topic = await site.topic("kept"), folder = await Deno.makeTempDir();
    try {
      const { transfer } = await site.transfer({
        elasticsearch: { nodes: [endpoint.url] },
        archive: {
          location: folder,
          groupId: `${site.prefix}-archive`,
          segmentAge: "500ms",
          segmentRecords: 100,
        },
      });
      await site.send(linesOf(topic, "firstlife0000000", 500));
      const archived = () => [...transfer.archive!.lanes].map(({ committed }) => committed);
      await until("archived", () => archived()[0] === 500);
      assert.deepEqual(transfer.notReady(), []);
      await remade(site, "kept", topic);
      await site.send(linesOf(topic, "secondlife000000", 20));
      await until("indexed", () => endpoint.documents.size === 520);
      await until(
        "told",
        () =>
          transfer.notReady().some((reason) => /less in Kafka than in the archive/.test(reason)),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
