/** `weir explain` over the real chain: file and inode, Kafka's record, index and times; what is gone is said to be. */
import assert from "node:assert/strict";
import type { Explanation } from "../../search/explain/explain.ts";
import { waitFor } from "../support/wait.ts";
import { Chain } from "./chain.ts";

const LINES = 300, WAIT = { timeoutMs: 60_000 };

Deno.test({
  name: "explain: a line's way, of whole and of minimal documents, and what Kafka has dropped",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    await using chain = await Chain.open();
    const log = await chain.writeLog(LINES);
    const { size, ino } = await Deno.stat(log);
    await chain.tail([{ path: log, topic: chain.topic }]);
    await chain.startAgent();
    await chain.startTransfer();
    await waitFor("all documents", async () => await chain.documents() === LINES, WAIT);
    const url = await chain.startPage();
    const explain = async (id: string, ...more: string[]) => {
      const ran = await chain.weir("explain", id, "--url", url, ...more);
      return { ...ran, found: more.includes("--json") ? JSON.parse(ran.stdout) : undefined };
    };

    const { hits } = await chain.elastic.search<Record<string, unknown>>({
      index: chain.indices,
      query: { match_phrase: { message: "line 123" } },
    });
    const [{ _id = "", _index, _source: source = {} }] = hits.hits;
    const whole = await waitFor("the ledger to have it", async () => {
      const found = (await explain(_id, "--json")).found as Explanation;
      return found.file?.life?.to === size ? found : undefined;
    }, WAIT);
    const { file, kafka, store, hops, notes } = whole;
    assert.deepEqual([file!.host, file!.path, file!.life!.inode], ["e2e-host", log, ino]);
    const text = (await Deno.readTextFile(log)).slice(file!.start, file!.end);
    assert.equal(text, "2026-11-20 10:00:00 INFO line 123\n");
    assert.deepEqual(
      [kafka!.partition, kafka!.offset, kafka!.state, kafka!.by],
      [source["kafka.partition"], source["kafka.offset"], "there", "document"],
    );
    assert.equal(new Date(kafka!.timestampMs!).toISOString(), source["event.created"]);
    assert.deepEqual(store, { index: _index, minimal: false });
    assert.deepEqual(hops.map(({ name }) => name).sort(), [
      "acknowledged",
      "indexed",
      "line",
      "read",
      "sent",
    ]);
    const at = Object.fromEntries(hops.map((hop) => [hop.name, Date.parse(hop.at)]));
    assert.ok(at.read <= at.sent && at.sent <= at.acknowledged, JSON.stringify(hops));
    assert.equal(hops[0].at, "2026-11-20T10:00:00.000Z");
    assert.deepEqual(notes, []);
    console.log((await explain(_id)).stdout.trim());

    // The same line as a minimal document: its record is searched for in the partition of its generation.
    await chain.elastic.delete({ index: _index, id: _id, refresh: true });
    const minimal = { topic: chain.topic, data: source.message };
    const other = `weir-${chain.topic}-minimal-${_index.slice(-10)}`;
    const mappings = {
      properties: { topic: { type: "keyword" }, data: { type: "text" } },
    } as const;
    await chain.elastic.indices.create({ index: other, mappings });
    await chain.elastic.index({ index: other, id: _id, document: minimal, refresh: true });
    const bare = (await explain(_id, "--json")).found as Explanation;
    assert.equal(bare.store.minimal, true);
    assert.deepEqual(
      [bare.kafka!.partition, bare.kafka!.offset, bare.kafka!.state, bare.kafka!.by],
      [kafka!.partition, kafka!.offset, "there", "search"],
    );
    assert.deepEqual([bare.file!.path, bare.file!.life!.inode], [log, ino]);
    assert.deepEqual(bare.hops.map(({ name }) => name), ["read", "sent", "acknowledged"]);

    await chain.elastic.delete({ index: other, id: _id, refresh: true });
    await chain.elastic.index({ index: _index, id: _id, document: source, refresh: true });
    const admin = chain.kafka.admin();
    await admin.connect();
    const offset = String(Number(kafka!.offset) + 1), partition = Number(kafka!.partition);
    await admin.fetchTopicOffsets(chain.topic); // it knows no topic before
    await admin.deleteTopicRecords({ topic: chain.topic, partitions: [{ partition, offset }] });
    await admin.disconnect();
    assert.equal(((await explain(_id, "--json")).found as Explanation).kafka!.state, "expired");

    const unknown = await explain("AAAAAAAAAAAAAAAA:0-10");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /not in the store/);
  },
});
