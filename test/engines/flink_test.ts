/**
 * Flink's jobs on the topics of Weir, over real servers: the documents are those of weir-transfer, each line is there
 * once over kill -9 of a TaskManager and over a savepoint, and repeats are dropped.
 */
import assert from "node:assert/strict";
import { Flink } from "../support/real/flink.ts";
import { type Line, Site, until } from "../transfer/site.ts";
import { jobScript } from "./flink_jobs.ts";

const lenient = { sanitizeOps: false, sanitizeResources: false }; // the clients keep sockets for a while
const flink = await Flink.start();

/** One of each kind of record. */
function kinds(topic: string): Line[] {
  const bytes = (...values: number[]) => new Uint8Array(values);
  const ours = (
    n: number,
    value: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Line => {
    return { topic, value, generation: "kinds-of-records", offset: n * 1000, headers };
  };
  return [
    ours(0, "plain words"),
    ours(1, ""),
    ours(2, "日志 größer 🚚"),
    ours(3, bytes(97, 0xff, 0xe6, 0x97, 98, 0xf0, 0x9f, 0x9a, 99)),
    ours(4, 'quotes " and \\ and \t tabs and \u0001'),
    ours(5, "of yesterday", { "weir.day": "2026-11-20" }),
    ours(6, "of no day", { "weir.day": "2026-02-30" }),
    ours(7, "with fields", { "team": "shop", "größe": "naïve" }),
    ours(8, "an ERROR near its beginning"),
    ours(9, "offset with zeros", { "log.offset": "0009000" }),
    ours(10, "no number", { "log.offset": "0x10" }),
    ours(11, "another format", { "weir.v": "2" }),
    ours(12, "no host", { "host.name": "" }),
    {
      topic,
      value: "of another producer",
      headers: { "host.name": "web-2", "weir.day": "2026-11-20" },
    },
    { topic, value: "größer", timestampMs: Date.now() - 86_400_007 },
    { topic, value: "a key that is no generation", generation: "short" },
    { topic, value: null, generation: "kinds-of-records", offset: 99_000 },
  ];
}

Deno.test({
  name: "Flink: documents, ids and indices are those of weir-transfer",
  ...lenient,
  async fn() {
    const site = await Site.open();
    try {
      const topic = await site.topic("kinds");
      const lines = kinds(topic), count = lines.length - 1; // the last is no line
      await site.send(lines);
      await site.transfer({
        consumer: { topicPatterns: [topic] },
        index: { name: `${site.prefix}-ours-{topic}-{day}` },
      });
      const prefix = `${site.prefix}-flink`;
      const [job] = await flink.submit(await jobScript("transfer", { prefix, topics: [topic] }));
      const documents = async (who: string) => {
        const found = await site.documents(`${site.prefix}-${who}-*`);
        return found.map(({ _id, _index, _source: { "event.ingested": ingested, ...rest } }) => {
          assert.ok(Date.parse(ingested) > Date.now() - 600_000, ingested);
          return { _id, index: _index.replace(`-${who}-`, "-"), ...rest };
        }).sort((a, b) => a._id < b._id ? -1 : 1);
      };
      for (const who of ["ours", "flink"]) {
        await until(
          `the documents of ${who}`,
          async () => (await documents(who)).length >= count,
          120_000,
        );
      }
      assert.deepEqual(await documents("flink"), await documents("ours"));
      await flink.cancel(job);
    } finally {
      await site.close();
    }
  },
});

Deno.test("Flink ends", async () => {
  await flink[Symbol.asyncDispose]();
});
