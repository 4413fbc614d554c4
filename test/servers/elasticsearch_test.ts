import assert from "node:assert/strict";
import { Client } from "@elastic/elasticsearch";
import { countNumbered, numberedLines } from "../support/numbered.ts";
import { servers, startElasticsearch } from "../support/servers.ts";
import { uniqueName } from "../support/temp.ts";

Deno.test("elasticsearch: bulk, search, and a second create of the same id is refused", async () => {
  const { elasticsearch } = await servers("elasticsearch");
  const client = new Client({ node: elasticsearch }), index = uniqueName("servers");
  try {
    assert.match((await client.info()).version.number!, /^9\./);
    await client.indices.create({ index, settings: { number_of_replicas: 0 } });
    const operations = [...numberedLines(index, 300)].flatMap((message, i) => [
      { create: { _id: String(i) } },
      { message },
    ]);
    const made = await client.bulk({ index, operations, refresh: true });
    assert.equal(made.errors, false);
    const again = await client.bulk({ index, operations: operations.slice(0, 20) });
    assert.deepEqual(again.items.map((item) => item.create?.status), Array(10).fill(409));
    const found = await client.search<{ message: string }>({ index, size: 1000 });
    const messages = found.hits.hits.map((hit) => hit._source!.message);
    const { found: different, doubled } = countNumbered(messages, index, 300);
    assert.deepEqual({ different, doubled }, { different: 300, doubled: 0 });
    const one = await client.search({ index, query: { match_phrase: { message: "17 of 300" } } });
    assert.deepEqual(one.hits.hits.map((hit) => hit._id), ["16"]);
  } finally {
    await client.indices.delete({ index, ignore_unavailable: true });
    await client.close();
  }
});

Deno.test("elasticsearch: a server of a test's own keeps documents over kill -9", async () => {
  await using server = await startElasticsearch();
  const put = await fetch(`${server.address}/kept/_doc/1`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: "acknowledged, not flushed" }),
  });
  assert.equal(put.status, 201, await put.text());
  await server.kill9();
  await server.start();
  // The shard is back a moment after the node.
  const health = await fetch(`${server.address}/_cluster/health/kept?wait_for_status=yellow`);
  assert.equal(health.status, 200, await health.text());
  const got = await fetch(`${server.address}/kept/_doc/1`);
  assert.equal((await got.json())._source.message, "acknowledged, not flushed");
});
