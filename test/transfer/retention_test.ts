/** Retention against a real Elasticsearch: whole indices are deleted, ours alone, without ILM. */
import assert from "node:assert/strict";
import { siteTest } from "./site_tests.ts";
import { elastic, type Line, type Site, until } from "./site.ts";

const GENERATION = "AbCdEfGh01234-_9";
const DAY_MS = 86_400_000;

const dayBack = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
const named = (site: Site, topic: string, day: string) =>
  `${site.prefix}-${topic}-${day.replaceAll("-", ".")}`;

const test = (name: string, run: (site: Site) => Promise<void>) =>
  siteTest(`transfer, retention: ${name}`, run);

async function indices(site: Site): Promise<string[]> {
  const found = await elastic("GET", `/_cat/indices/${site.prefix}-*?h=index&format=json`);
  return found.map((one: { index: string }) => one.index).sort();
}

/** A line a day for each of `days` days up to today, as an agent sends them. */
function lines(topic: string, days: number[]): Line[] {
  return days.map((back, i) => ({
    topic,
    value: `line of ${back} days ago`,
    generation: GENERATION,
    offset: i * 100,
    headers: { "weir.day": dayBack(back) },
  }));
}

test("deletes by age what its template made, and late lines go to today's index", async (site) => {
  const topic = await site.topic("a"), other = await site.topic("a-b");
  await site.send([...lines(topic, [5, 3, 2, 1, 0]), ...lines(other, [5])]);
  const first = await site.transfer();
  await until(
    "committed",
    async () => (await site.committed(topic))[0] === 5 && (await site.committed(other))[0] === 1,
  );
  await first.stop();
  // Not of our template, and not exactly of our name.
  const foreign = named(site, topic, dayBack(9));
  await elastic("DELETE", `/_index_template/weir-${site.prefix}-x-x`);
  await elastic("PUT", `/${foreign}`, { settings: { number_of_replicas: 0 } });
  const odd = `${named(site, topic, dayBack(9))}-copy`;
  await elastic("PUT", `/${odd}`, { settings: { number_of_replicas: 0 } });

  const rules = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(rules, JSON.stringify([{ topic, retention: { days: 2 } }]));
    const running = await site.transfer({
      topics: { file: rules },
      index: { retentionInterval: "1s" },
    });
    const expected = [
      ...[2, 1, 0].map((back) => named(site, topic, dayBack(back))),
      named(site, other, dayBack(5)),
      foreign,
      odd,
    ].sort();
    await until("old ones deleted", async () => String(await indices(site)) === String(expected));
    // Counted when Elasticsearch has answered, a moment after they are gone.
    const deleted = () =>
      running.metric("weir_transfer_deleted_documents_total", { reason: "age" });
    await until("they are counted", async () => await deleted() === 2);
    await site.send([{ ...lines(topic, [4])[0], offset: 9000 }]);
    await until("committed", async () => (await site.committed(topic))[0] === 6);
    const today = await site.documents(named(site, topic, dayBack(0)));
    assert.equal(today.length, 2);
    assert.deepEqual(await indices(site), expected);
  } finally {
    await Deno.remove(rules);
  }
});

test("deletes the oldest by size, never the newest", async (site) => {
  const topic = await site.topic("a");
  await site.send(lines(topic, [3, 2, 1, 0]));
  await site.transfer({ index: { retentionInterval: "1s", retentionBytes: "1" } });
  await until("committed", async () => (await site.committed(topic))[0] === 4);
  await elastic("POST", `/${site.prefix}-*/_flush`);
  const newest = named(site, topic, dayBack(0));
  await until("only the newest is left", async () => String(await indices(site)) === newest);
});

test("a data stream begins new indices, and its old ones are deleted", async (site) => {
  const topic = await site.topic("a");
  const rules = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const rule = { topic, dataStream: true, namespace: "prod", retention: { bytes: "1" } };
    await Deno.writeTextFile(rules, JSON.stringify([rule]));
    await site.send(lines(topic, [0]));
    await site.transfer({
      topics: { file: rules },
      index: { retentionInterval: "1s", name: "" },
    });
    await until("committed", async () => (await site.committed(topic))[0] === 1);
    const stream = `logs-${topic}-prod`;
    const backing = async () => {
      const found = await elastic(
        "GET",
        `/_cat/indices/.ds-${stream}-*?h=index&format=json&expand_wildcards=all`,
      );
      return found.map((one: { index: string }) => one.index.slice(-6)).sort();
    };
    assert.deepEqual(await backing(), ["000001"]);
    const found = await site.search({}, stream);
    assert.equal(found.hits.hits[0]._source["data_stream.namespace"], "prod");
    await elastic("POST", `/${stream}/_rollover`);
    await until("its old index is deleted", async () => String(await backing()) === "000002");
    await site.send([{ ...lines(topic, [0])[0], offset: 500 }]);
    await until("committed", async () => (await site.committed(topic))[0] === 2);
    assert.equal(await site.count(stream), 1);
  } finally {
    await Deno.remove(rules);
  }
});
