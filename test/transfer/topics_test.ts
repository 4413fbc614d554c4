/**
 * Rules of topics in a real etcd: what they do to lines on their way from Kafka to Elasticsearch,
 * while the transfer runs.
 */
import assert from "node:assert/strict";
import type { Etcd3 } from "etcd3";
import { createEtcd } from "../../core/etcd/client.ts";
import { etcdSettings } from "../control/settings.ts";
import { etcdUrl } from "./servers.ts";
import { elastic, type RunningTransfer, Site, until } from "./site.ts";

interface Made {
  site: Site;
  /** Writes the rules and waits until the transfer has taken or refused them. */
  put(running: RunningTransfer | undefined, rules: unknown): Promise<void>;
  start(): Promise<RunningTransfer>;
}

function test(name: string, run: (made: Made) => Promise<void>): void {
  Deno.test({
    name: `transfer, rules of topics: ${name}`,
    sanitizeOps: false, // the clients keep sockets and timers for a while
    sanitizeResources: false,
    async fn() {
      const site = await Site.open();
      const etcd = client(await etcdUrl()), prefix = `/${site.prefix}/`, key = `${prefix}topics`;
      try {
        await run({
          site,
          async put(running, rules) {
            const { header } = await etcd.put(key).value(JSON.stringify(rules));
            if (running === undefined) return;
            await until("rules taken or refused", () => {
              const { topics } = running.transfer;
              return topics.revision >= Number(header.revision) || topics.state === "FAILED";
            });
          },
          start: async () =>
            site.transfer({
              etcd: { hosts: [await etcdUrl()] },
              topics: { key },
              index: { decisions: `${prefix}index/` },
            }),
        });
      } finally {
        await site.close();
        await etcd.delete().prefix(prefix);
        etcd.close();
      }
    },
  });
}

function client(host: string): Etcd3 {
  return createEtcd(etcdSettings({ hosts: [host] }));
}

test("parse, name, drop and label lines; a change takes effect without a restart", async (made) => {
  const { site, put, start } = made;
  const topic = await site.topic("app");
  const send = (...values: string[]) => site.send(values.map((value) => ({ topic, value })));
  const rule = {
    topic: `${site.prefix}-a*`,
    index: `${site.prefix}-own-{topic}-{day}`,
    dataset: "shop.app",
    parse: {
      format: "regex",
      pattern: "^(?<when>\\d+) (?<sev>\\w+) user=(?<user>\\w+)",
      time: "when",
      timeFormat: "epoch_s",
      level: "sev",
    },
    drop: [{ name: "probes", contains: "user=probe" }],
  };
  await put(undefined, [rule]);
  const running = await start();
  await send("1795233600 WARN user=anna", "1795233600 INFO user=probe", "something else");
  await until("committed", async () => (await site.committed(topic))[0] === 3);
  const documents = await site.documents();
  assert.equal(documents.length, 2);
  const fitting = documents.find(({ _source }) => _source.fields !== undefined)!;
  assert.match(
    fitting._index,
    new RegExp(`^${site.prefix}-own-${topic}-\\d{4}\\.\\d\\d\\.\\d\\d$`),
  );
  assert.equal(fitting._source["@timestamp"], "2026-11-21T04:00:00.000Z");
  assert.equal(fitting._source["log.level"], "warn");
  assert.equal(fitting._source["event.dataset"], "shop.app");
  assert.deepEqual(fitting._source.fields, { when: "1795233600", sev: "WARN", user: "anna" });
  assert.equal(await running.metric("weir_transfer_dropped_records_total", { rule: "probes" }), 1);
  assert.equal(await running.metric("weir_transfer_unfit_lines_total"), 1);
  const found = await site.search({ query: { term: { "event.dataset": "shop.app" } } });
  assert.equal(found.hits.total.value, 2);

  await put(running, [{ ...rule, dataset: "shop.other", drop: [] }]);
  await send("1795233601 INFO user=probe");
  await until("committed", async () => (await site.committed(topic))[0] === 4);
  const changed = await site.search({ query: { term: { "event.dataset": "shop.other" } } });
  assert.equal(changed.hits.total.value, 1);
});

test("a value that does not validate changes nothing and is reported", async (made) => {
  const { site, put, start } = made;
  const topic = await site.topic("app");
  await put(undefined, [{ topic, dataset: "first" }]);
  const running = await start();
  await site.send([{ topic, value: "1" }]);
  await until("committed", async () => (await site.committed(topic))[0] === 1);
  await put(running, [{ topic, dataset: "second", parse: { format: "regex", pattern: "(" } }]);
  assert.equal(running.transfer.topics.state, "FAILED");
  await site.send([{ topic, value: "2" }]);
  await until("committed", async () => (await site.committed(topic))[0] === 2);
  const found = await site.search({ query: { term: { "event.dataset": "first" } } });
  assert.equal(found.hits.total.value, 2);
  assert.match(JSON.stringify(running.transfer.status()), /0\.parse\.pattern/);
  assert.equal(await running.metric("weir_transfer_topic_rules_total", { result: "failed" }), 1);
});

test("nothing is read before the rules are known", async (made) => {
  const { site, put, start } = made;
  const topic = await site.topic("app");
  await put(undefined, [{ wrong: true }]);
  const running = await start();
  await site.send([{ topic, value: "1" }]);
  await until("refused", () => running.transfer.topics.state === "FAILED");
  assert.equal(running.transfer.consumer.state, "starting");
  assert.match(running.transfer.notReady().join(), /rules of topics are not known/);
  await put(running, [{ topic, dataset: "right" }]);
  await until("committed", async () => (await site.committed(topic))[0] === 1);
  const [{ _source }] = await site.documents();
  assert.equal(_source["event.dataset"], "right");
});

test("minimal documents are exactly topic and data, in the index named as the topic", async (made) => {
  const { site, put, start } = made;
  const topic = await site.topic("app");
  await put(undefined, [{ topic, document: "minimal", index: "{topic}" }]);
  await start();
  await site.send([{ topic, value: '{"level":"error"}' }, { topic, value: "two" }]);
  await until("committed", async () => (await site.committed(topic))[0] === 2);
  const documents = await site.documents(topic);
  const sources = documents.map(({ _source }) => _source).sort((a, b) => a.data < b.data ? -1 : 1);
  assert.deepEqual(sources, [{ topic, data: "two" }, { topic, data: '{"level":"error"}' }]);
  const mapping = await elastic("GET", `/${topic}/_mapping`);
  assert.deepEqual(Object.keys(mapping[topic].mappings.properties), ["data", "topic"]);
});
