/**
 * Dead letters: seen in an index, listed and sent again by the commands, and the dry run that says
 * beforehand what becomes of a topic's lines.
 */
import assert from "node:assert/strict";
import { siteFileTest } from "./site_tests.ts";
import { elastic, type Site, until } from "./site.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const GENERATION = "AbCdEfGh01234-_9";

async function weir(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", `${ROOT}cli/main.ts`, ...args],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text + new TextDecoder().decode(stderr));
  return text;
}

const json = (text: string) =>
  text.trim().split("\n").filter(Boolean).map((one) => JSON.parse(one));

const test = (name: string, run: (site: Site, config: string) => Promise<void>) =>
  siteFileTest(`transfer: ${name}`, ".yaml", run);

test(
  "dead letters are in an index, listed, sent again once, and then written",
  async (site, config) => {
    const topic = await site.topic("app");
    const changes = { dead: { index: true } };
    await Deno.writeTextFile(config, await site.settingsText(changes));
    // An index whose mapping refuses the lines, until somebody mends it.
    const index = `${site.prefix}-${topic}-2026.11.20`;
    await elastic("PUT", `/${index}`, {
      settings: { number_of_replicas: 0 },
      mappings: { dynamic: false, properties: { topic: { type: "integer" } } },
    });
    const value = '\u0001 {"a":1} ä';
    await site.send([{
      topic,
      value,
      generation: GENERATION,
      offset: 100,
      headers: { "weir.day": "2026-11-20", team: "shop" },
    }, { topic, value: "fine" }]);
    await site.transfer(changes);
    await until("committed", async () => (await site.committed(topic))[0] === 2);
    const dead = `${site.prefix}-dead`;
    const shown = await until("the dead letter is in its index", async () => {
      const { hits } = (await site.search({}, `${dead}-*`)).hits;
      return hits[0]?._source;
    });
    assert.equal(shown.message, value);
    assert.equal(shown.fields["weir.dead.code"], "ES_REJECTED");
    assert.equal(shown.fields["weir.dead.topic"], topic);

    const list = () => weir("dead-letters", "list", "--config", config, "--json");
    const [letter, ...more] = json(await list());
    assert.equal(more.length, 0);
    assert.equal(letter.value, value);
    assert.equal(letter.key, GENERATION);
    assert.match(letter.reason, /topic/);
    assert.equal(letter.headers.team, "shop");
    assert.match(await weir("dead-letters", "list", "--config", config), /· \{"a":1\} ä/);

    await elastic("DELETE", `/${index}`);
    const replay = (...more: string[]) =>
      weir("dead-letters", "replay", "--config", config, ...more);
    assert.equal(await replay("--topic", "other-*"), "0 sent again\n");
    assert.equal(await replay("--topic", `${topic.slice(0, -2)}*`), "1 sent again\n");
    assert.equal(await replay(), "0 sent again\n");
    await until("committed", async () => (await site.committed(topic))[0] === 3);
    const [{ _id, _source }] = await site.documents(index);
    assert.equal(_id, `${GENERATION}:100-${100 + new TextEncoder().encode(value).length + 1}`);
    assert.equal(_source.message, value);
    assert.deepEqual(_source.fields, { team: "shop" });
    assert.deepEqual(json(await list()), []);

    // Of a topic that had more partitions, before it was made anew.
    const about = { code: "ES_REJECTED", reason: "", topic, partition: "7", offset: "0" };
    const headers = Object.entries({ ...about, timestamp: String(Date.now()) })
      .map(([name, value]) => [`weir.dead.${name}`, value]);
    await site.send([{ topic: dead, value: "seven", headers: Object.fromEntries(headers) }]);
    assert.equal(await replay(), "1 sent again\n");
    await until("it is there", async () => (await site.committed(topic))[0] === 4);
  },
);

test(
  "the dry run shows what is written, dropped, unreadable, and changes nothing",
  async (site, config) => {
    const topic = await site.topic("app");
    const rules = await Deno.makeTempFile({ suffix: ".json" });
    try {
      await Deno.writeTextFile(
        rules,
        JSON.stringify([{ topic, drop: [{ name: "probes", contains: "probe" }] }]),
      );
      await Deno.writeTextFile(config, await site.settingsText({ topics: { file: rules } }));
      await site.send(["one", "a probe", "three", "four"].map((value) => ({ topic, value })));
      const run = (...more: string[]) =>
        weir("transfer", "--dry-run", "--config", config, "--json", "--topic", topic, ...more);
      const found = json(await run());
      assert.deepEqual(found.map((one) => one.document?.message ?? one.dropped), [
        "one",
        "probes",
        "three",
      ]);
      assert.match(found[0].index, new RegExp(`^${site.prefix}-${topic}-20`));
      const newest = json(await run("--newest", "--limit", "1"));
      assert.deepEqual(newest.map((one) => one.document.message), ["four"]);
      assert.equal(await site.count(), 0);
      assert.deepEqual(await site.committed(topic), [0]);
    } finally {
      await Deno.remove(rules);
    }
  },
);
