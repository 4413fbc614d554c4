/**
 * From Kafka to Elasticsearch, both real: what becomes of a line, of any record, and of what cannot
 * be read.
 */
import assert from "node:assert/strict";
import { siteTest } from "./site_tests.ts";
import { elastic, numberedLines, type Site, until } from "./site.ts";

const GENERATION = "AbCdEfGh01234-_9";

const test = (name: string, run: (site: Site) => Promise<void>) =>
  siteTest(`transfer: ${name}`, run);

test("writes the full document, field by field, and commits behind it", async (site) => {
  const topic = await site.topic("full");
  const sentMs = Date.now();
  await site.send([{
    topic,
    value: '2026-11-20 23:59:59,250 ERROR [main] "quoted" \\ é',
    generation: GENERATION,
    offset: 4096,
    length: 52,
    headers: { "weir.day": "2026-11-19", "weir.tz": "Asia/Shanghai", team: "shop" },
    timestampMs: sentMs,
  }]);
  const { transfer } = await site.transfer();
  await until("committed", async () => (await site.committed(topic))[0] === 1);
  const delays = await transfer.registry.getSingleMetricAsString(
    "weir_transfer_line_delay_seconds",
  );
  const delayMs = Number(/_sum (\S+)/.exec(delays)?.[1]) * 1000;
  const lineMs = Date.parse("2026-11-20T15:59:59.250Z");
  assert.match(delays, /_count 1$/m);
  assert.ok(delayMs >= sentMs - lineMs && delayMs <= Date.now() - lineMs, `${delayMs} ms`);
  const [{ _id, _index, _source }] = await site.documents();
  assert.equal(_id, `${GENERATION}:4096-4148`);
  assert.equal(_index, `${site.prefix}-${topic}-2026.11.19`);
  const { "event.ingested": ingested, ...rest } = _source;
  assert.deepEqual(rest, {
    "@timestamp": "2026-11-20T15:59:59.250Z",
    message: '2026-11-20 23:59:59,250 ERROR [main] "quoted" \\ é',
    topic,
    "event.dataset": topic,
    "host.name": "web-1",
    "log.file.path": "/var/log/app.log",
    "log.file.generation": GENERATION,
    "log.offset": 4096,
    "log.length": 52,
    "log.level": "error",
    "event.created": new Date(sentMs).toISOString(),
    "kafka.partition": 0,
    "kafka.offset": 0,
    fields: { team: "shop" },
  });
  assert.ok(Date.parse(ingested) >= sentMs - 1000);
  // The mapping makes each of them searchable as what it is, and data another name of message.
  for (
    const query of [
      { match_phrase: { data: "quoted" } },
      { term: { "host.name": "web-1" } },
      { prefix: { "log.file.path": "/var/log/" } },
      { term: { "log.file.generation": GENERATION } },
      { range: { "log.offset": { gte: 4096, lt: 4097 } } },
      { range: { "@timestamp": { gte: "2026-11-20T15:59:59Z", lt: "2026-11-20T16:00:00Z" } } },
      { term: { "fields.team": "shop" } },
      { term: { "log.level": "error" } },
      { term: { "kafka.offset": 0 } },
    ]
  ) {
    const found = await site.search({ query });
    assert.equal(found.hits.total.value, 1, JSON.stringify(query));
  }
});

test("takes records of any producer as lines", async (site) => {
  const topic = await site.topic("foreign");
  const day = new Date().toISOString().slice(0, 10);
  await site.send([
    { topic, value: "no headers" },
    { topic, value: "empty follows", headers: { app: "x" } },
    { topic, value: "" },
    { topic, value: null },
    { topic, value: "a bad key", headers: { "weir.v": "1" } },
  ]);
  const transfer = await site.transfer();
  await until("committed", async () => (await site.committed(topic))[0] === 5);
  const found = (await site.documents()).sort((a, b) =>
    a._source["kafka.offset"] - b._source["kafka.offset"]
  );
  assert.deepEqual(found.map((one) => one._source.message), [
    "no headers",
    "empty follows",
    "",
    "a bad key",
  ]);
  assert.match(found[0]._id, new RegExp(`^${topic}-0-0-\\d{13}$`));
  assert.equal(found[0]._index, `${site.prefix}-${topic}-${day.replaceAll("-", ".")}`);
  assert.equal(found[1]._source.fields.app, "x");
  assert.equal(found[0]._source["log.file.generation"], undefined);
  const dropped = await transfer.metric("weir_transfer_dropped_records_total", {
    rule: "tombstone",
  });
  assert.equal(dropped, 1);
});

test("writes whatever a line holds; no line makes the mapping grow", async (site) => {
  const topic = await site.topic("poison");
  await site.send([{ topic, value: '{"first":1}' }]);
  const transfer = await site.transfer();
  await until("first", async () => await site.count() === 1);
  const mapping = async () => JSON.stringify(await elastic("GET", `/${site.prefix}-*/_mapping`));
  const before = await mapping();
  const keys = Array.from({ length: 10_000 }, (_, i) => `"key${i}":${i}`).join(",");
  const deep = `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`;
  const lines: (string | Uint8Array)[] = [
    new Uint8Array([0x61, 0xff, 0xfe, 0x62, 0xc3]),
    `{${keys}}`,
    deep,
    '{"@timestamp":"x","message":{"deep":1},"topic":[1,2],"__proto__":{"a":1},"":0,"\\u0000":1}',
    '{"log.offset":"text","kafka":5,"fields":{"fields":"x"},"host":"y","_id":"z"}',
    '{"n":1e999,"s":"\\ud800","big":"' + "€".repeat(20_000) + '"}',
    "\u0000\u001b[31m\u2028\u202e",
    "x".repeat(900_000),
    "€".repeat(30_000),
    "[".repeat(50_000),
  ];
  await site.send(lines.map((value) => ({ topic, value })), 1);
  await until("committed", async () => (await site.committed(topic))[0] === lines.length + 1);
  assert.equal(await site.count(), lines.length + 1);
  assert.equal(await mapping(), before);
  assert.equal(await transfer.metric("weir_transfer_dead_letters_total"), 0);
  assert.equal(await transfer.metric("weir_transfer_invalid_utf8_total"), 3);
  const found = await site.search({ query: { term: { "fields.key9": "9" } } });
  assert.equal(found.hits.total.value, 1);
  const broken = (await site.documents()).find((one) => one._source["kafka.offset"] === 1);
  assert.equal(broken?._source.message, "a\ufffd\ufffdb\ufffd");
});

test("reads batches of every codec", async (site) => {
  const wanted: string[] = [];
  for (const codec of ["uncompressed", "gzip", "snappy", "lz4", "zstd"]) {
    // The broker packs anew what comes in, as the topic says.
    const topic = await site.topic(codec, 1, { "compression.type": codec });
    const lines = Array.from(
      { length: 500 },
      (_, i) => `${codec} ${i} ${"repeated ".repeat(i % 50)}`,
    );
    lines.push(`${codec} ${"long ".repeat(100_000)}`);
    wanted.push(...lines);
    await site.send(lines.map((value) => ({ topic, value })), 600);
  }
  const transfer = await site.transfer();
  await until("all", async () => await site.count() === wanted.length);
  const found = (await site.documents()).map((one) => one._source.message).sort();
  assert.deepEqual(found, wanted.sort());
  assert.equal(await transfer.metric("weir_transfer_dead_letters_total"), 0);
});

test("writes what Elasticsearch refuses to the dead letters, with reason, bytes and origin", async (site) => {
  const topic = await site.topic("refused");
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", ".");
  const index = `${site.prefix}-${topic}-${day}`;
  await elastic("PUT", `/${index}`, { mappings: { properties: { message: { type: "long" } } } });
  await site.send([
    { topic, value: "12" },
    { topic, value: "no number", generation: GENERATION, offset: 10, headers: { team: "shop" } },
    { topic, value: "34" },
  ]);
  const transfer = await site.transfer({ index: { template: false } });
  await until("committed", async () => (await site.committed(topic))[0] === 3);
  assert.equal(await site.count(), 2);
  const [dead] = await site.deadLetters(1);
  assert.equal(new TextDecoder().decode(dead.value), "no number");
  assert.equal(dead.key, GENERATION);
  assert.equal(dead.headers["weir.dead.code"], "ES_REJECTED");
  assert.match(dead.headers["weir.dead.reason"], /document_parsing_exception.*message/);
  assert.equal(dead.headers["weir.dead.topic"], topic);
  assert.equal(dead.headers["weir.dead.partition"], "0");
  assert.equal(dead.headers["weir.dead.offset"], "1");
  assert.equal(dead.headers["log.offset"], "10");
  assert.equal(dead.headers.team, "shop");
  assert.equal(
    await transfer.metric("weir_transfer_dead_letters_total", { code: "ES_REJECTED" }),
    1,
  );
});

test("waits for an index that is closed or blocked, and writes the others meanwhile", async (site) => {
  const [blocked, closed, free] = [
    await site.topic("blocked"),
    await site.topic("closed"),
    await site.topic("free"),
  ];
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", ".");
  const index = (topic: string) => `${site.prefix}-${topic}-${day}`;
  for (const topic of [blocked, closed]) {
    await elastic("PUT", `/${index(topic)}`, { settings: { number_of_replicas: 0 } });
  }
  await elastic("PUT", `/${index(blocked)}/_settings`, { "index.blocks.write": true });
  await elastic("POST", `/${index(closed)}/_close`);
  const lines = numberedLines(free, 300, 2).lines;
  await site.send([
    ...lines.map((line, i) => ({ ...line, topic: [blocked, closed, free][i % 3] })),
  ]);
  const transfer = await site.transfer({ index: { template: false } });
  await until("free", async () => (await site.committed(free))[0] === 100);
  const retried = (code: string) =>
    transfer.metric("weir_transfer_bulk_items_total", { result: "retry", code });
  await until(
    "retries",
    async () =>
      await retried("ES_CLUSTER_BLOCK") > 100 && await retried("ES_INDEX_NOT_CREATED") > 100,
  );
  assert.deepEqual(await site.committed(blocked), [0]);
  assert.deepEqual(await site.committed(closed), [0]);
  assert.ok(transfer.transfer.status().problems);
  await elastic("PUT", `/${index(blocked)}/_settings`, { "index.blocks.write": null });
  await elastic("POST", `/${index(closed)}/_open`);
  await until("blocked", async () => (await site.committed(blocked))[0] === 100);
  await until("closed", async () => (await site.committed(closed))[0] === 100);
  assert.equal(await site.count(), 300);
  assert.equal(await transfer.metric("weir_transfer_dead_letters_total"), 0);
});

test("writes exactly topic and data where the document is minimal", async (site) => {
  const topic = await site.topic("minimal");
  await site.send([{ topic, value: '{"a":1}', generation: GENERATION, headers: { team: "x" } }]);
  await site.transfer({
    consumer: { topics: [topic], topicPatterns: [] },
    index: { document: "minimal", name: "{topic}" },
  });
  await until("there", async () => await site.count() === 1);
  const [document] = await site.documents();
  assert.equal(document._index, topic);
  assert.deepEqual(document._source, { topic, data: '{"a":1}' });
});

test("finds topics that are made while it runs", async (site) => {
  const first = await site.topic("one");
  await site.send([{ topic: first, value: "a" }]);
  const transfer = await site.transfer();
  await until("first", async () => await site.count() === 1);
  const second = await site.topic("two", 2);
  await site.send([{ topic: second, value: "b", partition: 1 }]);
  await until("second", async () => await site.count() === 2);
  assert.deepEqual([...transfer.transfer.consumer.topics], [first, second]);
});

test("writes a line once however often it is sent, and compares what it finds", async (site) => {
  const topic = await site.topic("twice", 2);
  const { lines, uids } = numberedLines(topic, 1000, 4);
  await site.send(lines);
  await site.send(lines);
  const transfer = await site.transfer();
  await until("committed", async () => await site.committedRecords(topic) === 2000);
  const ids = (await site.documents()).map((one) => one._id).sort();
  assert.deepEqual(ids, uids.sort());
  const compared = (same: string) => transfer.metric("weir_transfer_compared_total", { same });
  assert.ok(await compared("true") > 0);
  assert.equal(await compared("false"), 0);
  // The same id over other bytes is seen and counted.
  await site.send([{ ...lines[0], value: "LINE 0000000 of the numbered ones" }]);
  await until("seen", async () => await compared("false") === 1);
});
